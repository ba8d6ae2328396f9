"""Decides which packets of an incoming stream to request again (RFC 4585 §6.2.1)."""

from math import inf

from mediaserver.rtp.packet import newer

MAX_GAP = 128
"""A larger hole is a restart or a blackout: a key frame is cheaper than resending it."""
MAX_MISSING = 512
"""Missing packets that are tracked, no more than the largest cache of a source holds; the oldest are given up."""
MAX_TRIES = 6
RETRY_S, MAX_ROUND_TRIP_S = 0.06, 1.0
"""Seconds between requests: longer than the round trip of a provincial network, shorter than a viewer's patience. On a
longer line every second request waits for a round trip, of at most so many seconds, since browsers send a packet again
once in a round trip; the two requests at a time make up for one that is lost."""
BURST, PER_SECOND = 5.0, 10.0
"""NACKs that one sender may get at once, and in the long run: some answer each with a key frame, which fills a link
that loses because it is full."""


class NackLimit:
    """Limits the NACKs to a sender; `now` in seconds."""

    def __init__(self) -> None:
        self._tokens = BURST
        self._filled = 0.0

    def allow(self, now: float) -> bool:
        """Return whether one may be sent now, and if so count it."""
        self._tokens = min(BURST, self._tokens + PER_SECOND * (now - self._filled))
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class NackGenerator:
    """Finds holes in sequence numbers; `now` in seconds."""

    def __init__(self) -> None:
        self.newest: int | None = None
        """The newest number. Packets in step with it may be noted by moving it on."""
        self._missing: dict[int, tuple[int, float]] = {}
        self.lost = 0

    def follows(self, sequence: int) -> bool:
        """Return whether a packet is the first, or the next after the newest."""
        return self.newest is None or sequence == (self.newest + 1) & 0xFFFF

    def receive(self, sequence: int, now: float, count: int = 1) -> list[int]:
        """Note `count` packets of consecutive numbers; return the numbers to request at once."""
        if self.follows(sequence):
            self.newest = (sequence + count - 1) & 0xFFFF
            return []
        return [hole for at in range(count) for hole in self._receive((sequence + at) & 0xFFFF, now)]

    def _receive(self, sequence: int, now: float) -> list[int]:
        assert self.newest is not None
        if not newer(sequence, self.newest):
            self._missing.pop(sequence, None)
            return []
        gap = ((sequence - self.newest) & 0xFFFF) - 1
        holes = [(self.newest + 1 + i) & 0xFFFF for i in range(gap)] if gap <= MAX_GAP else []
        self.newest = sequence
        self.lost += gap
        if gap > MAX_GAP:
            self._missing.clear()
        for hole in holes:
            self._missing.pop(hole, None)  # from a round of the numbers before: it moves to the end
            self._missing[hole] = (1, now)
        for oldest in list(self._missing)[: max(0, len(self._missing) - MAX_MISSING)]:
            del self._missing[oldest]
        return holes

    def postpone(self, sequences: list[int]) -> None:
        """Take back that these were requested: they are due at once."""
        for sequence in sequences:
            tries, _ = self._missing[sequence]
            self._missing[sequence] = (tries - 1, -inf)

    def misses(self, sequence: int) -> bool:
        """Return whether a packet is still waited for."""
        return sequence in self._missing

    def forget(self) -> None:
        """Give up all missing packets: nobody listens."""
        self._missing.clear()

    def due(self, now: float, round_trip: float = 0.0) -> list[int]:
        """Return the numbers to request once more; those requested too often are given up."""
        far = max(RETRY_S, min(MAX_ROUND_TRIP_S, round_trip))
        again = [
            sequence
            for sequence, (tries, requested_at) in self._missing.items()
            if now - requested_at >= (RETRY_S if tries % 2 else far)
        ]
        for sequence in again:
            tries, _ = self._missing.pop(sequence)
            if tries < MAX_TRIES:
                self._missing[sequence] = (tries + 1, now)
        return [s for s in again if s in self._missing]

    @property
    def waiting(self) -> bool:
        """Return whether any packet is still missing."""
        return bool(self._missing)
