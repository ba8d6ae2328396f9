"""RTP packets as plain values (RFC 3550 §5.1, header extensions RFC 8285).

A packet keeps its payload and the few header fields that matter; header extensions and padding are stripped when it is
read, and every sender writes a header of its own. So one packet object serves any number of receivers.
"""

from dataclasses import dataclass
from struct import Struct

HEADER = Struct("!BBHII")
HEADER_BYTES = 12
MAX_PACKET_BYTES = 1500
"""Larger datagrams than an Ethernet frame are never RTP from a sane peer."""

MAX_PAYLOAD_BYTES = 1188
"""1200 bytes of RTP: fits every tunnel a browser has met (libwebrtc's own default)."""

_ONE_BYTE_PROFILE = 0xBEDE
_TWO_BYTE_PROFILE = 0x1000


@dataclass(slots=True)
class Packet:
    """One RTP packet. `timestamp` is in units of the codec's clock, `payload` has neither padding nor extensions.

    Sources of our own do not cut their timestamps to 32 bits, so that two clocks can be compared; senders do.
    """

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    marker: bool
    payload: bytes
    keyframe: bool = False
    """Whether the packet starts a key frame (set by the payload's own parser)."""
    level: int | None = None
    """A microphone's level in −dBov: 0 the loudest, 127 silence (RFC 6464; set by the peer)."""


def parse(data: bytes | memoryview, length: int) -> tuple[Packet, dict[int, bytes]]:
    """Read an RTP packet of `length` bytes and its header extensions by local id.

    Raises ValueError on anything that is not a whole RTP packet.
    """
    if length < HEADER_BYTES:
        raise ValueError("RTP packet shorter than its header")
    if length > MAX_PACKET_BYTES:
        raise ValueError("RTP packet larger than an Ethernet frame")
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    if first >> 6 != 2:
        raise ValueError("RTP version is not 2")
    start = HEADER_BYTES + 4 * (first & 0x0F)
    extensions: dict[int, bytes] = {}
    if first & 0x10:
        start, extensions = _extensions(data, start, length)
    end = length
    if first & 0x20:
        padding = data[length - 1]
        if padding == 0:
            raise ValueError("RTP padding of length 0")
        end -= padding
    if start > end:
        raise ValueError("RTP packet shorter than it says")
    payload = bytes(data[start:end])
    return Packet(second & 0x7F, sequence, timestamp, ssrc, second > 127, payload), extensions


def _extensions(data: bytes | memoryview, start: int, length: int) -> tuple[int, dict[int, bytes]]:
    if start + 4 > length:
        raise ValueError("RTP header extension cut off")
    profile = data[start] << 8 | data[start + 1]
    begin = start + 4
    end = begin + 4 * (data[start + 2] << 8 | data[start + 3])
    if end > length:
        raise ValueError("RTP header extension cut off")
    if profile == _ONE_BYTE_PROFILE:
        return end, _elements(data, begin, end, 1)
    if profile & 0xFFF0 == _TWO_BYTE_PROFILE:
        return end, _elements(data, begin, end, 2)
    return end, {}


def _elements(data: bytes | memoryview, at: int, end: int, header: int) -> dict[int, bytes]:
    """Read one-byte (RFC 8285 §4.2) or two-byte (§4.3) elements."""
    found: dict[int, bytes] = {}
    while at < end:
        if data[at] == 0:
            at += 1
            continue
        if header == 1:
            name, size = data[at] >> 4, (data[at] & 0x0F) + 1
            if name in (0, 15):  # neither may be followed by more (RFC 8285 §4.2)
                break
        elif at + 1 < end:
            name, size = data[at], data[at + 1]
        else:
            break
        at += header
        if at + size > end:
            raise ValueError("RTP header extension element cut off")
        found[name] = bytes(data[at : at + size])
        at += size
    return found


def newer(a: int, b: int) -> bool:
    """Return whether 16-bit sequence number `a` comes after `b` (RFC 1982 serial arithmetic)."""
    return a != b and ((a - b) & 0xFFFF) < 0x8000
