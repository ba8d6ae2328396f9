"""Tests of work in the background: it goes on after an error, and is done again when it is asked for meanwhile."""

import asyncio

import pytest

from signaling.core.background_queue import BackgroundQueue


class Counting(BackgroundQueue):
    """Counts how often it worked; fails the first time."""

    def __init__(self) -> None:
        super().__init__(interval=3600.0)
        self.times = 0

    async def _work_through(self) -> None:
        self.times += 1
        if self.times == 1:
            self.wake()  # more comes while it works
            raise ZeroDivisionError


async def test_an_error_ends_one_piece_of_work_and_not_the_queue(caplog: pytest.LogCaptureFixture) -> None:
    queue = Counting()
    queue.start()
    await queue.idle()
    assert (queue.times, [record.message for record in caplog.records]) == (
        2,
        ["x work of Counting failed, it is tried again"],
    )
    queue.wake()
    await queue.idle()
    assert queue.times == 3
    await queue.stop()
    queue.wake()
    await asyncio.sleep(0)
    assert queue.times == 3


async def test_it_works_by_itself_at_its_interval() -> None:
    queue = Counting()
    queue._interval = 0.0
    queue.start()
    while queue.times < 4:
        await queue.idle()
        await asyncio.sleep(0)
    await queue.stop()
