"""A picture larger than its line carries in its turn is sent in parts: a key frame must not fill the queue of a line
that sound goes over too. Ordinary pictures pass as they are. Pure; `now` in seconds, `rate` in bit/s.
"""

from collections import deque

from mediaserver.rtp.rtx import Sent

BURST_S = 0.04
"""What the line carries between two pictures goes at once."""
HEADERS_BYTES = 64
"""IP, UDP, RTP with one extension, SRTP tag: what a line carries besides each payload."""
MAX_WAITING = 256
"""Packets, several key frames of 720p. What is more goes at once; the line drops what it must, as without a pacer."""


class Pacer:
    """A leaky bucket that lets `BURST_S` through; packets stay in order."""

    def __init__(self) -> None:
        self._waiting: deque[Sent] = deque()
        self._level = 0.0
        """Bytes that are thought to be in the line's queue."""
        self._time = 0.0

    @property
    def waiting(self) -> bool:
        """Whether anything is left to :meth:`take`."""
        return bool(self._waiting)

    def put(self, packets: list[Sent], octets: int, rate: float, now: float) -> list[Sent]:
        """What to send now of a picture's packets, whose payloads have so many bytes, and of those that wait."""
        self._drain(rate, now)
        size = octets + HEADERS_BYTES * len(packets)
        if not self._waiting and self._level + size <= BURST_S * rate / 8:
            self._level += size
            return packets
        self._waiting += packets
        return self._let(rate)

    def take(self, rate: float, now: float) -> list[Sent]:
        """What may follow now."""
        self._drain(rate, now)
        return self._let(rate)

    def _drain(self, rate: float, now: float) -> None:
        self._level = max(0.0, self._level - (now - self._time) * rate / 8)
        self._time = now

    def _let(self, rate: float) -> list[Sent]:
        released: list[Sent] = []
        while self._waiting and (self._level < BURST_S * rate / 8 or len(self._waiting) > MAX_WAITING):
            packet = self._waiting.popleft()
            self._level += len(packet[4]) + HEADERS_BYTES
            released.append(packet)
        return released
