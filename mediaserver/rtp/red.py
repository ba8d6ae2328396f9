"""Redundant sound, RED (RFC 2198): a packet carries the frames before it once more, so that a lost one comes with the
next.

Redundant blocks have no sequence numbers. As browsers write them, each is the frame of one packet earlier, back from
the packet's own. Nothing behind the peer sees RED: what it repairs goes on as the packet that was lost, a little late.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import pairwise
from struct import Struct
from typing import NamedTuple

from mediaserver.rtp.packet import Packet

MAX_REDUNDANT = 8
"""Redundant blocks of a packet that are read; Chromium sends one."""
MAX_OFFSET, MAX_LENGTH = (1 << 14) - 1, (1 << 10) - 1
"""What the fields of a redundant block can hold (§3): 0.34 s at 48 kHz, and 1,023 bytes."""
MAX_BYTES = 360
"""Our largest packets, payload alone. With headers and SRTP they are still told from pictures by their length
(:mod:`mediaserver.transport.framing`)."""
MOST_FRAMES = 2
"""Earlier frames that we send at most."""
REMEMBERED = 64
"""Repaired packets that are left out if they come after all."""
_FOLLOWED = 0x80
_HEADER = Struct("!I")

Sent = tuple[int, int, int, int, bytes]
"""Payload type with the marker as its top bit, sequence number, timestamp, SSRC, payload."""


class Block(NamedTuple):
    """One block of a packet; `offset` is how much older it is than the packet's timestamp."""

    payload_type: int
    offset: int
    payload: bytes


def parse(payload: bytes) -> list[Block]:
    """Return the redundant blocks in the order of the packet, oldest first, and behind them the primary one.

    Raises ValueError on what is cut off, or has more than `MAX_REDUNDANT` redundant blocks.
    """
    heads: list[int] = []
    at = 0
    while at < len(payload) and payload[at] & _FOLLOWED:
        if len(heads) == MAX_REDUNDANT or at + _HEADER.size > len(payload):
            raise ValueError("RED with too many blocks, or cut off in their headers")
        heads += _HEADER.unpack_from(payload, at)
        at += _HEADER.size
    if at >= len(payload):
        raise ValueError("RED without a primary block")
    primary, at = payload[at], at + 1
    ends = [at]
    for head in heads:
        ends.append(ends[-1] + (head & MAX_LENGTH))
    if ends[-1] > len(payload):
        raise ValueError("RED cut off in its blocks")
    blocks = [
        Block(head >> 24 & 0x7F, head >> 10 & MAX_OFFSET, payload[start:end])
        for head, (start, end) in zip(heads, pairwise(ends), strict=True)
    ]
    return [*blocks, Block(primary, 0, payload[ends[-1] :])]


def write(blocks: Iterable[Block], primary: Block) -> bytes:
    """Return the payload of a packet: redundant blocks, oldest first, and the primary one."""
    redundant = list(blocks)
    heads = [
        _HEADER.pack(_FOLLOWED << 24 | each.payload_type << 24 | each.offset << 10 | len(each.payload))
        for each in redundant
    ]
    return b"".join([*heads, bytes([primary.payload_type]), *(each.payload for each in redundant), primary.payload])


class RedReceiver:
    """Unwraps one incoming stream, in which plain and redundant packets may alternate."""

    def __init__(self, payload_type: int, redundant_type: int | None) -> None:
        self._payload_type, self._redundant_type = payload_type, redundant_type
        self._repaired = deque[int](maxlen=REMEMBERED)
        """Sequence numbers of the packets last repaired."""
        self.repaired = 0
        """Lost packets whose sound came with a later one."""

    def is_redundant(self, packet: Packet) -> bool:
        """Return whether a packet is RED."""
        return packet.payload_type == self._redundant_type

    def unwrap(self, packet: Packet, highest: int) -> list[Packet]:
        """Return the plain packet, and before it those that are missing since the `highest` number so far (−1: none).

        What was repaired, and comes late, is left out: nobody gets two packets with one number. Raises ValueError.
        """
        missing = (packet.sequence - highest - 1) & 0xFFFF if highest >= 0 else 0
        if missing >= 0x8000:
            missing = 0
            if packet.sequence in self._repaired:
                return []
        if not self.is_redundant(packet):
            return [packet]
        *redundant, primary = parse(packet.payload)
        repaired = list(self._repair(packet, redundant, missing))
        self._repaired += [each.sequence for each in repaired]
        self.repaired += len(repaired)
        if primary.payload_type == self._payload_type and primary.payload:
            repaired.append(self._plain(packet, 0, primary))
        return repaired

    def _repair(self, packet: Packet, redundant: list[Block], missing: int) -> Iterator[Packet]:
        for back in range(min(missing, len(redundant)), 0, -1):
            block = redundant[-back]
            if block.payload_type == self._payload_type and block.payload and block.offset:
                yield self._plain(packet, back, block)

    def _plain(self, packet: Packet, back: int, block: Block) -> Packet:
        sequence, timestamp = packet.sequence - back & 0xFFFF, packet.timestamp - block.offset & 0xFFFFFFFF
        marker = packet.marker and not back
        return Packet(self._payload_type, sequence, timestamp, packet.ssrc, marker, block.payload, level=packet.level)


class RedSender:
    """Wraps the packets of one outgoing stream; plain while `frames` is 0."""

    def __init__(self, payload_type: int) -> None:
        self._payload_type = payload_type
        self.frames = 0
        """Earlier frames that each packet carries, at most `MOST_FRAMES`."""
        self._earlier = deque[tuple[int, bytes]](maxlen=MOST_FRAMES)
        """Timestamps and payloads of the packets sent last, oldest first."""

    def wrap(self, sent: Sent) -> Sent:
        """Return a packet with the frames before it; unchanged where none fits."""
        second, sequence, timestamp, ssrc, payload = sent
        blocks = self._redundant(second & 0x7F, timestamp, len(payload))
        self._earlier.append((timestamp, payload))
        if not blocks:
            return sent
        primary = Block(second & 0x7F, 0, payload)
        return second & 0x80 | self._payload_type, sequence, timestamp, ssrc, write(blocks, primary)

    def _redundant(self, payload_type: int, timestamp: int, octets: int) -> list[Block]:
        blocks: list[Block] = []
        for earlier, payload in list(self._earlier)[::-1][: self.frames]:
            offset = timestamp - earlier & 0xFFFFFFFF
            octets += _HEADER.size + len(payload)
            if not 0 < offset <= MAX_OFFSET or len(payload) > MAX_LENGTH or octets >= MAX_BYTES:
                break
            blocks.insert(0, Block(payload_type, offset, payload))
        return blocks

    def forget(self) -> None:
        """Forget the frames before: what comes next does not follow them."""
        self._earlier.clear()
