"""Icons before a name: a microphone while the floor is open, struck through while it is off and with waves while it
speaks, and short signal bars while the connection is poor."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mediaserver.api import TileIcon
from mediaserver.video import labels
from mediaserver.video.labels import Mask

GREEN, AMBER = (90, 70), (40, 165)
TINTS: dict[TileIcon, tuple[int, int]] = {"floor": AMBER, "mic": GREEN, "sound": GREEN, "poor": AMBER}
"""Chroma (U, V) of the icons: green for an open microphone, amber for one that is off and for the poor connection."""
LIT = 80
"""Where an icon's mask is brighter than this, it has its colour."""
BLACK_LEFT = 12
"""Three quarters of black, whose luma is 16: what a quarter of any luma lacks."""
_FINE = 4
"""Factor by which icons are drawn larger and then reduced, for smooth edges."""
_GRID = 24


class Bar(NamedTuple):
    """A name behind its icons, ready to be painted."""

    light: Mask
    """Values added to a picture's luma that was darkened to a quarter."""
    icons: tuple[tuple[slice, NDArray[np.bool_], tuple[int, int]], ...]
    """For each icon the columns of the chroma planes, a mask of its coloured pixels, and its colour."""


@lru_cache(maxsize=1024)
def bar(text: str, marks: tuple[TileIcon, ...], size: int, most: int) -> Bar:
    """Return a name in `size` pixels behind its icons, at most `most` pixels wide."""
    side, gap, width = _side(size), _gap(size), _width(len(marks), size)
    if not marks or width >= most:
        return Bar(_light(labels.mask(text, size, most)), ())
    words = labels.mask(text, size, most - width)
    whole = np.zeros((words.shape[0], width + words.shape[1]), np.uint8)
    whole[:, width:] = words
    top = (words.shape[0] - side) // 2
    icons = []
    for number, mark in enumerate(marks):
        left = 2 * gap + number * side
        whole[top : top + side, left : left + side] = _icon(mark, side)
        lit = whole[::2, left : left + side : 2] > LIT
        icons.append((slice(left // 2, (left + side) // 2), lit, TINTS[mark]))
    return Bar(_light(whole), tuple(icons))


def with_sound(marks: tuple[TileIcon, ...], heard: bool) -> tuple[TileIcon, ...]:
    """Return the icons of a tile, in which an open microphone is drawn with waves while sound comes from its seat."""
    return tuple("sound" if heard and mark == "mic" else mark for mark in marks)


def fitting(text: str, marks: tuple[TileIcon, ...], size: int, most: int) -> str:
    """Return what :func:`bar` writes of a name."""
    width = _width(len(marks), size)
    return labels.fitting(text, size, most - width if width < most else most)


def _side(size: int) -> int:
    return (size + 1) & ~1


def _gap(size: int) -> int:
    return (size // 4) & ~1


def _width(marks: int, size: int) -> int:
    """Return the width in pixels of so many icons with the room around them."""
    return marks * _side(size) + 2 * _gap(size) if marks else 0


def _light(mask: Mask) -> Mask:
    """Return the values to add: at most 188, which with a quarter of any luma stays within a byte."""
    light: Mask = (mask >> 1) + (mask >> 3) + (mask >> 4) + (mask >> 6) + BLACK_LEFT
    return light


@lru_cache(maxsize=64)
def _icon(mark: TileIcon, side: int) -> Mask:
    image = Image.new("L", (_GRID * _FINE, _GRID * _FINE))
    _DRAW[mark](ImageDraw.Draw(image))
    return np.asarray(image.resize((side, side), Image.Resampling.LANCZOS))


def _microphone(draw: ImageDraw.ImageDraw) -> None:
    draw.rounded_rectangle(_box(8, 1, 16, 14), 4 * _FINE, fill=255)
    draw.arc(_box(4, 4, 20, 19), 0, 180, fill=255, width=2 * _FINE)
    draw.rectangle(_box(11, 18, 13, 22), fill=255)
    draw.rectangle(_box(7, 21, 17, 23), fill=255)


def _struck_microphone(draw: ImageDraw.ImageDraw) -> None:
    _microphone(draw)
    ends = tuple(each * _FINE for each in (3, 3, 21, 21))
    draw.line(ends, fill=0, width=5 * _FINE)
    draw.line(ends, fill=255, width=2 * _FINE)


def _sounding_microphone(draw: ImageDraw.ImageDraw) -> None:
    """Draw a microphone with two waves at its right."""
    draw.rounded_rectangle(_box(4, 1, 12, 14), 4 * _FINE, fill=255)
    draw.arc(_box(0, 4, 16, 19), 0, 180, fill=255, width=2 * _FINE)
    draw.rectangle(_box(7, 18, 9, 22), fill=255)
    draw.rectangle(_box(3, 21, 13, 23), fill=255)
    for radius in (6, 10):
        draw.arc(_box(13 - radius, 9 - radius, 13 + radius, 9 + radius), -45, 45, fill=255, width=2 * _FINE)


def _short_bars(draw: ImageDraw.ImageDraw) -> None:
    """Draw signal bars of which only the first is full."""
    draw.rectangle(_box(2, 16, 7, 22), fill=255)
    draw.rectangle(_box(9, 10, 14, 22), outline=200, width=_FINE + _FINE // 2)
    draw.rectangle(_box(16, 3, 21, 22), outline=200, width=_FINE + _FINE // 2)


def _box(*corners: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = (each * _FINE for each in corners)
    return left, top, right, bottom


_DRAW = {"floor": _struck_microphone, "mic": _microphone, "sound": _sounding_microphone, "poor": _short_bars}
