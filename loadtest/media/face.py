"""Draws a person in front of a camera: the head sways, the eyes blink, and the mouth moves while the person speaks.

All parts are drawn once; a picture of the loop is the still background with the head pasted and tilted on it, which
costs about as much as encoding it.
"""

import colorsys
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw

from loadtest.media.clip import FPS, Clip, Codec, make_clip
from loadtest.media.picture import LAYERS, LOOP_FRAMES, RENDITIONS, Plane, cached
from loadtest.media.voice import loudness

SMOOTH = 3
"""Parts are drawn so many times larger and made small, which smooths their edges."""
MOUTHS = 4
"""Mouths from closed to wide open."""
BLINK_FRAMES = 4
BLINKS = (17, 61)
"""Frames of the loop at which the eyes close, for the first person; each other blinks at a moment of its own."""
_SKINS = ((241, 204, 170), (224, 178, 140), (198, 150, 112), (233, 190, 155))
_HAIRS = ((28, 24, 24), (48, 38, 34), (70, 66, 66), (120, 118, 118))
_JACKETS = ((44, 56, 84), (70, 70, 76), (36, 84, 78), (104, 48, 56), (88, 72, 52))
_WHITE, _DARK, _LIP, _MOUTH = (250, 250, 248), (40, 32, 30), (176, 92, 88), (96, 34, 38)
_VERSION = 1
"""Version of the drawing: change it and cached clips are made anew."""

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Face:
    """A person, whose colours, hair and movements follow from a number."""

    number: int

    @property
    def wall(self) -> Colour:
        """The colour of the wall behind the person: twelve pale hues."""
        red, green, blue = colorsys.hsv_to_rgb(self.number * 5 % 12 / 12, 0.28, 0.74)
        return round(red * 255), round(green * 255), round(blue * 255)

    @property
    def skin(self) -> Colour:
        """The colour of the skin."""
        return _SKINS[self.number % len(_SKINS)]

    @property
    def hair(self) -> Colour:
        """The colour of the hair."""
        return _HAIRS[self.number * 3 // 2 % len(_HAIRS)]

    @property
    def jacket(self) -> Colour:
        """The colour of the jacket."""
        return _JACKETS[self.number % len(_JACKETS)]

    @property
    def long_hair(self) -> bool:
        """True if the hair reaches the shoulders."""
        return self.number % 2 == 1


def clips(face: Face, codec: Codec, layers: int, cache: Path, *, speaking: bool) -> tuple[Clip, ...]:
    """Return the loop of a face in so many layers, low to high, from the cache if possible."""
    made = []
    for size in LAYERS[layers]:
        width, height, _ = RENDITIONS[size]
        key = ["face", _VERSION, face.number, speaking, codec, size]
        pictures = draw(face, width, height, speaking=speaking)
        made.append(make_clip(codec, width, height, cached(key, codec, size, pictures, cache)))
    return tuple(made)


def draw(face: Face, width: int, height: int, *, speaking: bool) -> Iterator[Plane]:
    """Draw the loop's pictures in yuv420p."""
    room = _room(face, width, height)
    heads = {
        (closed, mouth): _head(face, height, closed=closed, mouth=mouth)
        for closed in (False, True)
        for mouth in range(MOUTHS if speaking else 1)
    }
    for at in range(LOOP_FRAMES):
        head = heads[eyes_closed(face, at), mouth_at(at) if speaking else 0]
        right, down, tilt = pose(face, at)
        picture = room.copy()
        tilted = head.rotate(tilt, Image.Resampling.BILINEAR)
        left = round(width / 2 - head.width / 2 + right * height)
        picture.paste(tilted, (left, round((0.09 + down) * height)), tilted)
        frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24").reformat(
            format="yuv420p", dst_colorspace="ITU601"
        )
        yield np.asarray(frame.to_ndarray(), np.uint8)


def pose(face: Face, at: int) -> tuple[float, float, float]:
    """Return how far the head is right and down in heights of the picture, and its tilt in degrees, in frame `at`."""
    turn, own = 2 * math.pi * at / LOOP_FRAMES, face.number * 1.7
    right = 0.018 * math.sin(turn + own) + 0.008 * math.sin(2 * turn + 2 * own)
    return right, 0.007 * math.sin(2 * turn + own), 2.6 * math.sin(turn + own / 2)


def eyes_closed(face: Face, at: int) -> bool:
    """Return whether the eyes are closed in frame `at` of the loop."""
    return any((at - blink - face.number * 7) % LOOP_FRAMES < BLINK_FRAMES for blink in BLINKS)


def mouth_at(at: int) -> int:
    """Return how far the mouth is open in frame `at` of the loop, 0 … `MOUTHS` - 1: as loud as the voice is."""
    return round(float(loudness(np.array([at / FPS]))[0]) * (MOUTHS - 1))


def _room(face: Face, width: int, height: int) -> Image.Image:
    """Draw what does not move: wall, cabinet, shoulders and table."""
    wide, high = width * SMOOTH, height * SMOOTH
    image = Image.new("RGB", (wide, high), face.wall)
    pen = ImageDraw.Draw(image)
    shade = _darker(face.wall, 0.86)
    pen.rectangle((0, 0, wide * 0.27, high), shade)
    for row in range(1, 4):
        pen.rectangle((0, high * row * 0.22, wide * 0.25, high * (row * 0.22 + 0.02)), _darker(shade, 0.7))
    middle = wide / 2
    pen.ellipse((middle - high * 0.46, high * 0.68, middle + high * 0.46, high * 1.5), face.jacket)
    pen.polygon(
        [(middle - high * 0.12, high * 0.68), (middle + high * 0.12, high * 0.68), (middle, high * 0.98)], _WHITE
    )
    pen.rounded_rectangle(
        (middle - high * 0.075, high * 0.52, middle + high * 0.075, high * 0.74), high * 0.06, _darker(face.skin, 0.9)
    )
    if not face.long_hair:
        tie = _darker(face.wall, 0.55)
        pen.polygon(
            [(middle - high * 0.025, high * 0.76), (middle + high * 0.025, high * 0.76), (middle, high * 0.97)], tie
        )
    pen.rectangle((0, high * 0.94, wide, high), (110, 84, 62))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _head(face: Face, height: int, *, closed: bool, mouth: int) -> Image.Image:
    """Draw a head of 0.64 by 0.64 heights of the picture on nothing."""
    side = round(height * 0.64)
    unit = side * SMOOTH
    image = Image.new("RGBA", (unit, unit), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)

    def ellipse(left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        pen.ellipse((left * unit, top * unit, right * unit, bottom * unit), colour)

    if face.long_hair:
        pen.rounded_rectangle((0.16 * unit, 0.1 * unit, 0.84 * unit, 0.84 * unit), 0.3 * unit, face.hair)
    ellipse(0.19, 0.46, 0.29, 0.62, _darker(face.skin, 0.93))
    ellipse(0.71, 0.46, 0.81, 0.62, _darker(face.skin, 0.93))
    ellipse(0.2, 0.06, 0.8, 0.7, face.hair)
    ellipse(0.23, 0.16, 0.77, 0.92, face.skin)
    pen.chord((0.22 * unit, 0.07 * unit, 0.78 * unit, 0.62 * unit), 195, 345, face.hair)
    for left in (0.335, 0.555):
        _eye(pen, unit, left, closed=closed)
        pen.rounded_rectangle((left * unit, 0.405 * unit, (left + 0.11) * unit, 0.425 * unit), 0.01 * unit, face.hair)
    pen.line(
        [(0.5 * unit, 0.52 * unit), (0.48 * unit, 0.64 * unit), (0.52 * unit, 0.65 * unit)],
        _darker(face.skin, 0.75),
        round(0.012 * unit),
        joint="curve",
    )
    _mouth(pen, unit, mouth)
    return image.resize((side, side), Image.Resampling.LANCZOS)


def _eye(pen: ImageDraw.ImageDraw, unit: int, left: float, *, closed: bool) -> None:
    box = (left * unit, 0.455 * unit, (left + 0.11) * unit, 0.525 * unit)
    if closed:
        pen.arc(box, 10, 170, _DARK, round(0.014 * unit))
        return
    pen.ellipse(box, _WHITE)
    pen.ellipse(((left + 0.034) * unit, 0.463 * unit, (left + 0.078) * unit, 0.519 * unit), _DARK)


def _mouth(pen: ImageDraw.ImageDraw, unit: int, mouth: int) -> None:
    if mouth == 0:
        pen.arc((0.41 * unit, 0.66 * unit, 0.59 * unit, 0.77 * unit), 20, 160, _LIP, round(0.018 * unit))
        return
    half = mouth * 0.024
    box = ((0.42 + half / 4) * unit, (0.75 - half) * unit, (0.58 - half / 4) * unit, (0.75 + half) * unit)
    pen.ellipse(box, _MOUTH, outline=_LIP, width=round(0.016 * unit))


def _darker(colour: Colour, factor: float) -> Colour:
    red, green, blue = (round(value * factor) for value in colour)
    return red, green, blue
