"""Packets on a TCP connection, each behind its length (RFC 4571), as ICE-TCP has them (RFC 6544 §10.1). Pure."""

from collections import deque

MAX_FRAME = 2048
"""Bytes of a packet: as many as are read of one datagram."""
_LENGTH_BYTES = 2
SOUND_BYTES = 400
"""RTP packets up to this size are taken for sound: protected, 20 ms of it have 100 to 300 bytes."""
PICTURE_S, SOUND_S = 0.25, 0.5
"""Seconds for which RTP waits for a connection that takes no more: what comes later is of no use to who sees or hears
it, and holds up what comes behind it."""
MAX_WAITING = 256 * 1024
"""Bytes that wait for a connection: a key frame of a composed picture several times over."""
_PIECE = 4096
"""Bytes that are handed over at once; whatever is handed over is sent, however late."""


class FrameReader:
    """Finds the packets in the bytes of a connection."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes, and return the packets that are complete. Raises ValueError for one that is too long."""
        self._rest += data
        packets, at = [], 0
        while at + _LENGTH_BYTES <= len(self._rest):
            begin = at + _LENGTH_BYTES
            length = int.from_bytes(self._rest[at:begin])
            if length > MAX_FRAME:
                raise ValueError(f"a packet of {length} bytes")
            if begin + length > len(self._rest):
                break
            at = begin + length
            if length:  # without bytes it means nothing (RFC 4571 §2)
                packets.append(bytes(self._rest[begin:at]))
        del self._rest[:at]
        return packets


class FrameQueue:
    """Packets that wait for a connection. Media that waited too long are dropped, so that a slow line delays sound and
    pictures no further; everything else (DTLS, STUN, RTCP) waits as long as there is room."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._bytes = 0
        self.dropped = 0

    def __len__(self) -> int:
        """Return how many bytes wait."""
        return self._bytes

    def add(self, packet: bytes, now: float) -> None:
        """Append a packet; without room for it, it is dropped."""
        if self._bytes + len(packet) > MAX_WAITING:
            self.dropped += 1
            return
        self._waiting.append((now, packet))
        self._bytes += len(packet)

    def take(self, now: float) -> bytes:
        """Return the next packets with their lengths before them, and forget them; empty when none wait."""
        piece = b""
        while self._waiting and len(piece) < _PIECE:
            since, packet = self._waiting.popleft()
            self._bytes -= len(packet)
            if now - since > _patience(packet):
                self.dropped += 1
            else:
                piece += len(packet).to_bytes(_LENGTH_BYTES) + packet
        return piece


def _patience(packet: bytes) -> float:
    """Return for how many seconds a packet may wait (its kind: RFC 7983 §7, RFC 5761 §4)."""
    if not 128 <= packet[0] < 192 or 192 <= packet[1] < 224:
        return float("inf")
    return SOUND_S if len(packet) <= SOUND_BYTES else PICTURE_S
