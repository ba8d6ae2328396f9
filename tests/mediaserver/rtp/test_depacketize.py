"""Tests that packets of one picture are put together as the assembler does one by one, by both versions alike."""

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.rtp.depacketize import depacketize, plain_depacketize
from mediaserver.rtp.frame_assembler import Frame, FrameAssembler
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import mark_keyframes, packetize_h264, packetize_vp8
from mediaserver.transport.peer_path import Counters, Inbox

INBOX = Inbox(Counters(), Packet)
"""Tells the compiled loops the class of packets, as that of a worker does."""
CODECS = st.sampled_from(["VP8", "H264"])
U16 = st.integers(0, 0xFFFF)
NAL = st.builds(
    lambda kind, size: bytes([kind]) + b"\x88" * size, st.sampled_from([0x67, 0x65, 0x41]), st.integers(1, 3000)
)


def packets_of(payloads: list[bytes], first: int) -> list[Packet]:
    """Return packets of one picture that begin with number `first`."""
    last = len(payloads) - 1
    return [Packet(96, (first + at) & 0xFFFF, 3600, 9, at == last, each) for at, each in enumerate(payloads)]


@st.composite
def sent(draw: st.DrawFn) -> tuple[str, list[Packet]]:
    """Draw a codec and the packets of a picture, with a payload that may be anything."""
    codec = draw(CODECS)
    if codec == "VP8":
        payloads = packetize_vp8(draw(st.binary(min_size=1, max_size=4000)), draw(st.integers(0, 0x7FFF)))
    else:
        payloads = packetize_h264(b"".join(b"\0\0\0\1" + nal for nal in draw(st.lists(NAL, min_size=1, max_size=4))))
    at = draw(st.integers(0, len(payloads) - 1))
    payloads[at] = draw(st.one_of(st.just(payloads[at]), st.binary(max_size=12)))
    packets = packets_of(payloads, draw(U16))
    mark_keyframes(codec, packets)
    return codec, packets


@pytest.mark.skipif(shutil.which("cc") is None, reason="nothing was compiled without a compiler")
@given(sent(), st.integers(0, 1), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.booleans()), max_size=1))
def test_both_put_packets_together_alike(
    picture: tuple[str, list[Packet]], ahead: int, changes: list[tuple[int, int, bool]]
) -> None:
    assert depacketize is not plain_depacketize
    codec, packets = picture
    first = (packets[0].sequence + ahead) & 0xFFFF
    for at, jump, marker in changes:
        changed = packets[at % len(packets)]
        changed.sequence, changed.marker = changed.sequence + jump & 0xFFFF, marker
    assert depacketize(codec, packets, first) == plain_depacketize(codec, packets, first)


def test_no_packets_are_no_picture() -> None:
    assert depacketize("VP8", [], 0) is plain_depacketize("VP8", [], 0) is None


@given(sent())
def test_a_whole_picture_is_what_its_packets_give_one_by_one(picture: tuple[str, list[Packet]]) -> None:
    codec, packets = picture
    begin = Packet(96, packets[0].sequence - 1 & 0xFFFF, 0, 9, True, b"\x10\x00" if codec == "VP8" else b"\x67s", True)
    at_once, singly = FrameAssembler(codec), FrameAssembler(codec)
    assert at_once.add(begin, 0.0) == singly.add(begin, 0.0) != []
    whole = at_once.whole(packets)
    frames = [whole] if whole else [frame for packet in packets for frame in at_once.add(packet, 0.1)]
    assert frames == [frame for packet in packets for frame in singly.add(packet, 0.1)]
    assert at_once.expected == singly.expected


def test_a_picture_behind_a_hole_or_a_part_is_not_taken_at_once() -> None:
    first, second, third = (packets_of(packetize_vp8(b"x" * 2000, at), 2 * at) for at in range(3))
    first[0].keyframe = True
    assembler = FrameAssembler("VP8")
    assert assembler.whole(first) is None, "it waits for a key frame"
    assert assembler.add(first[0], 0.0) == []
    assert assembler.whole(second) is assembler.whole(first[1:]) is None
    assert [frame.data for frame in assembler.add(first[1], 0.0)] == [b"x" * 2000]
    assert assembler.whole(third) is None
    assert assembler.whole(second) == Frame("VP8", b"x" * 2000, False, 3600, 9)
    assert assembler.expected == third[0].sequence
