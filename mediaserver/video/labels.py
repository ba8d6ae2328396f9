"""Draws names as grey masks that are blended into a picture. Vietnamese needs all its diacritics: we ship a font."""

import re
import unicodedata
from functools import lru_cache
from math import ceil, floor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

FONT = Path(__file__).parent.parent / "fonts" / "BeVietnamPro-Medium.ttf"
_PADDING = 0.45
"""Room around the text, as a share of the font size."""
_MARKS = 0.32
"""Room above the ascent for capitals with two diacritics (Ễ), as a share of the font size."""
SMALLEST_PX = 13
LEGIBLE = 34
"""Divisor: letters of a 34th of the picture's height can be read across a meeting room."""
CARD_EDGE_PX = 4
"""The edges of a card, both together."""
MAX_LETTERS = 200
"""More letters than ever fit; the time to shorten a name grows with the square of its length."""
_DROPPED = " .…"
"""Characters that do not stand before an ellipsis."""
SEPARATOR = " · "
"""Separates a registered name (Điều 6.4) from its meaning, which is shown where there is room."""
_SIMPLE = re.compile("[\u0020-\u024f\u1e00-\u1eff\u2010-\u2044]*")
"""Scripts whose letters do not change with their neighbours: Vietnamese and all Latin ones."""
_NUMBER = re.compile(r"\.\d{2}$")
"""The number of a point's device: without it two of them look alike."""

Mask = NDArray[np.uint8]


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size)


def readable(text: str) -> str:
    """Return the text in composed form (NFC) on one line, without control characters.

    Line and paragraph separators become spaces: text layout refuses them.
    """
    shown = "".join(c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(unicodedata.normalize("NFC", shown).split())


def _fitting(words: str, font: ImageFont.FreeTypeFont, most: float) -> str:
    """Return the whole text, else the part before its separator, else that with an ellipsis; a device's number
    stays."""
    name = words.partition(SEPARATOR)[0]
    for whole in (words, name):
        if font.getlength(whole) <= most:
            return whole
    number = match[0] if (match := _NUMBER.search(name)) else ""
    head = name.removesuffix(number).rstrip(_DROPPED)
    while len(head) > 1 and font.getlength(f"{head}…{number}") > most:
        head = head[:-1].rstrip(_DROPPED)
    return f"{head}…{number}"


@lru_cache(maxsize=1024)
def fitting(text: str, size: int, most: int) -> str:
    """Return what :func:`mask` writes of a text."""
    return _fitting(readable(text)[:MAX_LETTERS], _font(size), most - 2 * round(size * _PADDING))


def letters(height: int, whole: int) -> int:
    """Return the size in pixels of a name's letters in a tile `height` pixels high, of a picture of `whole` pixels:
    legible in the whole picture, but small enough for the tile."""
    legible = -(-whole // LEGIBLE)
    return max(SMALLEST_PX, min(max(height // 16, legible), height // 6))


def card_letters(height: int, whole: int) -> int:
    """Return the size in pixels of the letters in the middle of a card."""
    return max(letters(height, whole), height // 9)


@lru_cache(maxsize=64)
def mask(text: str, size: int, most: int) -> Mask:
    """Draw `text` in `size` pixels, shortened to at most `most` pixels wide; return an array of even shape, 0 to
    255."""
    font, words = _font(size), fitting(text, size, most)
    pad = round(size * _PADDING)
    ascent, descent = font.getmetrics()
    width, top = min(most, round(font.getlength(words)) + 2 * pad), ceil(size * _MARKS)
    sheet = np.zeros(((ascent + descent + top + 1) & ~1, max(2, width & ~1)), np.uint8)
    if not _SIMPLE.fullmatch(words):
        image = Image.fromarray(sheet)
        ImageDraw.Draw(image).text((pad, top), words, fill=255, font=font)
        return np.asarray(image)
    _write(sheet, words, size, pad, top + ascent)
    return sheet


def _write(sheet: Mask, words: str, size: int, x: float, baseline: int) -> None:
    """Draw letter by letter from a cache: drawing each anew costs a fiftieth of a millisecond, and a name has forty."""
    for at, letter in enumerate(words):
        drawn, right, down = _letter(letter, size)
        left, top = floor(x + 0.5) + right, baseline + down
        place = sheet[max(0, top) : top + drawn.shape[0], max(0, left) : left + drawn.shape[1]]
        drawn = drawn[max(0, -top) :, max(0, -left) :][: place.shape[0], : place.shape[1]]
        np.maximum(place, drawn, out=place)
        x += _advance(words[at : at + 2], size)


@lru_cache(maxsize=4096)
def _letter(letter: str, size: int) -> tuple[Mask, int, int]:
    """Return a letter's picture, and its offset right of and below the pen on the baseline."""
    core, (right, down) = _font(size).getmask2(letter, "L", anchor="ls")
    width, height = core.size
    return np.array(core, np.uint8).reshape(height, width), int(right), int(down)


@lru_cache(maxsize=4096)
def _advance(pair: str, size: int) -> float:
    """Return how far the first of two letters moves the pen, kerning included."""
    font = _font(size)
    return font.getlength(pair) - font.getlength(pair[1:])
