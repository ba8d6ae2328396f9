"""How long to hold sound back: learned from when packets came.

A packet's *transit* is its arrival less its timestamp, on two clocks that never met: its value says nothing, its
changes say everything. Playing at transit T catches every packet whose own is at most T. Two windows of transits are
kept in order: a second, to grow at once when packets come late, and ten, to shrink only when they no longer do. A
sender's clock that drifts by 200 ppm moves both by 2 ms in ten seconds, which is all it does.
"""

from bisect import bisect_left, insort
from collections import deque

SAMPLE_RATE = 48_000
"""Opus' RTP clock (RFC 7587 §4.1); all lengths here are in its samples."""
LONG, SHORT = 500, 50
"""Packets in the windows: ten seconds and one, of 20 ms packets."""
LONG_MISSES, SHORT_MISSES = 10, 3
"""So many of a window may come too late: 2 % and 6 %."""
NEXT_PACKET = 960
"""A lost packet's FEC is in the one after it: on a line that loses packets, half of those are waited for."""
MARGIN = 240
"""5 ms: a clean line still meets a busy machine."""
MAX_DELAY = SAMPLE_RATE * 160 // 1000
"""A line worse than this is heard with holes rather than ever later."""


class Delay:
    """Transits of one stream."""

    def __init__(self) -> None:
        self._long = _Window(LONG)
        self._short = _Window(SHORT)
        self._lossy = 0
        self._wanted: int | None = None
        """Known until the next packet comes or is missed; it is asked for more often."""

    def lost(self) -> None:
        """A packet was missed in its turn."""
        self._lossy, self._wanted = LONG, None

    def add(self, transit: int) -> None:
        """Take one packet's transit."""
        self._lossy, self._wanted = max(0, self._lossy - 1), None
        self._long.add(transit)
        self._short.add(transit)

    @property
    def wanted(self) -> int:
        """The transit to play at."""
        if self._wanted is None:
            self._wanted = self._learned()
        return self._wanted

    def _learned(self) -> int:
        return min(
            max(
                self._long.largest(LONG_MISSES * self._long.filled // LONG),
                self._short.largest(SHORT_MISSES * self._short.filled // SHORT),
                self._long.median + (NEXT_PACKET if self._lossy else MARGIN),
            ),
            self._short.smallest + MAX_DELAY,
        )

    def usual(self, transit: int, most: int) -> bool:
        """Whether a transit is within `most` of the last second's; the first always is."""
        return not self._short.filled or abs(transit - self._short.median) <= most


class _Window:
    """The newest numbers, sorted."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._queue: deque[int] = deque()
        self._order: list[int] = []

    def add(self, value: int) -> None:
        if len(self._queue) == self._size:
            del self._order[bisect_left(self._order, self._queue.popleft())]
        self._queue.append(value)
        insort(self._order, value)

    @property
    def filled(self) -> int:
        return len(self._order)

    @property
    def smallest(self) -> int:
        return self._order[0]

    @property
    def median(self) -> int:
        return self._order[len(self._order) // 2]

    def largest(self, place: int) -> int:
        return self._order[-1 - place]
