"""Pacer: sends a picture larger than its link carries at once in parts. Pure; `now` in seconds.

A key frame must not fill the queue of a link that audio uses, too. Ordinary pictures pass unchanged.
"""

from collections import OrderedDict

from mediaserver.rtp.outbound_stream import OutboundStream
from mediaserver.rtp.rtx import Sent

BURST_S = 0.04
"""Seconds of the link's capacity that go at once: the time between two pictures."""
HEADERS_BYTES = 64
"""IP, UDP, RTP with one extension, SRTP tag: the bytes a link carries besides each payload."""
MAX_WAITING = 256
"""Packets that may wait, several key frames of 720p. Further ones go at once; the link drops some, as without a
pacer."""


class Pacer:
    """A leaky bucket that lets `BURST_S` through; packets stay in order.

    The bucket itself is in the outbound `stream`, where the fast loop fills it too: its pace, its level, whether
    anything waits here.
    """

    def __init__(self, stream: OutboundStream) -> None:
        self._stream = stream
        self._waiting: OrderedDict[int, Sent] = OrderedDict()
        """Waiting packets by their sequence numbers."""

    def put(self, packets: list[Sent], octets: int, now: float) -> list[Sent]:
        """Return the packets to send now, of a picture with so many bytes of payload and of those that wait."""
        stream = self._stream
        self._drain(now)
        size = octets + HEADERS_BYTES * len(packets)
        if not self._waiting and stream.level + size <= BURST_S * stream.pace / 8:
            stream.level += size
            return packets
        self._waiting.update((packet[1], packet) for packet in packets)
        return self._let()

    def take(self, now: float) -> list[Sent]:
        """Return the waiting packets that may follow now."""
        self._drain(now)
        return self._let()

    def hold(self, seconds: float, now: float) -> None:
        """Send nothing for so many seconds: the link's queue is full, and packets sent now take the room of audio."""
        self._stream.level, self._stream.level_time = (BURST_S + seconds) * self._stream.pace / 8, now

    def forget(self) -> list[Sent]:
        """Remove all waiting packets and return them."""
        waiting = list(self._waiting.values())
        self._waiting.clear()
        self._stream.waiting = False
        return waiting

    def holds(self, sequence: int) -> bool:
        """Return whether the packet with that number still waits."""
        return sequence in self._waiting

    def _drain(self, now: float) -> None:
        stream = self._stream
        stream.level = max(0.0, stream.level - (now - stream.level_time) * stream.pace / 8)
        stream.level_time = now

    def _let(self) -> list[Sent]:
        stream = self._stream
        released: list[Sent] = []
        while self._waiting and (stream.level < BURST_S * stream.pace / 8 or len(self._waiting) > MAX_WAITING):
            _, packet = self._waiting.popitem(last=False)
            stream.level += len(packet[4]) + HEADERS_BYTES
            released.append(packet)
        stream.waiting = bool(self._waiting)
        return released
