"""Decides how many times more the packets of pictures are sent, unasked, to a receiver on a long line that loses. Pure.

There a packet that is sent again upon request (RFC 4585) comes more than a round trip late, and a picture waits for
each: of 12 packets a second, a tenth of them lost, for more than half of the time. So such a line gets the lowest
rendition alone, and each of its packets again a moment later, in the RTX stream (RFC 4588). Three times the lowest
rendition take less than the next one, so what carried that carries them.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Protocol

from mediaserver.congestion.pacer import HEADERS_BYTES
from mediaserver.rtp.rtx import Sent

LONG_S = 0.3
"""Least round trip in seconds of a long line: longer than within a country, shorter than by a geostationary
satellite."""
SPACING_S = 0.04
"""Seconds between two sendings of a packet: what a short burst takes is not taken twice, and the first repetition comes
before the next picture at 12 a second, by which its receiver would miss it and request it."""
KEYFRAME_TIMES = 2
"""How many times more packets of key frames are sent at least: these have many, and all of them are needed."""
PAUSE_S, MAX_PAUSE_S, AGAIN_S = 2.0, 60.0, 10.0
"""Seconds without repetitions after a queue was found: twice as many, up to the second, where it is found again within
the third after they began. One that comes later is rather a busy receiver's."""
MOST_BPS, BURST_S = 300_000, 1.0
"""Bit/s of all repetitions to one peer, headers counted, and the seconds whose share a key frame may use at once."""
MAX_WAITING = 512
"""Packets of a stream whose repetitions wait; of further ones the oldest are given up."""


class Repetition:
    """Decides for one receiver; `now` in seconds."""

    def __init__(self) -> None:
        self.lowest_only = False
        """Whether it is sent the lowest rendition alone."""
        self.times = 0
        """How many times more each packet is sent."""
        self._begun = self._not_before = -inf
        self._pause_s = 0.0

    def judge(self, times: int, now: float, *, full: bool, carries_more: bool) -> None:
        """Take how many times more everything should be sent by what the line loses, 0 on one that is not long.

        Repetitions begin on a line that `carries_more` than the lowest rendition. A `full` one would be fuller by them.
        """
        if not times:
            self.lowest_only, self.times = False, 0
            self._not_before, self._pause_s = -inf, 0.0
            return
        self.lowest_only = self.lowest_only or carries_more
        before = self.times
        if full and before:
            self._pause_s = min(MAX_PAUSE_S, max(PAUSE_S, 2 * self._pause_s if now - self._begun < AGAIN_S else 0.0))
            self._not_before = now + self._pause_s
        self.times = times if self.lowest_only and not full and now >= self._not_before else 0
        if self.times and not before:
            self._begun = now


class RepetitionCounters(Protocol):
    """Counts packets that were sent again unasked."""

    repeated: int


class RepetitionLimit:
    """Limits the repetitions of all streams of one peer, and counts them in `counters`; `now` in seconds."""

    def __init__(self, counters: RepetitionCounters) -> None:
        self._counters = counters
        self._tokens = 0.0
        """Bytes that may be sent now; it begins with a whole burst."""
        self._filled = -inf

    def allow(self, octets: int, now: float) -> bool:
        """Return whether a packet of so many bytes may be sent again now, and if so count it."""
        rate = MOST_BPS / 8
        self._tokens, self._filled = min(rate * BURST_S, self._tokens + rate * (now - self._filled)), now
        if self._tokens < octets:
            return False
        self._tokens -= octets
        self._counters.repeated += 1
        return True


@dataclass(slots=True)
class _Repeated:
    """A packet that is to be sent so many times more, next at `due`."""

    due: float
    times: int
    packet: Sent


class Repeater:
    """Holds the packets of one stream until they are sent again; `now` in seconds."""

    def __init__(self, limit: RepetitionLimit) -> None:
        self._limit = limit
        self._waiting = deque[_Repeated](maxlen=MAX_WAITING)
        """In the order in which they are due."""

    @property
    def waits(self) -> bool:
        """Return whether packets are to be sent again."""
        return bool(self._waiting)

    def put(self, packets: Iterable[Sent], times: int, now: float) -> None:
        """Note packets that were sent now, and are to be sent so many times more."""
        self._waiting += [_Repeated(now + SPACING_S, times, packet) for packet in packets]

    def take(self, now: float) -> list[Sent]:
        """Return the packets to send again now, as far as the limit allows."""
        taken: list[Sent] = []
        while self._waiting and self._waiting[0].due <= now:
            repeated = self._waiting.popleft()
            if not self._limit.allow(len(repeated.packet[-1]) + HEADERS_BYTES, now):
                continue
            taken.append(repeated.packet)
            if repeated.times > 1:
                self._waiting.append(_Repeated(now + SPACING_S, repeated.times - 1, repeated.packet))
        return taken
