"""Draws slides with text on one colour, and recognises their text in a picture in which they are a tile of any size;
below it a number, which is read where slides fill the picture."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from loadtest.media.perception import NEAR, Rgb
from mediaserver.video.labels import FONT

LINES = 6
READ_SHARE = 0.6
"""Part of the height in which the text is: above the name that the composition writes below."""
EDGE_SHARE = 0.5
"""Least part of the fullest row or column that others of the tile have; a green frame around who speaks has less."""
LEAST_HEIGHT = 90
"""Height in pixels below which no text is read."""
BITS, BITS_TOP, BITS_BOTTOM = 5, 0.7, 0.8
"""Squares of a number, white for 1 and black for 0, the lowest bit first, and the part of the height in which they are:
each is a sixteenth of the width, with as much between two."""
WHITE, BLACK = 200, 50
"""Least and greatest mean of a square that is white or black."""


def text_card(words: str, colour: tuple[int, int, int], size: tuple[int, int]) -> Rgb:
    """Return lines of black text on a colour, each with its number; `size` is width and height."""
    image = Image.new("RGB", size, colour)
    height = size[1] * READ_SHARE / LINES
    font = ImageFont.truetype(str(FONT), round(height * 0.7))
    for line in range(LINES):
        text = f"{line}. {words} ({line * 7919 % 1000})"
        ImageDraw.Draw(image).text((size[0] * 0.05, height * line), text, fill="black", font=font)
    return np.asarray(image)


def numbered(card: Rgb, number: int) -> Rgb:
    """Return a card with a number below its text."""
    picture = card.copy()
    for bit, (rows, columns) in enumerate(_squares(card)):
        picture[rows, columns] = 255 * (number >> bit & 1)
    return picture


def number_of(picture: Rgb | None) -> int | None:
    """Return the number on slides that fill a picture; None where there is none."""
    if picture is None:
        return None
    means = [picture[rows, columns].mean() for rows, columns in _squares(picture)]
    if any(BLACK < mean < WHITE for mean in means):
        return None
    return sum(1 << bit for bit, mean in enumerate(means) if mean >= WHITE)


def _squares(picture: Rgb) -> list[tuple[slice, slice]]:
    height, width, _ = picture.shape
    rows = slice(round(height * BITS_TOP), round(height * BITS_BOTTOM))
    return [(rows, slice(width * (2 * bit + 2) // 16, width * (2 * bit + 3) // 16)) for bit in range(BITS)]


def likeness(picture: Rgb | None, card: Rgb) -> float:
    """Return the correlation of a card's text with the tile of its colour in a picture; 0 where there is none."""
    tile = None if picture is None else _tile(picture, card)
    if tile is None:
        return 0.0
    drawn = np.asarray(Image.fromarray(card).resize(tile.shape[1::-1]))
    seen, wanted = (_text(each) for each in (tile, drawn))
    energy = np.sqrt((seen**2).sum() * (wanted**2).sum())
    return float((seen * wanted).sum() / energy) if energy else 0.0


def _tile(picture: Rgb, card: Rgb) -> Rgb | None:
    """Cut out the tile that has the card's colour: from its first row, as high as its width and the card's shape say.

    Its last rows may be covered by a name.
    """
    near = (np.abs(picture.astype(np.int16) - card[-1, -1]) <= NEAR).all(axis=2)
    rows = np.flatnonzero(near.mean(axis=1) >= EDGE_SHARE * near.mean(axis=1).max())
    if len(rows) < LEAST_HEIGHT or not near.any():
        return None
    within = near[rows[0] : rows[-1] + 1].mean(axis=0)
    left, *_, right = np.flatnonzero(within >= EDGE_SHARE * within.max())
    height = round((right + 1 - left) * card.shape[0] / card.shape[1])
    return picture[rows[0] : rows[0] + height, left : right + 1]


def _text(tile: Rgb) -> npt.NDArray[np.float64]:
    luma: npt.NDArray[np.float64] = tile[: round(len(tile) * READ_SHARE)].mean(axis=2)
    luma -= luma.mean()
    return luma
