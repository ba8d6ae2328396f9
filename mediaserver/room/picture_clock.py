"""Begins the pictures of a room when they are due, and has them composed in a thread."""

import asyncio
import logging
import time
from typing import Protocol

from mediaserver.api import RoomOptions
from mediaserver.audio.mix_minus import PTIME_MS
from mediaserver.room.composing_thread import ComposingThread
from mediaserver.room.frame_clock import FrameClock
from mediaserver.throttled_log import ThrottledLog
from mediaserver.video.compositor import ComposeRequest, ComposeResult, Compositor

logger = logging.getLogger(__name__)

AVERAGED_PICTURES = 16
"""Pictures over which the time that composing takes is averaged."""
CLOCK_ERROR_S = 1e-6
"""Seconds by which the times of a poll and a picture may differ that are the same: they are sums of other parts."""


class Pictures(Protocol):
    """Says which pictures a room needs, and takes them."""

    def rates(self) -> set[int]:
        """Return the frame rates of the pictures that somebody may see."""

    def compose_request(self, rate: int, tick: int, now: float) -> ComposeRequest | None:
        """Return the work due at a tick of a frame rate; None when there is none."""

    def publish(self, composed: ComposeResult, timestamp: int) -> None:
        """Hand on pictures that were composed, `timestamp` at 90 kHz."""


def _polled_at(due: float) -> bool:
    """Return whether there is a poll at a time."""
    polls = due * 1000 / PTIME_MS
    return abs(polls - round(polls)) * PTIME_MS < 1000 * CLOCK_ERROR_S


class PictureClock:
    """Lets a room's `pictures` be composed one after the other; `start` is the time in seconds at which it begins."""

    def __init__(self, name: str, options: RoomOptions, start: float, pictures: Pictures) -> None:
        self._name = name
        self._fps = options.fps
        self._start = start
        self._pictures = pictures
        self._throttled_log = ThrottledLog(logger)
        self._work_pending = asyncio.Event()
        """Set when there may be something to compose."""
        self._awaited_poll: tuple[float, asyncio.Future[None]] | None = None
        """The time in seconds of the poll with which the next picture begins, and what waits for it."""
        self.composing_s = 0.0
        """Average time in seconds that composing a picture takes."""
        self.compositor = Compositor(options.width, options.height, options.fps)
        """Belongs to its thread."""
        self._thread = ComposingThread(f"compositor-{name[:8]}", self.compositor)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.ensure_future(self._run())

    def wake(self) -> None:
        """Look anew whether there is something to compose."""
        self._work_pending.set()

    def stop(self) -> None:
        """Begin no more pictures."""
        if self._task is not None:
            self._task.cancel()

    def close(self) -> None:
        """Close the compositor, after what it may still be composing."""
        self._thread.close()

    async def _run(self) -> None:
        frame_clock = FrameClock(self._start)
        while True:
            try:
                await self._next_picture(frame_clock)
            except Exception:
                self._throttled_log.caught("x picture of %s", self._name)
                await asyncio.sleep(1 / self._fps)  # also where it fails before it waits for anything

    async def _next_picture(self, frame_clock: FrameClock) -> None:
        due, rate, tick = frame_clock.next_tick(self._pictures.rates(), time.monotonic())
        await self._wait_until(due)
        self._work_pending.clear()
        started_at = time.monotonic()
        work = self._pictures.compose_request(rate, tick, started_at)
        if work is None:
            await self._work_pending.wait()
            return
        composed = await self._thread.compose(work)
        self.composing_s += (time.monotonic() - started_at - self.composing_s) / AVERAGED_PICTURES
        self._pictures.publish(composed, tick * 90_000 // rate)  # whole: the recorder compares it with the sound's

    async def _wait_until(self, due: float) -> None:
        """Wait until a picture is due: for the poll of that time, which brings its cameras' packets, else for the
        clock.

        A poll wakes the loop anyway, and until it has ended the composing thread would only wait for the interpreter.
        """
        left = due - time.monotonic()
        if left <= 0 or not _polled_at(due):
            await asyncio.sleep(left)
            return
        poll = asyncio.get_running_loop().create_future()
        self._awaited_poll = due, poll
        await poll

    def polled(self, now: float) -> None:
        """Begin a picture that is due; called after each poll."""
        if self._awaited_poll is None or now < self._awaited_poll[0] - CLOCK_ERROR_S:
            return
        (_, poll), self._awaited_poll = self._awaited_poll, None
        if not poll.done():
            poll.set_result(None)
