"""Tests of the thread that composes, and of the poll that its pictures begin with.

Also tests `picture_clock.py`.
"""

import asyncio
import time
from dataclasses import replace

import numpy as np
import pytest

from mediaserver.api import RoomOptions
from mediaserver.audio.mix_minus import PTIME_MS
from mediaserver.room.composing_thread import ComposingThread
from mediaserver.room.room import Room
from mediaserver.rtp.source import FlushQueue
from mediaserver.video.compositor import ComposeRequest, ComposeResult, Compositor
from mediaserver.video.layout import Tile
from mediaserver.video.painter import CompositionJob

TILE = Tile("a", 0, 0, 64, 36)
REQUEST = ComposeRequest(0.0, (CompositionJob(0, 0, (TILE,), {("VP8", 2): True}),), {"a": "A"}, {}, None)


async def test_a_thread_composes_and_closes_its_compositor() -> None:
    compositor = Compositor(64, 36, 25)
    thread = ComposingThread("compositor", compositor)
    assert not thread.started
    composed = await thread.compose(REQUEST)
    assert list(composed.pictures) == [(0, ("VP8", 2))]
    assert thread.started and compositor._painters
    thread.close()
    thread.join()
    assert not compositor._painters


async def test_a_request_that_fails_raises_and_the_next_is_composed() -> None:
    thread = ComposingThread("compositor", Compositor(64, 36, 25))
    with pytest.raises(AttributeError):
        await thread.compose(replace(REQUEST, labels=None))  # type: ignore[arg-type]
    assert (await thread.compose(replace(REQUEST, jobs=()))) == ComposeResult()
    thread.close()
    thread.join()


async def test_a_thread_that_composed_nothing_closes_at_once() -> None:
    thread = ComposingThread("compositor", Compositor(64, 36, 25))
    thread.close()
    thread.join()
    assert not thread.started


def test_a_result_that_comes_after_its_loop_ended_is_dropped() -> None:
    compositor = Compositor(64, 36, 25)
    thread = ComposingThread("compositor", compositor)

    async def leave() -> None:
        thread.compose(REQUEST)

    asyncio.run(leave())
    thread.close()
    thread.join()
    assert not compositor._painters


@pytest.fixture
async def room() -> Room:
    return Room("room", RoomOptions(), FlushQueue(), lambda _event: None, 0.0)


async def test_a_picture_begins_with_the_poll_of_its_time_and_not_before(room: Room) -> None:
    room._picture_clock.stop()
    due = (round(time.monotonic() * 1000 / PTIME_MS) + 1000) * PTIME_MS / 1000
    waiting = asyncio.ensure_future(room._picture_clock._wait_until(due))
    await asyncio.sleep(0)
    for now, begins in ((due - 0.01, False), (float(np.nextafter(due, 0)), True)):
        room.polled(now)
        await asyncio.sleep(0)
        assert waiting.done() is begins
    await room.close()


@pytest.mark.parametrize("away", [-1.0, 0.0033])
async def test_a_late_picture_and_one_between_two_polls_wait_for_none(room: Room, away: float) -> None:
    room._picture_clock.stop()
    due = round(time.monotonic() * 1000 / PTIME_MS) * PTIME_MS / 1000 + away
    await room._picture_clock._wait_until(due)
    assert time.monotonic() >= due
    await room.close()
