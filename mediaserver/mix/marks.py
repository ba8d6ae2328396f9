"""What stands before a name: a microphone while the floor is open, short bars while the line is poor."""

from functools import lru_cache
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from mediaserver.mix import labels
from mediaserver.mix.labels import Mask

Mark = Literal["floor", "poor"]

TINTS: dict[Mark, tuple[int, int]] = {"floor": (90, 70), "poor": (40, 165)}
"""Their chroma (U, V): green for the open floor, amber for the poor line."""
_FINE = 4
"""Drawn so many times larger, then reduced: smooth edges."""
_GRID = 24


def bar(text: str, marks: tuple[Mark, ...], size: int, most: int) -> tuple[Mask, tuple[tuple[Mark, int, int], ...]]:
    """A name behind its marks, at most `most` pixels wide, and where each mark stands (from and to, in pixels)."""
    side = (size + 1) & ~1
    gap = (size // 4) & ~1
    width = len(marks) * side + 2 * gap
    if not marks or width >= most:
        return labels.mask(text, size, most), ()
    words = labels.mask(text, size, most - width)
    whole = np.zeros((words.shape[0], width + words.shape[1]), np.uint8)
    whole[:, width:] = words
    top = (words.shape[0] - side) // 2
    spans = []
    for number, mark in enumerate(marks):
        left = 2 * gap + number * side
        whole[top : top + side, left : left + side] = _icon(mark, side)
        spans.append((mark, left, left + side))
    return whole, tuple(spans)


@lru_cache(maxsize=64)
def _icon(mark: Mark, side: int) -> Mask:
    image = Image.new("L", (_GRID * _FINE, _GRID * _FINE))
    _DRAW[mark](ImageDraw.Draw(image))
    return np.asarray(image.resize((side, side), Image.Resampling.LANCZOS))


def _microphone(draw: ImageDraw.ImageDraw) -> None:
    draw.rounded_rectangle(_box(8, 1, 16, 14), 4 * _FINE, fill=255)
    draw.arc(_box(4, 4, 20, 19), 0, 180, fill=255, width=2 * _FINE)
    draw.rectangle(_box(11, 18, 13, 22), fill=255)
    draw.rectangle(_box(7, 21, 17, 23), fill=255)


def _short_bars(draw: ImageDraw.ImageDraw) -> None:
    """Signal bars of which only the first is full."""
    draw.rectangle(_box(2, 16, 7, 22), fill=255)
    draw.rectangle(_box(9, 10, 14, 22), outline=200, width=_FINE + _FINE // 2)
    draw.rectangle(_box(16, 3, 21, 22), outline=200, width=_FINE + _FINE // 2)


def _box(*corners: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = (each * _FINE for each in corners)
    return left, top, right, bottom


_DRAW = {"floor": _microphone, "poor": _short_bars}
