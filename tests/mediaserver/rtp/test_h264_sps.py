"""The size of H.264 pictures is that which their encoder was given."""

from fractions import Fraction

import av
import numpy as np
import pytest

from mediaserver.rtp.h264_sps import is_baseline, parameter_set, picture_size
from mediaserver.rtp.payload import packetize_h264, split_nals


def encoded(size: tuple[int, int], options: dict[str, str]) -> bytes:
    """Return a key frame of x264, as an Annex B byte stream."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    width, height = encoder.width, encoder.height = size
    encoder.time_base, encoder.pix_fmt = Fraction(1, 25), options.get("pix_fmt", "yuv420p")
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", **options}
    encoder.options.pop("pix_fmt", None)
    picture = av.VideoFrame.from_ndarray(np.zeros((height, width, 3), np.uint8), "rgb24").reformat(
        format=encoder.pix_fmt
    )
    return b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])


@pytest.mark.parametrize(
    ("size", "options"),
    [
        ((1920, 1080), {"profile": "baseline"}),
        ((1280, 720), {"profile": "main"}),
        ((704, 576), {"profile": "high"}),
        ((352, 288), {"x264-params": "cqm=jvt:8x8dct=1", "profile": "high"}),
        ((1024, 580), {"x264-params": "interlaced=1"}),
        ((642, 482), {"profile": "high444", "pix_fmt": "yuv444p"}),
        ((176, 144), {"profile": "high422", "pix_fmt": "yuv422p"}),
    ],
)
def test_it_is_read_from_payloads_of_every_kind(size: tuple[int, int], options: dict[str, str]) -> None:
    frame = encoded(size, options)
    sets = [found for payload in (*packetize_h264(frame), *split_nals(frame)) if (found := parameter_set(payload))]
    assert [picture_size(each) for each in sets] == [size, size]


@pytest.mark.parametrize(
    ("options", "baseline"),
    [
        ({"profile": "baseline"}, True),
        ({"profile": "main", "x264-params": "cabac=1"}, False),
        ({"profile": "high", "x264-params": "8x8dct=1"}, False),
    ],
)
def test_the_profile_is_read(options: dict[str, str], baseline: bool) -> None:
    payloads = packetize_h264(encoded((64, 64), options))
    assert [is_baseline(found) for each in payloads if (found := parameter_set(each))] == [baseline]


@pytest.mark.parametrize(
    ("data", "baseline"), [("674d801f", True), ("674d401f", False), ("6764001f", False), ("67", True), ("", True)]
)
def test_main_that_obeys_the_constraints_of_baseline_is_baseline(data: str, baseline: bool) -> None:
    assert is_baseline(bytes.fromhex(data)) is baseline


@pytest.mark.parametrize("data", ["", "67", "6742e01f", "67" + "00" * 40, "674d001f" + "80" * 3])
def test_nonsense_is_refused(data: str) -> None:
    with pytest.raises(ValueError):
        picture_size(bytes.fromhex(data))


def test_other_payloads_have_none() -> None:
    assert [parameter_set(payload) for payload in (b"", b"\x41\x00", b"\x7c\x85\x00")] == [None] * 3
    with pytest.raises(ValueError, match="cut off"):
        parameter_set(b"\x78\xff\xff\x67")
