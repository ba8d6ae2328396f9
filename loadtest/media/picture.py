"""Draws and encodes the picture of a point: moving stripes in its own hue with its name on them, in three sizes."""

import colorsys
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType
from PIL import Image, ImageDraw, ImageFont

from loadtest.media.clip import FPS, Clip, Codec, EncodedPicture, make_clip

Plane = npt.NDArray[np.uint8]

LOOP_FRAMES = 100
KEY_EVERY = 50
"""A key frame every 2 s."""
RENDITIONS = ((320, 180, 150_000), (640, 360, 500_000), (1280, 720, 1_500_000))
"""Width, height, bits per second; the layers q, h, f."""
LAYERS = {1: (1,), 2: (0, 1), 3: (0, 1, 2)}
"""Renditions that an endpoint with so many layers sends."""
HUES = 12
_STRIPES = 8
"""Stripes per picture width."""
_WHITE_LUMA, _GREY = 235, 128
_VERSION = 3
"""Version of drawing and encoding together: change it and cached clips are made anew."""
_ENCODERS = {
    "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "1"}),
    "H264": ("libx264", {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline", "sc_threshold": "0"}),
}


@dataclass(frozen=True, slots=True)
class Card:
    """A test card: the moving picture that one point's camera sends."""

    name: str
    hue: int
    """0 … HUES - 1, around the colour wheel."""


def cache_directory() -> Path:
    """Return the directory of cached clips (XDG base directory)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "diemcau" / "pictures"


def colour(hue: int) -> tuple[int, int, int]:
    """Return the card's main colour in RGB."""
    red, green, blue = colorsys.hsv_to_rgb(hue % HUES / HUES, 0.85, 0.75)
    return round(red * 255), round(green * 255), round(blue * 255)


def clips(card: Card, codec: Codec, layers: int, cache: Path) -> tuple[Clip, ...]:
    """Return a card in so many layers, low to high, from the cache if possible."""
    return tuple(_clip(card, codec, size, cache) for size in LAYERS[layers])


def _clip(card: Card, codec: Codec, size: int, cache: Path) -> Clip:
    width, height, _ = RENDITIONS[size]
    return make_clip(codec, width, height, coded(card, codec, size, cache))


def coded(card: Card, codec: Codec, size: int, cache: Path) -> list[EncodedPicture]:
    """Return the loop of one size as the encoder wrote it, from the cache if possible."""
    width, height, _ = RENDITIONS[size]
    return cached([_VERSION, card.name, card.hue, codec, size], codec, size, draw(card, width, height), cache)


def cached(
    key: Sequence[object], codec: Codec, size: int, drawing: Iterator[Plane], cache: Path
) -> list[EncodedPicture]:
    """Return the cached pictures of a key; without any, encode what `drawing` yields."""
    path = cache / f"{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:24]}.clip"
    pictures = load(path)
    if pictures is None:
        pictures = encode(codec, size, drawing)
        save(path, pictures)
    return pictures


def draw(card: Card, width: int, height: int) -> Iterator[Plane]:
    """Draw the loop's pictures in yuv420p: stripes moving one pair per loop, the name steady in the middle."""
    light = _yuv(colour(card.hue))
    dark = _yuv(value * 3 // 4 for value in colour(card.hue))
    label, left, top = _label(card.name, width, height)
    opacity = label.astype(np.float32) / 255
    for at in range(LOOP_FRAMES):
        lit = (np.arange(width) * _STRIPES / width + 2 * at / LOOP_FRAMES) % 2 < 1
        rows = [np.where(lit, a, b).astype(np.uint8) for a, b in zip(light, dark, strict=True)]
        planes = [np.tile(rows[0], (height, 1)), *(np.tile(row[::2], (height // 2, 1)) for row in rows[1:])]
        _blend(planes[0], opacity, left, top, _WHITE_LUMA)
        for chroma in planes[1:]:
            _blend(chroma, opacity[::2, ::2], left // 2, top // 2, _GREY)
        yield np.concatenate([plane.reshape(-1, width) for plane in planes])


def _blend(plane: Plane, opacity: npt.NDArray[np.floating], left: int, top: int, value: int) -> None:
    rows, columns = opacity.shape
    part = plane[top : top + rows, left : left + columns]
    part[:] = part * (1 - opacity) + value * opacity


def _yuv(rgb: Iterable[int]) -> tuple[int, int, int]:
    """Convert RGB by BT.601 in limited range, which decoders assume of a stream that does not say."""
    red, green, blue = (value / 255 for value in rgb)
    return (
        round(16 + 65.481 * red + 128.553 * green + 24.966 * blue),
        round(128 - 37.797 * red - 74.203 * green + 112.0 * blue),
        round(128 + 112.0 * red - 93.786 * green - 18.214 * blue),
    )


def _label(name: str, width: int, height: int) -> tuple[Plane, int, int]:
    """Return the name as an opacity mask, with its left and top."""
    path = str(files("mediaserver") / "fonts" / "BeVietnamPro-Medium.ttf")
    font = ImageFont.truetype(path, height // 8)
    long = font.getlength(name)
    if long > width * 0.9:
        font = ImageFont.truetype(path, max(8, int(height / 8 * width * 0.9 / long)))
    mask = Image.new("L", (width, height), 0)
    ImageDraw.Draw(mask).text((width / 2, height / 2), name, fill=255, font=font, anchor="mm")
    left, top, right, bottom = mask.getbbox() or (0, 0, 2, 2)
    bounds = (left & ~1, top & ~1, right + 1 & ~1, bottom + 1 & ~1)  # whole chroma samples
    return np.asarray(mask.crop(bounds)), bounds[0], bounds[1]


def encode(codec: Codec, size: int, pictures: Iterator[Plane], key_every: int = KEY_EVERY) -> list[EncodedPicture]:
    """Encode a loop in one of the `RENDITIONS`, with key frames at its start and every `key_every` frames."""
    width, height, bitrate = RENDITIONS[size]
    name, options = _ENCODERS[codec]
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(FPS), Fraction(1, FPS)
    encoder.bit_rate, encoder.gop_size, encoder.thread_count = bitrate, key_every, 1
    encoder.options = options
    written: list[EncodedPicture] = []
    for at, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base = at, Fraction(1, FPS)
        frame.pict_type = PictureType.I if at % key_every == 0 else PictureType.NONE
        written += [EncodedPicture(bytes(p), p.is_keyframe) for p in encoder.encode(frame)]
    return written + [EncodedPicture(bytes(p), p.is_keyframe) for p in encoder.encode(None)]


def save(path: Path, pictures: Sequence[EncodedPicture]) -> None:
    """Write coded pictures into a file: one line of JSON with sizes, then the bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = json.dumps([[len(p.data), p.key] for p in pictures]).encode() + b"\n"
    part = path.with_suffix(f".{os.getpid()}")
    part.write_bytes(head + b"".join(p.data for p in pictures))
    part.replace(path)


def load(path: Path) -> list[EncodedPicture] | None:
    """Return cached pictures; None when there are none or the file is damaged."""
    try:
        head, _, body = path.read_bytes().partition(b"\n")
        sizes = [(int(size), bool(key)) for size, key in json.loads(head)]
    except (OSError, ValueError, TypeError):
        return None
    if sum(size for size, _ in sizes) != len(body) or not sizes or not sizes[0][1]:
        return None
    pictures, at = [], 0
    for size, key in sizes:
        pictures.append(EncodedPicture(body[at : at + size], key))
        at += size
    return pictures
