"""Pictures, decoded by FFmpeg.

Also tests `clip.py`.
"""

from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext

from loadtest.media.clip import Clip, Codec, EncodedPicture, make_clip
from loadtest.media.picture import KEY_EVERY, LOOP_FRAMES, Card, clips, coded, colour, draw, load, save
from mediaserver.rtp.payload import depayload

CARD = Card("Xã Diên Lạc", 4)


def seen(clip: Clip) -> list[np.ndarray]:
    decoder = cast("VideoCodecContext", av.CodecContext.create({"VP8": "vp8", "H264": "h264"}[clip.codec], "r"))
    data = [b"".join(depayload(clip.codec, payload) for payload in frame.payloads) for frame in clip.frames]
    frames = [frame for access_unit in data for frame in decoder.decode(av.Packet(access_unit))]
    return [frame.to_ndarray(format="rgb24") for frame in [*frames, *decoder.decode(None)]]


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_a_clip_shows_its_hue_after_its_way_through_rtp(codec: Codec, tmp_path: Path) -> None:
    (clip,) = clips(CARD, codec, 1, tmp_path)
    pictures = seen(clip)
    assert [p.shape for p in pictures] == [(360, 640, 3)] * LOOP_FRAMES
    brightest = np.percentile(pictures[30][:40].reshape(-1, 3), 90, axis=0)
    assert np.abs(brightest - colour(CARD.hue)).max() < 25


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_key_frames_come_every_two_seconds(codec: Codec, tmp_path: Path) -> None:
    keys = [at for at, picture in enumerate(coded(CARD, codec, 0, tmp_path)) if picture.key]
    assert keys == list(range(0, LOOP_FRAMES, KEY_EVERY))


def test_three_layers_have_three_sizes(tmp_path: Path) -> None:
    assert [(c.width, c.height) for c in clips(CARD, "H264", 3, tmp_path)] == [(320, 180), (640, 360), (1280, 720)]


def test_the_second_time_a_clip_comes_from_its_file(tmp_path: Path) -> None:
    first = coded(CARD, "H264", 0, tmp_path)
    (path,) = tmp_path.iterdir()
    assert load(path) == first
    save(path, first[:1])
    assert coded(CARD, "H264", 0, tmp_path) == first[:1]


@pytest.mark.parametrize("damage", [b"", b"[]\n", b"[[3,true]]\nab", b"[[2,false]]\nab", b"{}\n", b"[1]\n", b"\xff\n"])
def test_a_damaged_file_is_made_anew(damage: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.clip"
    path.write_bytes(damage)
    assert load(path) is None


def test_pictures_move_and_the_name_stays() -> None:
    pictures = list(draw(CARD, 320, 180))
    name, stripes = pictures[0][80:100, 100:220], pictures[0][10]
    assert (name == 235).any()
    assert (pictures[20][80:100, 100:220][name == 235] == 235).all()
    assert not np.array_equal(pictures[20][10], stripes)


def test_a_long_name_fits() -> None:
    picture = next(iter(draw(Card("Sở Nông nghiệp và Phát triển nông thôn tỉnh Khánh Hòa", 0), 320, 180)))
    assert not (picture[:180, :8] == 235).any()
    assert (picture[:180] == 235).any()


def test_a_clip_begins_with_a_key_frame() -> None:
    with pytest.raises(ValueError, match="key frame"):
        make_clip("H264", 1, 1, [EncodedPicture(b"\0\0\1\x41a", key=False)])
