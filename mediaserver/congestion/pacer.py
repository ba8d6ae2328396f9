"""A picture larger than its line carries in its turn is sent in parts: a key frame must not fill the queue of a line
that sound goes over too. Ordinary pictures pass as they are. Pure; `now` in seconds.
"""

from collections import OrderedDict

from mediaserver.rtp.outbound_stream import OutboundStream
from mediaserver.rtp.rtx import Sent

BURST_S = 0.04
"""What the line carries between two pictures goes at once."""
HEADERS_BYTES = 64
"""IP, UDP, RTP with one extension, SRTP tag: what a line carries besides each payload."""
MAX_WAITING = 256
"""Packets, several key frames of 720p. What is more goes at once; the line drops what it must, as without a pacer."""


class Pacer:
    """A leaky bucket that lets `BURST_S` through; packets stay in order.

    The bucket itself is in `leg`, where the fast loop fills it too: its pace, its level, whether anything waits here.
    """

    def __init__(self, leg: OutboundStream) -> None:
        # given
        self._leg = leg
        # owned
        self._waiting: OrderedDict[int, Sent] = OrderedDict()
        """By their sequence numbers."""

    def put(self, packets: list[Sent], octets: int, now: float) -> list[Sent]:
        """What to send now of a picture's packets, whose payloads have so many bytes, and of those that wait."""
        leg = self._leg
        self._drain(now)
        size = octets + HEADERS_BYTES * len(packets)
        if not self._waiting and leg.level + size <= BURST_S * leg.pace / 8:
            leg.level += size
            return packets
        self._waiting.update((packet[1], packet) for packet in packets)
        return self._let()

    def take(self, now: float) -> list[Sent]:
        """What may follow now."""
        self._drain(now)
        return self._let()

    def hold(self, seconds: float, now: float) -> None:
        """Let nothing go for so long: the line's queue is full, and what goes now takes the room of sound."""
        self._leg.level, self._leg.level_time = (BURST_S + seconds) * self._leg.pace / 8, now

    def forget(self) -> list[Sent]:
        """Let go of all that waits, and return it."""
        waiting = list(self._waiting.values())
        self._waiting.clear()
        self._leg.waiting = False
        return waiting

    def holds(self, sequence: int) -> bool:
        """Whether the packet with that number still waits."""
        return sequence in self._waiting

    def _drain(self, now: float) -> None:
        leg = self._leg
        leg.level = max(0.0, leg.level - (now - leg.level_time) * leg.pace / 8)
        leg.level_time = now

    def _let(self) -> list[Sent]:
        leg = self._leg
        released: list[Sent] = []
        while self._waiting and (leg.level < BURST_S * leg.pace / 8 or len(self._waiting) > MAX_WAITING):
            _, packet = self._waiting.popitem(last=False)
            leg.level += len(packet[4]) + HEADERS_BYTES
            released.append(packet)
        leg.waiting = bool(self._waiting)
        return released
