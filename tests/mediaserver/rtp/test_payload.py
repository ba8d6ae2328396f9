"""Tests of RTP payloads: pictures cut into payloads and put together again."""

from contextlib import suppress

import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.rtp.packet import MAX_PAYLOAD_BYTES, Packet
from mediaserver.rtp.payload import (
    depayload,
    is_keyframe,
    mark_keyframes,
    packetize_h264,
    packetize_vp8,
    single_nals,
    split_nals,
    vp8_descriptor,
    vp8_frame_size,
)

START = b"\x00\x00\x00\x01"
EDGES = st.builds(lambda whole, more: whole * (MAX_PAYLOAD_BYTES - 4) + more, st.integers(1, 4), st.integers(-5, 5))
"""Sizes around what so many payloads hold."""
BYTES = st.binary(max_size=5000) | EDGES.map(lambda n: bytes(i % 251 + 1 for i in range(n)))


@st.composite
def nal_units(draw: st.DrawFn) -> bytes:
    """Return a NAL unit: header with a known type, body without start codes, no trailing zero."""
    kind = draw(st.sampled_from([1, 5, 6, 7, 8]))
    size = draw(st.integers(0, 4000) | EDGES)
    body = bytes(draw(st.integers(1, 255)) if i < 4 else i % 255 + 1 for i in range(size))
    return bytes([draw(st.integers(0, 3)) << 5 | kind]) + body + b"\x80"


@given(BYTES, st.integers(0, 0x7FFF))
def test_vp8_frames_come_back(frame: bytes, picture_id: int) -> None:
    payloads = packetize_vp8(frame, picture_id)
    assert b"".join(depayload("VP8", payload) for payload in payloads) == frame
    descriptors = [vp8_descriptor(payload) for payload in payloads]
    assert [d.begins for d in descriptors] == [True] + [False] * (len(payloads) - 1)
    assert {d.picture_id for d in descriptors} == {picture_id}
    assert max(map(len, payloads)) <= MAX_PAYLOAD_BYTES
    assert len({len(payload) for payload in payloads[:-1]}) <= 1


@given(st.lists(nal_units(), min_size=1, max_size=6))
def test_h264_frames_come_back(nals: list[bytes]) -> None:
    payloads = packetize_h264(START + START.join(nals))
    assert max(map(len, payloads)) <= MAX_PAYLOAD_BYTES
    assert split_nals(b"".join(depayload("H264", payload) for payload in payloads)) == nals


def test_access_unit_delimiters_are_left_out() -> None:
    assert packetize_h264(START + b"\x09\xf0" + START + b"\x65abc") == [b"\x65abc"]


def test_parameter_sets_travel_together() -> None:
    payloads = packetize_h264(START + b"\x67sps" + START + b"\x68pps" + START + b"\x65picture")
    assert payloads == [b"\x78\x00\x04\x67sps\x00\x04\x68pps", b"\x65picture"]


@given(st.sampled_from(["VP8", "H264"]), st.binary(max_size=40))
def test_any_payload_reads_or_is_a_value_error(codec: str, payload: bytes) -> None:
    assert is_keyframe(codec, payload) in (True, False)
    with suppress(ValueError):
        depayload(codec, payload)


@given(st.binary(max_size=12))
def test_the_vp8_descriptor_agrees_with_aiortc(payload: bytes) -> None:
    payload = bytes([payload[0] & ~0x08]) + payload[1:] if payload else b""  # a reserved bit aiortc counts to the id
    try:
        expected, rest = VpxPayloadDescriptor.parse(payload)
    except ValueError:
        return  # aiortc refuses some that end with the descriptor
    read = vp8_descriptor(payload)
    assert (read.picture_id, read.tl0) == (expected.picture_id, expected.tl0picidx)
    assert read.begins == (expected.partition_start == 1 and expected.partition_id == 0)
    assert payload[read.size :] == rest


@pytest.mark.parametrize(
    ("codec", "payload", "expected"),
    [
        ("VP8", b"\x10\x00", True),
        ("VP8", b"\x10\x01", False),
        ("VP8", b"\x00\x00", False),
        ("VP8", b"\x11\x00", False),
        ("VP8", b"\x90\x80\x81\x02\x00", True),
        ("VP8", b"\x90\x80\x81\x02", False),
        ("VP8", b"", False),
        ("H264", b"\x65\x88", True),
        ("H264", b"\x67\x42", True),
        ("H264", b"\x41\x9a", False),
        ("H264", b"\x7c\x85\x88", True),
        ("H264", b"\x7c\x05\x88", False),
        ("H264", b"\x65\x48", False),
        ("H264", b"\x65", False),
        ("H264", b"\x7c\x85\x48", False),
        ("H264", b"\x7c\x87\x42", True),
        ("H264", b"\x78\x00\x02\x65\x48", False),
        ("H264", b"\x78\x00\x02\x65\x88", True),
        ("H264", b"\x78\x00\x01\x65", False),
        ("H264", b"\x78\x00\x02\x67\x42", True),
        ("H264", b"\x78\x00\x02\x41\x42", False),
        ("H264", b"\x78\x00\x09\x67\x42", False),
        ("H264", b"\x7c", False),
        ("H264", b"", False),
    ],
)
def test_key_frames_are_known(codec: str, payload: bytes, expected: bool) -> None:
    assert is_keyframe(codec, payload) is expected
    packet = Packet(96, 0, 0, 0, False, payload, not expected)
    mark_keyframes(codec, [packet])
    assert packet.keyframe is expected


def test_a_vp8_key_frame_tells_its_size() -> None:
    head = b"\x10\x02\x00\x9d\x01\x2a"
    assert vp8_frame_size(head + (1280 | 1 << 14).to_bytes(2, "little") + (720).to_bytes(2, "little")) == (1280, 720)
    assert vp8_frame_size(b"\x11" + head[1:] + bytes(4)) is None
    assert vp8_frame_size(head) is None


@pytest.mark.parametrize("payload", [b"\x1dxx", b"\x00xx", b"\x65", b"", b"\x78\x00\x00\x41"])
def test_a_payload_that_cannot_be_depacketized_is_a_value_error(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"H\.264"):
        depayload("H264", payload)


def test_single_nals_go_as_they_are_without_delimiters_and_without_what_fits_no_packet() -> None:
    nals = [
        b"\x09\xf0",
        b"\x67sps",
        b"\x68pps",
        b"\x65" + bytes([7]) * (MAX_PAYLOAD_BYTES - 1),
        b"\x65" + bytes([7]) * 1188,
    ]
    assert single_nals(b"".join(START + nal for nal in nals)) == nals[1:4]
