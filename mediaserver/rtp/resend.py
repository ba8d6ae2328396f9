"""How much may be sent again: a bounded share of the line, and each packet about once in a round trip.

Without the first a lossy line that loses because it is full is filled further; without the second every repeated NACK
sends a packet again that is still under way.
"""

from math import inf

SHARE = 0.25
"""Of what the line is thought to carry. Ten percent of loss needs a ninth."""
BURST_S = 1.0
"""A burst of losses may use the share of so many seconds at once."""
MIN_SPACING_S, MAX_SPACING_S = 0.02, 1.0
"""A full queue of half a second is a round trip, too: copies sent within it would keep it full."""
MAX_REMEMBERED = 1024
"""Twice what a source's cache holds."""


class ResendLimit:
    """One peer's; `now` in seconds, `rate` in bit/s."""

    def __init__(self) -> None:
        self._tokens = 0.0
        """Bytes that may be sent now; a new stream begins with a whole burst."""
        self._filled = -inf
        self._sent: dict[int, float] = {}
        """When each sequence number was last sent again, oldest first."""

    def allow(self, sequence: int, octets: int, rate: float, round_trip: float, now: float) -> bool:
        """Whether a packet of so many bytes may be sent again now, and if so count it."""
        self._fill(rate, now)
        spacing = min(MAX_SPACING_S, max(MIN_SPACING_S, round_trip))
        if now - self._sent.get(sequence, -inf) < spacing or self._tokens < octets:
            return False
        self._tokens -= octets
        self._sent.pop(sequence, None)  # it moves to the end
        self._sent[sequence] = now
        if len(self._sent) > MAX_REMEMBERED:
            del self._sent[next(iter(self._sent))]
        return True

    def _fill(self, rate: float, now: float) -> None:
        share = SHARE * rate / 8
        self._tokens = min(share * BURST_S, self._tokens + share * (now - self._filled))
        self._filled = now
