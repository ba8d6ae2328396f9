"""A profile with other levels begins: sessions of before are judged by the rules they were held under (R-001)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from scheduler.policy.profile_files import SHIPPED, TWO_TIER
from signaling.app.api_table import PREFIX, ROUTES
from signaling.app.settings import Settings
from signaling.http.openapi import public_path
from tests.scheduler.world import at
from tests.signaling.request_bodies import registration
from tests.signaling.session_requests import session_request
from tests.signaling.world import DIEN_AN, DIEN_KHANH, HOST, World, open_world

BEGINS = at("01/07/2025 00:00")
REGISTERED = at("16/06/2025 08:00")
ACCOUNTS = ("dienan", "focal", "dienkhanh", "host", "central", "admin", "office", "camranh", "agriculture")
WHILE = {"from": "2025-06-20T00:00:00Z", "to": "2025-07-20T00:00:00Z"}


@pytest.fixture
def tiers(settings: Settings) -> Settings:
    """Return the settings of a server that changes from three tiers to two."""
    return replace(settings, profiles=(*SHIPPED, TWO_TIER))


async def listed(world: World, account: str) -> list[dict[str, Any]]:
    client = await world.signed_in(account)
    async with client.get("/api/v1/sessions", params=WHILE) as response:
        assert response.status == 200
        found: list[dict[str, Any]] = await response.json()
        return found


async def test_r001_a_session_of_before_is_shown_as_it_was_held(tiers: Settings) -> None:
    async with open_world(tiers) as world:
        book = world.services.scheduler
        await book.submit(session_request(DIEN_KHANH, at("26/06/2025 08:00"), DIEN_AN, HOST), REGISTERED)
        await book.submit(session_request(DIEN_AN, at("27/06/2025 08:00"), DIEN_KHANH), REGISTERED)
        world.clock.now = BEGINS - timedelta(hours=1)
        before = {account: await listed(world, account) for account in ACCOUNTS}
        world.clock.now = BEGINS + timedelta(hours=1)
        assert {account: await listed(world, account) for account in ACCOUNTS} == before
        assert {account: len(seen) for account, seen in before.items()} == {
            "dienan": 2, "focal": 2, "dienkhanh": 2, "host": 1, "central": 2, "admin": 2, "office": 2, "camranh": 0,
            "agriculture": 0,
        }  # fmt: skip


async def test_a_district_that_was_left_on_register_is_for_the_centre_alone(tiers: Settings) -> None:
    """Nobody ended the unit, and the profile of the session's day has no such level."""
    async with open_world(tiers) as world:
        session = await world.services.scheduler.submit(
            session_request(DIEN_KHANH, at("02/07/2025 08:00"), DIEN_AN, HOST), REGISTERED
        )
        world.clock.now = BEGINS + timedelta(hours=1)
        may = {}
        for account in ("dienan", "focal", "host", "central"):
            [shown] = await listed(world, account)
            may[account] = (shown["may_cancel"], shown["may_control"], shown["controllers"], shown["unable"])
        assert may == {
            "dienan": (False, False, [], []),
            "focal": (False, False, [], []),
            "host": (False, False, [], []),
            "central": (True, True, [], []),
        }
        world.clock.now = session.official.start
        _, joined = await world.join("central", session)
        assert joined["type"] == "joined"


async def test_every_page_answers_after_the_change(tiers: Settings) -> None:
    reads = [route for route in ROUTES if route.method == "GET" and route.access != "provider"]
    async with open_world(tiers) as world:
        book = world.services.scheduler
        past = await book.submit(session_request(DIEN_KHANH, at("26/06/2025 08:00"), DIEN_AN, HOST), REGISTERED)
        coming = await book.submit(session_request(DIEN_KHANH, at("02/07/2025 08:00"), DIEN_AN, HOST), REGISTERED)
        world.clock.now = BEGINS + timedelta(hours=1)
        await world.server.periodic_jobs.work()
        failed = []
        for account in ACCOUNTS:
            client: ClientSession = await world.signed_in(account)
            for route in reads:
                for thing in (past.id, coming.id, DIEN_KHANH, "574") if "{id" in route.path else ("",):
                    path = PREFIX + public_path(route.path).replace("{id}", thing)
                    async with client.get(path) as response:
                        if response.status >= 500:
                            failed.append((account, path))
        assert failed == []


async def test_registrants_are_determined_by_the_profile_of_the_session(tiers: Settings) -> None:
    """A commune that registers for itself from July on does so already in June (Điều 12.2)."""
    async with open_world(tiers) as world:
        world.clock.now = at("26/06/2025 08:00")
        client = await world.signed_in("dienan")
        statuses = []
        for day in ("2025-06-30", "2025-07-02"):
            body = registration(
                host_point=DIEN_AN,
                points=[HOST],
                purpose="noi_bo_don_vi",
                official={"start": f"{day}T08:00:00+07:00", "end": f"{day}T09:00:00+07:00"},
            )
            async with client.post("/api/v1/registrations", json=body) as response:
                statuses.append(response.status)
        assert statuses == [202, 201]
