"""Tests of RTP packets, against a writer of our own and against aiortc's reader."""

from contextlib import suppress
from struct import pack

import pytest
from aiortc.rtp import RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.rtp.packet import MAX_PACKET_BYTES, Packet, newer, parse

U16, U32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
ELEMENTS = st.dictionaries(st.integers(1, 14), st.binary(min_size=1, max_size=16), max_size=6)


def one_byte_block(elements: dict[int, bytes]) -> bytes:
    body = b"".join(bytes([number << 4 | len(data) - 1]) + data for number, data in elements.items())
    body += bytes(-len(body) % 4)
    return pack("!HH", 0xBEDE, len(body) // 4) + body


def two_byte_block(elements: dict[int, bytes]) -> bytes:
    body = b"\0".join(bytes([number, len(data)]) + data for number, data in elements.items())
    body += bytes(-len(body) % 4)
    return pack("!HH", 0x1005, len(body) // 4) + body


@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_bytes_are_a_packet_or_a_value_error(data: bytes, length: int) -> None:
    with suppress(ValueError):
        packet, extensions = parse(data, min(length, len(data)))
        assert len(packet.payload) + sum(map(len, extensions.values())) <= length


@given(st.integers(0, 0xFF), st.integers(0, 0xFF), st.binary(max_size=80))
def test_any_bytes_behind_a_sane_header_are_a_packet_or_a_value_error(first: int, second: int, rest: bytes) -> None:
    data = bytes([first & 0x3F | 0x80, second]) + bytes(10) + rest
    with suppress(ValueError):
        parse(memoryview(data), len(data))


PACKETS = st.builds(Packet, st.integers(0, 127), U16, U32, U32, st.booleans(), st.binary(max_size=50))


@given(PACKETS, ELEMENTS, st.booleans(), st.lists(U32, max_size=15), st.integers(0, 20))
def test_a_written_packet_is_read_back(
    packet: Packet, elements: dict[int, bytes], long: bool, csrcs: list[int], padding: int
) -> None:
    first = 0x80 | len(csrcs) | (0x10 if elements else 0) | (0x20 if padding else 0)
    second = packet.payload_type | packet.marker << 7
    data = pack("!BBHII", first, second, packet.sequence, packet.timestamp, packet.ssrc)
    data += b"".join(pack("!I", csrc) for csrc in csrcs)
    if elements:
        data += two_byte_block(elements) if long else one_byte_block(elements)
    data += packet.payload
    if padding:
        data += bytes(padding - 1) + bytes([padding])
    behind = data + b"left over from the packet before"
    assert parse(memoryview(behind), len(data)) == (packet, elements)


@given(U16, U32, U32, st.binary(min_size=1, max_size=50))
def test_packets_of_aiortc_are_read(sequence: int, timestamp: int, ssrc: int, payload: bytes) -> None:
    data = RtpPacket(111, 1, sequence, timestamp, ssrc, payload).serialize()
    assert parse(data, len(data)) == (Packet(111, sequence, timestamp, ssrc, True, payload), {})


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x80" + bytes(10), "shorter than its header"),
        (b"\x40" + bytes(11), "version is not 2"),
        (b"\xa0" + bytes(11), "padding of length 0"),
        (b"\xa0" + bytes(11) + b"\x09", "shorter than it says"),
        (b"\x8f" + bytes(11), "shorter than it says"),
        (b"\x90" + bytes(11), "extension cut off"),
        (b"\x90" + bytes(11) + b"\xbe\xde\x00\x02" + bytes(4), "extension cut off"),
        (b"\x90" + bytes(11) + b"\xbe\xde\x00\x01\x1f" + bytes(3), "element cut off"),
        (b"\x80" + bytes(MAX_PACKET_BYTES), "larger than"),
    ],
)
def test_broken_packets_say_what_is_wrong(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(data, len(data))


def test_id_15_ends_a_one_byte_block() -> None:
    block = b"\xbe\xde\x00\x02\x10A\xf0\x00\x20B\x00\x00"  # RFC 8285 §4.2
    data = b"\x90" + bytes(11) + block
    assert parse(data, len(data))[1] == {1: b"A"}


def test_blocks_of_other_profiles_are_skipped() -> None:
    data = b"\x90" + bytes(11) + b"\x12\x34\x00\x01\x10Axx" + b"payload"
    packet, extensions = parse(data, len(data))
    assert (packet.payload, extensions) == (b"payload", {})


@given(U16, st.integers(1, 0x7FFF))
def test_newer_is_circular(base: int, ahead: int) -> None:
    later = (base + ahead) & 0xFFFF
    assert (newer(later, base), newer(base, later), newer(base, base)) == (True, False, False)
