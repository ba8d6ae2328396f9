"""Limits retransmissions: to a share of the link, and for each packet to about one in a round trip.

Without the first a lossy link that loses because it is full is filled further; without the second every repeated NACK
resends a packet that is still in transit. The numbers in requests are limited, too: a datagram has room for 5,120,
which cost 4.5 ms to look up.
"""

from collections.abc import Iterable, Iterator
from math import inf

SHARE = 0.25
"""Share of the link's estimated capacity. Ten percent of loss needs a ninth."""
BURST_S = 1.0
"""Seconds whose share a burst of losses may use at once."""
MIN_SPACING_S, MAX_SPACING_S = 0.02, 1.0
"""A full queue of half a second is a round trip, too: copies sent within it would keep it full."""
MAX_LOOKUPS, LOOKUP_REFILL_S = 512, 0.1
"""Numbers that are looked up at once, as many as a source's cache holds; after so many seconds all may be again."""
MAX_REMEMBERED = 1024
"""Twice the size of a source's cache."""


class RetransmissionLimit:
    """The limit of one peer, for all its streams of video together; `now` in seconds, `rate` in bit/s. First
    :meth:`within`, then :meth:`allow` for each number that passes."""

    def __init__(self) -> None:
        self._tokens = 0.0
        """Bytes that may be sent now; a new stream begins with a whole burst."""
        self._lookups = 0.0
        """Numbers that may be looked up now."""
        self._filled = -inf
        self._spent = False
        """Whether a packet had to wait for tokens: the others behind it would, too."""
        self._sent: dict[tuple[int, int], float] = {}
        """Time at which each packet was last resent, by SSRC and sequence number, oldest first."""

    def within(self, sequences: Iterable[int], rate: float, now: float) -> Iterator[int]:
        """Return as many of these numbers as may be looked up now; none once nothing may be sent."""
        self._fill(rate, now)
        for sequence in sequences:
            if self._lookups < 1 or self._spent:
                return
            self._lookups -= 1
            yield sequence

    def allow(self, ssrc: int, sequence: int, octets: int, round_trip: float, now: float) -> bool:
        """Return whether a packet of so many bytes may be resent now, and if so count it."""
        spacing, packet = min(MAX_SPACING_S, max(MIN_SPACING_S, round_trip)), (ssrc, sequence)
        if now - self._sent.get(packet, -inf) < spacing:
            return False
        self._spent = self._tokens < octets
        if self._spent:
            return False
        self._tokens -= octets
        self._sent.pop(packet, None)  # it moves to the end
        self._sent[packet] = now
        if len(self._sent) > MAX_REMEMBERED:
            del self._sent[next(iter(self._sent))]
        return True

    def _fill(self, rate: float, now: float) -> None:
        share = SHARE * rate / 8
        self._tokens = min(share * BURST_S, self._tokens + share * (now - self._filled))
        self._lookups = min(MAX_LOOKUPS, self._lookups + MAX_LOOKUPS / LOOKUP_REFILL_S * (now - self._filled))
        self._spent = False
        self._filled = now
