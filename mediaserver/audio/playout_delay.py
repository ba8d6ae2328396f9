"""Estimates the playout delay: how long sound must be held so that late packets still come in time.

A packet's *transit* is its arrival less its timestamp, on two unrelated clocks: its value says nothing, its changes say
everything. Playing at transit T catches every packet whose own is at most T. Two windows of transits are kept in order:
a second, to grow at once when packets come late, and ten, to shrink only when they no longer do. A sender's clock that
drifts by 200 ppm moves both by 2 ms in ten seconds, which is all it does.

Packets in time can only show that the delay may be shorter. That is not urgent, and is learned from many together.
"""

from bisect import bisect_left, insort
from collections import deque

SAMPLE_RATE = 48_000
"""Opus' RTP clock (RFC 7587 §4.1); all lengths here are in its samples."""
LONG, SHORT = 500, 50
"""Packets in the windows: ten seconds and one, of 20 ms packets."""
LONG_MISSES, SHORT_MISSES = 10, 3
"""Packets of a window that may come too late: 2 % and 6 %."""
LEARNED_TOGETHER = 25
"""Packets in time that are learned from together: half a second of them."""
NEXT_PACKET = 960
"""Delay of one packet. A lost packet's FEC is in the one after it: on a connection that loses packets, half of those
are waited for."""
MARGIN = 240
"""5 ms: even on a clean connection the machine may be busy."""
STRANGE = 2 * SAMPLE_RATE
"""More than two seconds off: its sender counts from somewhere else now."""
MAX_DELAY = SAMPLE_RATE * 160 // 1000
"""The longest delay: a worse connection is heard with holes rather than ever later."""


class PlayoutDelay:
    """The transits of one stream."""

    def __init__(self) -> None:
        self.wanted = 0
        """The transit to play at; 0 before the first packet."""
        self._transits: deque[int] = deque(maxlen=LONG)
        """The newest transits, in the order in which they came."""
        self._long: list[int] = []
        """The same, sorted."""
        self._short: list[int] = []
        """The newest `SHORT` of them, sorted."""
        self.usual: int | None = None
        """The median of the shorter window; None before the first packet."""
        self._new: list[int] = []
        """Transits not yet learned from."""
        self._lossy = 0

    def lost(self) -> None:
        """Count a packet that was missed in its turn."""
        self._lossy = LONG
        self._learn()

    def add(self, transit: int) -> bool:
        """Take one packet's transit, unless it is strange beside the last second's median; return whether it was
        taken."""
        usual, wanted = self.usual, self.wanted
        if usual is not None and abs(transit - usual) > STRANGE:
            return False
        self._new.append(transit)
        if usual is None or not wanted - MAX_DELAY <= transit <= wanted or len(self._new) == LEARNED_TOGETHER:
            self._learn()
        return True

    @property
    def spare(self) -> int:
        """Return how many packets in time may be noted until the next is learned from."""
        return LEARNED_TOGETHER - 1 - len(self._new)

    def note(self, transits: list[int]) -> None:
        """Take transits that are in time, at most `spare`: none more than `MAX_DELAY` below `wanted` or above it."""
        self._new += transits

    def _learn(self) -> None:
        transits, long, short = self._transits, self._long, self._short
        for transit in self._new:
            if len(long) == LONG:
                del long[bisect_left(long, transits[0])]
            if len(short) == SHORT:
                del short[bisect_left(short, transits[-SHORT])]
            transits.append(transit)
            insort(long, transit)
            insort(short, transit)
        self._lossy = max(0, self._lossy - len(self._new))
        self._new.clear()
        self.usual = short[len(short) // 2]
        self.wanted = self._learned()

    def _learned(self) -> int:
        long, short = self._long, self._short
        return min(
            max(
                long[-1 - LONG_MISSES * len(long) // LONG],
                short[-1 - SHORT_MISSES * len(short) // SHORT],
                long[len(long) // 2] + (NEXT_PACKET if self._lossy else MARGIN),
            ),
            short[0] + MAX_DELAY,
        )
