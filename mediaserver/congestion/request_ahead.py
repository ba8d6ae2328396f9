"""Requests the packets of a camera again before it is known whether they are lost, on a long line that loses. Pure.

Browsers send nothing again unasked, and a request for what is missing is answered a round trip later. But a request
(generic NACK, RFC 4585 §6.2.1) may name packets that are not missing yet: those that its sender will just have sent
when it comes there. Each of them then comes once more a moment after itself, in the RTX stream (RFC 4588).
"""

from collections import deque

WINDOW_S = 2.0
"""Seconds over which the packets a second are counted; before half of them nothing is requested."""
AFTER_S = 0.04
"""Seconds after a packet was sent at which the first request for it comes, as far as can be foreseen."""
MAX_REQUESTED = 64
"""Packets requested at once; of more the oldest are left out."""


class RequestAhead:
    """The requests for one stream; `now` in seconds."""

    def __init__(self) -> None:
        self._highest = deque[tuple[float, int]]()
        """The highest numbers received lately, extended to more than 16 bits, and when."""
        self._requested: tuple[int, int] | None = None
        """The numbers up to which all were requested twice, and once."""

    def due(self, highest: int, round_trip: float, now: float) -> list[int]:
        """Return the sequence numbers to request now, each twice in two calls, since requests get lost, too.

        `highest` is the highest number received so far, extended to more than 16 bits.
        """
        if self._highest and highest < self._highest[-1][1]:
            self.forget()  # it began anew
        self._highest.append((now, highest))
        while now - self._highest[0][0] > WINDOW_S:
            self._highest.popleft()
        since, first = self._highest[0]
        if now - since < WINDOW_S / 2:
            return []
        ahead = highest + int((highest - first) / (now - since) * max(0.0, round_trip - AFTER_S))
        twice, once = self._requested or (ahead, ahead)
        ahead = max(ahead, once)
        self._requested = once, ahead
        return [number & 0xFFFF for number in range(max(twice, ahead - MAX_REQUESTED) + 1, ahead + 1)]

    def forget(self) -> None:
        """Begin anew: nothing was requested for a while."""
        self._highest.clear()
        self._requested = None
