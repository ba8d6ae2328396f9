"""Encoded media as ready RTP payloads, which any number of endpoints send."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from loadtest.media.tone import LEVEL
from mediaserver.rtp.payload import packetize_h264, packetize_vp8

FPS = 25
"""Pictures a second of cameras."""
Codec = Literal["VP8", "H264"]
CAMERA_CODECS: tuple[Codec, ...] = get_args(Codec)


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """One encoded picture: a VP8 frame, or an H.264 access unit in Annex B form; `key` for a key frame."""

    data: bytes
    key: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """The RTP payloads of one encoded picture; `key` for a key frame."""

    payloads: tuple[bytes, ...]
    key: bool


@dataclass(frozen=True, slots=True)
class Clip:
    """A loop of pictures in one size, so many a second; its first frame is a key frame."""

    codec: Codec
    width: int
    height: int
    frames: tuple[Frame, ...]
    fps: int = FPS


def make_clip(codec: Codec, width: int, height: int, pictures: Sequence[EncodedPicture], fps: int = FPS) -> Clip:
    """Cut encoded pictures into RTP payloads. Raises ValueError unless the first is a key frame."""
    frames = tuple(Frame(tuple(_payloads(codec, picture.data)), picture.key) for picture in pictures)
    if not frames or not frames[0].key:
        raise ValueError("a clip begins with a key frame")
    return Clip(codec, width, height, frames, fps)


def _payloads(codec: Codec, data: bytes) -> list[bytes]:
    return packetize_vp8(data, 0) if codec == "VP8" else packetize_h264(data)


Cameras = Callable[[Codec, int], tuple[Clip, ...]]
"""Returns the clips of so many layers, low to high."""


@dataclass(frozen=True, slots=True)
class Material:
    """The media that an endpoint sends in a loop: `voice` are Opus packets of 20 ms, `level` their loudness in −dBov
    (RFC 6464); `speaking` are the cameras while the person speaks, if they differ."""

    voice: tuple[bytes, ...]
    cameras: Cameras
    level: int = LEVEL
    speaking: Cameras | None = None
