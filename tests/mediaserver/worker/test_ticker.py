"""Tests of the ticker: never before a multiple of its period, and once for all calls that were missed."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from mediaserver.worker import ticker
from mediaserver.worker.ticker import Ticker

PERIOD_MS = 10


@pytest.fixture(params=["kernel", "loop"])
async def clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator["Clock"]:
    if request.param == "loop":
        monkeypatch.setattr(ticker, "timer", lambda _period_ms: None)
    one = Clock()
    yield one
    one.ticker.stop()


class Clock:
    """A ticker and the times of its calls; its first call takes `busy` seconds."""

    def __init__(self) -> None:
        self.ticker = Ticker(PERIOD_MS, self._called)
        self._calls: asyncio.Queue[float] = asyncio.Queue()
        self.busy = 0.0

    async def called(self) -> float:
        """Return the time of the next call."""
        async with asyncio.timeout(30):
            return await self._calls.get()

    @property
    def waiting(self) -> int:
        """Return the number of calls not read yet."""
        return self._calls.qsize()

    def _called(self) -> None:
        time.sleep(self.busy)
        self.busy = 0.0
        self._calls.put_nowait(time.monotonic())


def multiple(number: int, start: float) -> float:
    """Return multiple `number` of the period after `start`, less the millisecond that a loop's clock leaves out."""
    return (start * 1000 // PERIOD_MS + number) * PERIOD_MS / 1000 - 0.001


async def test_it_calls_on_each_multiple_of_its_period(clock: Clock) -> None:
    start = time.monotonic()
    clock.ticker.start()
    for number in range(1, 6):
        assert await clock.called() >= multiple(number, start)


async def test_of_calls_that_are_late_one_is_made(clock: Clock) -> None:
    start = time.monotonic()
    clock.busy = 5.5 * PERIOD_MS / 1000
    clock.ticker.start()
    calls = [await clock.called() for _ in range(3)]
    assert calls[2] >= multiple(1 + 5 + 1, start)


async def test_stopped_it_calls_no_more_and_can_begin_again(clock: Clock) -> None:
    clock.ticker.start()
    await clock.called()
    clock.ticker.stop()
    clock.ticker.stop()
    before = clock.waiting
    await asyncio.sleep(5 * PERIOD_MS / 1000)
    assert clock.waiting == before
    clock.ticker.start()
    await clock.called()


async def test_another_period_holds_from_the_next_call_on(clock: Clock) -> None:
    clock.ticker.start()
    await clock.called()
    start, period_ms = time.monotonic(), 4 * PERIOD_MS
    clock.ticker.set_period(period_ms)
    while clock.waiting:
        await clock.called()
    for number in range(1, 4):
        assert await clock.called() >= (start * 1000 // period_ms + number) * period_ms / 1000 - 0.001
    clock.ticker.stop()
    clock.ticker.set_period(PERIOD_MS)
    await asyncio.sleep(5 * PERIOD_MS / 1000)
    assert clock.waiting == 0
