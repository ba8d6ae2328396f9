"""Material as ready RTP payloads: encoded once, sent by any number of endpoints."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from loadtest.media.tone import LEVEL
from mediaserver.rtp.payload import packetize_h264, packetize_vp8

Codec = Literal["VP8", "H264"]


@dataclass(frozen=True, slots=True)
class Coded:
    """A coded picture: VP8 frame or H.264 access unit in Annex B form."""

    data: bytes
    key: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """The payloads of one picture."""

    payloads: tuple[bytes, ...]
    key: bool


@dataclass(frozen=True, slots=True)
class Clip:
    """One layer of a loop; its first frame is a key frame."""

    codec: Codec
    width: int
    height: int
    frames: tuple[Frame, ...]


def make_clip(codec: Codec, width: int, height: int, pictures: Sequence[Coded]) -> Clip:
    """Cut coded pictures into payloads."""
    frames = tuple(Frame(tuple(_payloads(codec, picture.data)), picture.key) for picture in pictures)
    if not frames or not frames[0].key:
        raise ValueError("a clip begins with a key frame")
    return Clip(codec, width, height, frames)


def _payloads(codec: Codec, data: bytes) -> list[bytes]:
    return packetize_vp8(data, 0) if codec == "VP8" else packetize_h264(data)


FPS = 25


Cameras = Callable[[Codec, int], tuple[Clip, ...]]
"""Returns the clips of so many layers, low to high."""


@dataclass(frozen=True, slots=True)
class Material:
    """The media of an endpoint; `voice` are Opus packets of 20 ms, as loud as `level` in −dBov (RFC 6464)."""

    voice: tuple[bytes, ...]
    cameras: Cameras
    level: int = LEVEL
