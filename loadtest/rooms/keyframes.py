"""Measures when a key frame comes that answers a request: not one that its encoder sends by itself, or for another.

An encoder begins a new period of pictures with each key frame, whoever caused it: one that comes before the period has
ended was requested.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

SERVER_PERIOD = 125
"""The least of the server's: ten seconds of 12.5 pictures."""
PATIENCE_S = 15.0
POLL_S = 0.01
REST_S = 2.0
"""Time without a request before one is timed, and without a key frame before one is requested to begin a period: of
many requests of a receiver the server passes on one in two seconds."""
ANSWER_PICTURES = 12
"""Pictures until a period ends within which an answer may come, or half of a brief period."""


class KeyframeTimes:
    """The pictures of a stream, whose encoder sends a key frame by itself after `period` pictures, and none before."""

    def __init__(self, period: int) -> None:
        self.period = period
        self._timestamp: int | None = None
        self._keyframe: int | None = None
        """Timestamps of the newest picture and of the newest key frame."""
        self._pictures = 0
        """Pictures since the newest key frame."""
        self._came_at = self._asked_at = 0.0
        """When the newest key frame came, and when one was requested last."""
        self._requested_at: float | None = None
        self.answered_after: float | None = None
        """Seconds from a request until the key frame that answered it; None before that."""

    def picture(self, timestamp: int, now: float, *, keyframe: bool) -> None:
        """Take a packet of a picture; `keyframe` for one that begins a key frame."""
        if timestamp != self._timestamp:
            self._timestamp, self._pictures = timestamp, self._pictures + 1
        if keyframe and timestamp != self._keyframe:
            if self._requested_at is not None and self._keyframe is not None and self._pictures < self.period:
                self.answered_after = now - self._requested_at
            self._keyframe, self._pictures, self._came_at, self._requested_at = timestamp, 0, now, None

    def request(self, now: float, ask: Callable[[], bool]) -> None:
        """Call `ask` where an answer could be told: not late in a period, or again while a request has no answer.

        It returns whether a request was sent. Where no key frame comes by itself, one is requested to begin a period.
        """
        waits = self._requested_at is not None
        left = self.period - self._pictures if self._keyframe is not None else 0
        early = left >= min(ANSWER_PICTURES, self.period // 2)
        rests = now - self._asked_at >= REST_S and (early or now - self._came_at >= REST_S)
        if (waits or rests) and ask():
            self._asked_at = now
            self._requested_at = self._requested_at or (now if early else None)

    def disturb(self, now: float) -> None:
        """Note that a key frame is requested for another reason, too: the next one answers nothing that is timed."""
        self._requested_at, self._asked_at = None, now


async def time_to_keyframe(
    times: KeyframeTimes, ask: Callable[[], bool], look: Callable[[], Awaitable[None]] | None = None
) -> float | None:
    """Request key frames until one answers; return the milliseconds that it took, or None if none does. `look` tells
    of the pictures that came, where nothing else does."""
    until = time.monotonic() + PATIENCE_S
    while times.answered_after is None:
        if time.monotonic() > until:
            return None
        times.request(time.monotonic(), ask)
        await asyncio.sleep(POLL_S)
        if look is not None:
            await look()
    return times.answered_after * 1000
