"""Periodic jobs run once a minute, whatever the other jobs do."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime

import pytest

from signaling.app.periodic_jobs import PeriodicJobs
from signaling.app.settings import Settings
from signaling.mail.config import Mail, Server
from tests.fakes import FakeClock
from tests.signaling.request_bodies import registration
from tests.signaling.world import NOW, PATIENCE_S, open_world


@pytest.fixture(autouse=True)
def _no_first_round() -> None:
    """Here jobs begin with their server."""


async def test_every_job_is_called_in_order_with_the_time_of_the_round() -> None:
    called: list[tuple[str, datetime]] = []

    async def first(now: datetime) -> None:
        called.append(("first", now))

    async def second(now: datetime) -> None:
        called.append(("second", now))

    clock = FakeClock(NOW)
    jobs = PeriodicJobs({"first": first, "second": second}, clock)
    await jobs.work()
    later = clock.advance(60)
    await jobs.work()
    assert called == [("first", NOW), ("second", NOW), ("first", later), ("second", later)]


async def test_a_job_that_fails_is_logged_and_stops_neither_the_others_nor_the_next_round(
    caplog: pytest.LogCaptureFixture,
) -> None:
    called: list[str] = []

    async def broken(_: datetime) -> None:
        called.append("broken")
        raise ZeroDivisionError

    async def sound(_: datetime) -> None:
        called.append("sound")

    jobs = PeriodicJobs({"broken": broken, "sound": sound}, FakeClock(NOW))
    with caplog.at_level(logging.ERROR):
        await jobs.work()
        await jobs.work()
    assert called == ["broken", "sound"] * 2
    assert [record.message for record in caplog.records] == [
        "x periodic job broken failed, it is repeated in the next round"
    ] * 2


@pytest.mark.parametrize("ends", [True, False])
async def test_started_jobs_begin_at_once_and_end_after_the_one_at_hand(ends: bool) -> None:
    came, go_on = asyncio.Event(), asyncio.Event()
    done: list[str] = []

    async def duty(_: datetime) -> None:
        came.set()
        await go_on.wait()
        done.append("duty")

    async def later(_: datetime) -> None:
        done.append("later")

    jobs = PeriodicJobs({"duty": duty, "later": later}, FakeClock(NOW))
    jobs.start()
    async with asyncio.timeout(PATIENCE_S):
        await came.wait()
        stopping = asyncio.create_task(jobs.stop())
        await asyncio.sleep(0)
        if ends:
            go_on.set()
        await stopping
    assert done == (["duty"] if ends else [])


async def test_every_job_is_done_on_its_day(settings: Settings) -> None:
    """R-083, R-084, R-087, R-100: a letter nobody answers, and a session nobody prepares."""
    steps: list[tuple[str, set[str]]] = [
        ("2026-04-06T02:29:00Z", {"granted"}),
        ("2026-04-06T02:30:00Z", {"reminder"}),
        ("2026-04-06T04:00:00Z", {"overdue"}),
        ("2026-04-07T07:00:00Z", {"check-call"}),
        ("2026-04-08T05:00:00Z", {"unchecked", "check-missing"}),
        ("2026-04-08T08:00:00Z", {"absent"}),
        ("2026-04-09T05:00:00Z", {"closing"}),
    ]
    mail = Mail(Server("127.0.0.1", 9, "none", "", ""), "hoptructuyen@khanhhoa.gov.vn")
    async with open_world(replace(settings, mail=mail)) as world:
        await world.server.periodic_jobs.stop()
        for unit in ("so.tttt", "56"):
            await world.services.notifications.set_mailbox(unit, f"{unit}@khanhhoa.gov.vn")
        await world.services.drafts.add("56", "mail", "ubnd@khanhhoa.gov.vn", {}, NOW, origin="56")
        meeting = {"start": "2026-04-09T01:00:00Z", "end": "2026-04-09T03:00:00Z"}
        rehearsal = {"start": "2026-04-08T07:00:00Z", "end": "2026-04-08T08:00:00Z"}
        ordinary = {"class": "thuong", "ground": "", "reason": ""}
        body = registration(official=meeting, rehearsal=rehearsal, **ordinary)
        async with (await world.signed_in("central")).post("/api/v1/registrations", json=body) as response:
            assert response.status == 201, await response.text()
        seen: set[str] = set()
        for now, fresh in steps:
            world.clock.now = datetime.fromisoformat(now)
            await world.server.periodic_jobs.work()
            notice_kinds = {notice.kind for notice in await world.services.notifications.newest(99)}
            assert notice_kinds - seen == fresh, now
            seen = set(notice_kinds)
        async with (await world.signed_in("central")).get("/api/v1/answers") as response:
            owed = await response.json()
        assert (len(owed["open"]), owed["on_time"], owed["late"]) == (1, 1, 1)
