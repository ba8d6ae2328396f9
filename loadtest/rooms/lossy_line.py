"""A line to a room system that loses packets of the meeting's picture on purpose, and what is said of it."""

from mediaserver.rtp import rtcp

_ROUND = 0x10000


class LossyLine:
    """Loses every `every`-th packet that comes for the first time, until it is mended. Pure."""

    def __init__(self, every: int) -> None:
        self._every: int | None = every
        self._missing: dict[int, float] = {}
        """Packets that were lost and have not come again, and when they were, in seconds."""
        self._highest: int | None = None
        """The highest sequence number, with the rounds before in the upper bits (RFC 3550 §6.4.1)."""
        self._came = 0
        self._reported = 0, 0
        self.lost = 0
        """Packets that were lost."""
        self.again = 0
        """Those of them that came again."""
        self.repairs = 0
        """Those of these that came in a stream of their own."""
        self.slowest_s = 0.0
        """The longest time until one came again."""

    def mend(self) -> None:
        """Lose nothing from now on. It is to be reported still: the sender waits for reports without loss."""
        self._every = None

    def carries(self, sequence: int, now: float, *, repair: bool = False) -> bool:
        """Return whether a packet of this number comes through, which is a `repair` in a stream of its own or not."""
        if (lost_at := self._missing.pop(sequence, None)) is not None:
            self.slowest_s = max(self.slowest_s, now - lost_at)
            self.again += 1
            self.repairs += repair
            return True
        if repair:
            return True
        self._came += 1
        if self._highest is None:
            self._highest = sequence
        elif (ahead := (sequence - self._highest) % _ROUND) < _ROUND // 2:
            self._highest += ahead
        if self._every is None or self._came % self._every:
            return True
        self._missing[sequence] = now
        self.lost += 1
        return False

    def block(self, ssrc: int) -> rtcp.Block:
        """Return what a receiver report says of the stream: the share lost since the last one (RFC 3550 §6.4.1)."""
        came, lost = self._came - self._reported[0], self.lost - self._reported[1]
        self._reported = self._came, self.lost
        return rtcp.Block(ssrc, min(255, 256 * lost // max(came, 1)), self.lost, self._highest or 0, 0, 0, 0)
