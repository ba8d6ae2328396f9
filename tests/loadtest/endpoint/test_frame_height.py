"""Heights of pictures, against the encoders that make them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.endpoint.frame_height import picture_height
from mediaserver.rtp.payload import packetize_h264, packetize_vp8
from mediaserver.video.codecs import VideoEncoder
from tests.mediaserver.pictures import RED, plain

CODECS = pytest.mark.parametrize("codec", ["VP8", "H264"])


def payloads(codec: str, width: int, height: int) -> list[list[bytes]]:
    """Return the packets of a key frame, and of the picture after it."""
    encoder = VideoEncoder(codec, width, height, Fraction(25), 1_000_000)
    frames = [encoder.encode(plain(width, height, RED), keyframe=at == 0)[0] for at in range(2)]
    return [packetize_h264(frame) if codec == "H264" else packetize_vp8(frame, 0) for frame in frames]


@CODECS
@pytest.mark.parametrize(("width", "height"), [(320, 180), (640, 360), (1280, 720), (1920, 1080)])
def test_a_key_frame_tells_its_lines_and_other_pictures_none(codec: str, width: int, height: int) -> None:
    key, other = payloads(codec, width, height)
    assert picture_height(codec, key[0]) == height
    assert [picture_height(codec, payload) for payload in [*key[1:], *other]] == [None] * (len(key) + len(other) - 1)


@CODECS
@given(data=st.data())
def test_truncated_or_damaged_payloads_raise_nothing(codec: str, data: st.DataObject) -> None:
    first = bytearray(payloads(codec, 320, 180)[0][0])
    first[data.draw(st.integers(0, len(first) - 1))] = data.draw(st.integers(0, 255))
    picture_height(codec, bytes(first[: data.draw(st.integers(0, len(first)))]))
