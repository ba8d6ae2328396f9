"""The clerk calls every duty once a minute, whatever the others do."""

import asyncio
import logging
from datetime import datetime

import pytest

from signaling.clerk import Clerk
from tests.fakes import FakeClock
from tests.signaling.world import NOW


async def test_every_duty_is_called_in_order_with_the_time_of_the_round() -> None:
    called: list[tuple[str, datetime]] = []

    async def first(now: datetime) -> None:
        called.append(("first", now))

    async def second(now: datetime) -> None:
        called.append(("second", now))

    clock = FakeClock(NOW)
    clerk = Clerk({"first": first, "second": second}, clock)
    await clerk.work()
    later = clock.advance(60)
    await clerk.work()
    assert called == [("first", NOW), ("second", NOW), ("first", later), ("second", later)]


async def test_a_duty_that_fails_is_logged_and_stops_neither_the_others_nor_the_next_round(
    caplog: pytest.LogCaptureFixture,
) -> None:
    called: list[str] = []

    async def broken(_: datetime) -> None:
        called.append("broken")
        raise ZeroDivisionError

    async def sound(_: datetime) -> None:
        called.append("sound")

    clerk = Clerk({"broken": broken, "sound": sound}, FakeClock(NOW))
    with caplog.at_level(logging.ERROR):
        await clerk.work()
        await clerk.work()
    assert called == ["broken", "sound"] * 2
    assert [record.message for record in caplog.records] == ["x duty broken is left for the next round"] * 2


async def test_a_started_clerk_begins_at_once_and_ends_when_it_is_stopped() -> None:
    came = asyncio.Event()

    async def duty(_: datetime) -> None:
        came.set()
        await asyncio.Event().wait()

    clerk = Clerk({"duty": duty}, FakeClock(NOW))
    clerk.start()
    async with asyncio.timeout(5):
        await came.wait()
        await clerk.stop()
