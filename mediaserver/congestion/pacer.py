"""Pacer: sends pictures larger than their link carries at once in parts. Pure; `now` in seconds.

A key frame, or those of many cameras at once, must not fill the queue of a link that audio uses, too. Ordinary pictures
pass unchanged.
"""

from collections import OrderedDict
from typing import Protocol

from mediaserver.rtp.rtx import Sent

BURST_S = 0.04
"""Seconds of the link's capacity that go at once: the time between two pictures."""
HEADERS_BYTES = 64
"""IP, UDP, RTP with one extension, SRTP tag: the bytes a link carries besides each payload."""
MAX_WAITING = 256
"""Packets of a stream that may wait, several key frames of 720p. Further ones go at once; the link drops some, as
without a pacer."""


class Bucket(Protocol):
    """The leaky bucket that all paced streams of a path share: :class:`mediaserver.transport.peer_path.PeerPath`."""

    pace: float
    level: float
    level_time: float
    waiting: int


class Pacer:
    """A leaky bucket that lets `BURST_S` through; packets stay in order.

    Each paced stream has one, and those of a peer share the bucket itself, which is in the `path`, where the fast loop
    fills it too: its pace, its level, how many streams wait. Streams that wait take turns: each call of :meth:`take`
    lets one go as far as the link allows.
    """

    def __init__(self, path: Bucket) -> None:
        self._path = path
        self._waiting: OrderedDict[int, Sent] = OrderedDict()
        """Waiting packets by their sequence numbers."""

    @property
    def waits(self) -> bool:
        """Return whether packets wait here."""
        return bool(self._waiting)

    def put(self, packets: list[Sent], octets: int, now: float) -> list[Sent]:
        """Return the packets to send now, of a picture with so many bytes of payload and of those that wait."""
        path = self._path
        self._drain(now)
        size = octets + HEADERS_BYTES * len(packets)
        if not path.waiting and path.level + size <= BURST_S * path.pace / 8:
            path.level += size
            return packets
        if packets and not self._waiting:
            path.waiting += 1
        self._waiting.update((packet[1], packet) for packet in packets)
        return self._let(turn=path.waiting == 1)

    def take(self, now: float) -> list[Sent]:
        """Return the waiting packets that may follow now."""
        self._drain(now)
        return self._let(turn=True)

    def forget(self) -> list[Sent]:
        """Remove all waiting packets and return them."""
        waiting = list(self._waiting.values())
        self._waiting.clear()
        self._path.waiting -= bool(waiting)
        return waiting

    def holds(self, sequence: int) -> bool:
        """Return whether the packet with that number still waits."""
        return sequence in self._waiting

    def _drain(self, now: float) -> None:
        path = self._path
        path.level = max(0.0, path.level - (now - path.level_time) * path.pace / 8)
        path.level_time = now

    def _let(self, *, turn: bool) -> list[Sent]:
        path, waited = self._path, self.waits
        released: list[Sent] = []
        while self._waiting and ((turn and path.level < BURST_S * path.pace / 8) or len(self._waiting) > MAX_WAITING):
            _, packet = self._waiting.popitem(last=False)
            path.level += len(packet[4]) + HEADERS_BYTES
            released.append(packet)
        path.waiting -= waited and not self._waiting
        return released


def hold(path: Bucket, seconds: float, now: float) -> None:
    """Let no paced stream of a path send anything for so many seconds: the link's queue is full, and packets sent now
    take the room of audio."""
    path.level, path.level_time = (BURST_S + seconds) * path.pace / 8, now


def release(path: Bucket, now: float) -> None:
    """Let the paced streams of a path send again: the link's queue is empty."""
    path.level, path.level_time = 0.0, now
