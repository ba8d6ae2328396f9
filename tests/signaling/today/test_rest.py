"""The first page of each role: slots with their code and way in, and the work that is owed."""

from datetime import timedelta
from typing import Any

from tests.signaling.directory_calls import add_provider_lines
from tests.signaling.world import CAM_RANH, NHA_TRANG, World

ROLES = ("admin", "central", "host", "nhatrang", "dienkhanh", "office")


async def today(world: World, account: str) -> dict[str, Any]:
    """Return what an account's first page shows."""
    async with (await world.signed_in(account)).get("/api/v1/today") as response:
        assert response.status == 200, await response.text()
        found: dict[str, Any] = await response.json()
        return found


async def test_each_role_sees_the_sessions_of_its_units_and_its_way_in(world: World) -> None:
    now = await world.session(NHA_TRANG)
    soon = await world.session(CAM_RANH, start=timedelta(hours=3))
    later = [await world.session(NHA_TRANG, start=timedelta(days=day)) for day in (1, 2, 3, 4)]
    seen = {account: await today(world, account) for account in ROLES}
    shown = {
        account: [(slot["id"], slot["phase"], slot["code"], slot["action"]) for slot in page["slots"]]
        for account, page in seen.items()
    }
    running, next_one = (now.id, "open", now.code), (soon.id, "upcoming", soon.code)
    assert shown == {
        "admin": [(*running, "control"), (*next_one, "prepare")],
        "central": [(*running, "control"), (*next_one, "prepare")],
        "host": [(*running, "control"), (*next_one, "prepare")],
        "nhatrang": [(*running, "join")],
        "dienkhanh": [],
        "office": [(now.id, "open", None, "watch"), (soon.id, "upcoming", None, None)],
    }
    assert [slot["id"] for slot in seen["nhatrang"]["coming"]] == [each.id for each in later[:3]]
    assert seen["dienkhanh"]["coming"] == []
    assert {entry.action for entry in await world.audited(20) if entry.actor == "nhatrang"} >= {"see-codes"}


async def test_each_role_sees_what_it_owes(world: World) -> None:
    session = await world.session(NHA_TRANG, start=timedelta(hours=3))
    await world.server.drafts.add("56", "form", "host", {}, world.clock.now, origin="56")
    owed = {
        account: {work["kind"]: (work["count"], work["due"]) for work in (await today(world, account))["owed"]}
        for account in ROLES
    }
    checks = (2, "2026-04-06T02:00:00Z")
    assert owed == {
        "admin": {"emergencies": (1, None), "drafts": (1, None), "checks": checks},
        "central": {"emergencies": (1, None), "drafts": (1, None), "checks": checks},
        "host": {"drafts": (1, None), "checks": (1, checks[1]), "people": (1, None)},
        "nhatrang": {"checks": (1, checks[1])},
        "dienkhanh": {},
        "office": {"emergencies": (1, None)},
    }
    await world.services.emergencies.acknowledge(session.id, "central", world.clock.now)
    assert (await today(world, "office"))["owed"] == []


async def test_a_provider_sees_sessions_on_its_lines_without_title_and_code(world: World) -> None:
    await add_provider_lines(world)
    session = await world.session(NHA_TRANG)
    await world.session(CAM_RANH)
    page = await today(world, "noc")
    (slot,) = page["slots"]
    assert (slot["id"], slot["title"], slot["code"], slot["action"]) == (session.id, None, None, None)
    assert page["owed"] == [{"kind": "contacts", "count": 1, "due": "2026-04-05T23:00:00Z"}]
