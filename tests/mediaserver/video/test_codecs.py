"""Tests of the video codecs: encode, decode and compare."""

from pathlib import Path

import numpy as np
import pytest
from av import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.rtp.packet import MAX_PAYLOAD_BYTES
from mediaserver.rtp.payload import SINGLE_NAL, is_keyframe, packetize_h264, packetize_vp8, split_nals, vp8_frame_size
from mediaserver.video.codecs import MAX_PIXELS, VideoDecoder, VideoEncoder
from tests.mediaserver.pictures import (
    BLUE,
    GREEN,
    RED,
    Colour,
    alike,
    coded,
    colour_at,
    huge_keyframe,
    plain,
)

CODECS = pytest.mark.parametrize("codec", ["VP8", "H264"])


@CODECS
@pytest.mark.parametrize("colour", [RED, GREEN, BLUE, (16, 128, 128), (235, 128, 128)])
def test_a_picture_keeps_its_colour(codec: str, colour: Colour) -> None:
    decoder = VideoDecoder(codec)
    for frame in coded(codec, colour, 3):
        picture = decoder.decode(frame.data)
        assert picture is not None
        assert (picture.width, picture.height) == (320, 180)
        assert alike(colour_at(picture, 160, 90), colour)


@CODECS
def test_key_frames_come_when_asked_for(codec: str) -> None:
    encoder = VideoEncoder(codec, 320, 180, 25, 500_000)
    wanted = [True, False, False, True, False, True, True, False]
    pictures = [encoder.encode(plain(320, 180, RED), keyframe=w) for tick, w in enumerate(wanted)]
    assert [keyframe for _, keyframe in pictures] == wanted
    first = {"VP8": lambda data: packetize_vp8(data, 0), "H264": packetize_h264}
    assert [is_keyframe(codec, first[codec](data)[0]) for data, _ in pictures] == wanted


@CODECS
def test_any_key_frame_can_be_the_first_to_be_decoded(codec: str) -> None:
    encoder = VideoEncoder(codec, 320, 180, 25, 500_000)
    for _ in range(5):
        encoder.encode(plain(320, 180, RED), keyframe=False)
    data, _ = encoder.encode(plain(320, 180, BLUE), keyframe=True)
    picture = VideoDecoder(codec).decode(data)
    assert picture is not None and alike(colour_at(picture, 160, 90), BLUE)


def resident_mb(peak: bool = False) -> float:
    name = "VmHWM" if peak else "VmRSS"
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


def test_a_huge_key_frame_is_refused_before_it_costs_memory() -> None:
    data = huge_keyframe()
    assert vp8_frame_size(data) == (8192, 8192)
    decoder = VideoDecoder("VP8")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts from here (proc(5))
    before = resident_mb()
    with pytest.raises(ValueError, match="undecodable picture"):
        decoder.decode(data)
    assert resident_mb(peak=True) - before < 50


@CODECS
def test_a_picture_just_too_large_is_refused(codec: str) -> None:
    (frame,) = coded(codec, RED, size=(1920, 1104))
    assert MAX_PIXELS < 1920 * 1104
    with pytest.raises(ValueError, match="undecodable picture"):
        VideoDecoder(codec).decode(frame.data)
    (frame,) = coded(codec, RED, size=(1920, 1080))
    assert VideoDecoder(codec).decode(frame.data) is not None


@CODECS
@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_picture_or_nothing_or_a_value_error(codec: str, data: bytes) -> None:
    assert_harmless(codec, data)


def assert_harmless(codec: str, data: bytes) -> None:
    try:
        picture = VideoDecoder(codec).decode(data)
    except ValueError:
        return
    assert picture is None or picture.width * picture.height <= MAX_PIXELS


DAMAGED = {codec: coded(codec, RED)[0].data for codec in ("VP8", "H264")}


@CODECS
@given(place=st.integers(0, 10_000), word=st.binary(min_size=1, max_size=8))
def test_a_damaged_picture_is_harmless(codec: str, place: int, word: bytes) -> None:
    data = DAMAGED[codec]
    at = place % len(data)
    assert_harmless(codec, data[:at] + word + data[at + len(word) :])


@CODECS
def test_garbage_is_a_value_error(codec: str) -> None:
    garbage = {"VP8": b"\x10\x02\x00" + b"garbage" * 9, "H264": b"\x00\x00\x01\x65" + b"garbage" * 9}[codec]
    with pytest.raises(ValueError, match="undecodable picture"):
        VideoDecoder(codec).decode(garbage)


def test_no_bytes_are_no_picture() -> None:
    assert VideoDecoder("VP8").decode(b"") is None


def test_slices_of_packetization_mode_0_fit_a_packet_each_whatever_is_seen() -> None:
    noise = np.random.default_rng(3)
    decoder, encoder = VideoDecoder("H264"), VideoEncoder(SINGLE_NAL, 1280, 720, 25, 1_100_000)
    for tick in range(3):
        seen = VideoFrame.from_ndarray(noise.integers(0, 255, (1080, 1280), np.uint8), "yuv420p")
        data, _ = encoder.encode(seen, keyframe=tick == 0)
        nals = split_nals(data)
        assert len(nals) > 4 and max(map(len, nals)) <= MAX_PAYLOAD_BYTES
        whole = decoder.decode(b"".join(b"\x00\x00\x00\x01" + nal for nal in nals))
        assert whole is not None and (whole.width, whole.height) == (1280, 720)
