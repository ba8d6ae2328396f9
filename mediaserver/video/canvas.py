"""The canvas: a YUV 4:2:0 picture that tiles, cards and names are painted into."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from av import VideoFrame

from mediaserver.api import TileIcon
from mediaserver.video import labels, tile_icons
from mediaserver.video.layout import Tile
from mediaserver.video.planes import Planes, planes
from mediaserver.video.scaler import halve
from mediaserver.video.shadow import darken

BACKGROUND = (24, 128, 128)
CARD = (46, 134, 122)
EMPTY = (32, 130, 126)
HEADING = (30, 134, 122)
ACCENT = (150, 44, 21)
"""Green: the frame around the tile of the speaker."""
WHITE = 235
BORDER_PX = 4
OVERLAY_LETTERS = 22
"""Divisor: letters of an overlay are this part of the picture's height."""
MAX_OVERLAY_LINES = 10
"""More would not fit."""


MAX_REGIONS = 256
"""Rectangles whose regions are remembered: two for each tile of a layout, and some of the layout before."""


class Canvas:
    """A picture to paint on. `frame` is the picture itself; encoders read it as it is."""

    def __init__(self, width: int, height: int) -> None:
        self.frame = VideoFrame(width, height, "yuv420p")
        self._regions = _regions_of(planes(self.frame))
        self.fill(Tile("", 0, 0, width, height), BACKGROUND)

    def fill(self, tile: Tile, colour: tuple[int, int, int]) -> None:
        """Paint a rectangle in one colour (Y, U, V)."""
        y, u, v = self._regions(tile)
        y[:], u[:], v[:] = colour

    def paint(self, tile: Tile, picture: VideoFrame) -> None:
        """Copy a picture of the tile's exact size into its place."""
        for target, source in zip(self._regions(tile), planes(picture), strict=True):
            target[:] = source[: target.shape[0], : target.shape[1]]

    def shrink(self, tile: Tile, picture: VideoFrame) -> None:
        """Write a picture of twice the tile's size (see :func:`halves`) into its place."""
        halve(picture, self._regions(tile))

    def name(self, tile: Tile, text: str, shown: tuple[TileIcon, ...] = ()) -> None:
        """Write a name behind its icons over the tile's lower left corner, on a darkened bar."""
        bar = tile_icons.bar(text, shown, labels.letters(tile.height, self.frame.height), tile.width)
        luma, u, v = self._regions(_spot(bar.light, tile.x, tile.y + tile.height - bar.light.shape[0]))
        darken(luma, u, v, bar.light)
        for place, lit, tints in bar.icons:
            for plane, tint in zip((u, v), tints, strict=True):
                plane[:, place][lit] = tint

    def card(self, tile: Tile, text: str, shown: tuple[TileIcon, ...] = ()) -> None:
        """Paint a named card, which replaces a missing camera."""
        self._sheet(tile, CARD)
        self._middle(tile, text)
        if shown:
            self.name(tile, "", shown)

    def empty(self, tile: Tile, text: str = "") -> None:
        """Paint an empty pane with the name of the point that is awaited there."""
        self._sheet(tile, EMPTY)
        if text:
            self._middle(tile, text)

    def _middle(self, tile: Tile, text: str) -> None:
        size = labels.card_letters(tile.height, self.frame.height)
        mask = labels.mask(text, size, tile.width - labels.CARD_EDGE_PX)
        self._write(mask, tile.x + (tile.width - mask.shape[1]) // 2, tile.y + (tile.height - mask.shape[0]) // 2)

    def heading(self, tile: Tile, title: str, clock: str) -> None:
        """Write the line above the panes: title on the left, clock on the right."""
        self.fill(tile, HEADING)
        size = tile.height * 3 // 5
        right = labels.mask(clock, size, tile.width // 2)
        left = labels.mask(title, size, tile.width - right.shape[1])
        self._write(left, tile.x, tile.y + (tile.height - left.shape[0]) // 2)
        self._write(right, tile.x + tile.width - right.shape[1], tile.y + (tile.height - right.shape[0]) // 2)

    def overlay(self, text: str, *, low: bool) -> None:
        """Write lines on a panel, below the middle of the picture where `low`."""
        width, height = self.frame.width, self.frame.height
        size = height // OVERLAY_LETTERS
        masks = [labels.mask(line, size, width * 9 // 10 - 2 * size) for line in text.splitlines()[:MAX_OVERLAY_LINES]]
        inner, tall = max(mask.shape[1] for mask in masks), sum(mask.shape[0] for mask in masks)
        panel = Tile("", (width - inner) // 2 - size & ~1, 0, inner + 2 * size & ~1, tall + size & ~1)
        top = height - panel.height - height // 12 if low else (height - panel.height) // 2
        panel = panel._replace(y=max(0, top) & ~1)
        self.fill(panel, HEADING)
        y = panel.y + size // 2
        for mask in masks:
            self._write(mask, panel.x + (panel.width - mask.shape[1]) // 2, y)
            y += mask.shape[0]

    def _sheet(self, tile: Tile, colour: tuple[int, int, int]) -> None:
        self.fill(tile, BACKGROUND)
        self.fill(Tile("", tile.x + 2, tile.y + 2, tile.width - 4, tile.height - 4), colour)

    def _write(self, mask: labels.Mask, x: int, y: int) -> None:
        luma, *_ = self._regions(_spot(mask, x & ~1, y & ~1))
        np.maximum(luma, np.minimum(mask, WHITE), out=luma)

    def border(self, tile: Tile) -> None:
        """Draw the frame that marks the speaker."""
        w, h, b = tile.width, tile.height, BORDER_PX
        for edge in (
            Tile("", tile.x, tile.y, w, b),
            Tile("", tile.x, tile.y + h - b, w, b),
            Tile("", tile.x, tile.y, b, h),
            Tile("", tile.x + w - b, tile.y, b, h),
        ):
            self.fill(edge, ACCENT)


def _regions_of(whole: Planes) -> Callable[[Tile], Planes]:
    """Return the function that cuts a tile out of three planes. It remembers them: tiles seldom move."""
    luma, *colours = whole

    @lru_cache(maxsize=MAX_REGIONS)
    def regions(tile: Tile) -> Planes:
        x, y, w, h = tile.x, tile.y, tile.width, tile.height
        u, v = (plane[y // 2 : (y + h) // 2, x // 2 : (x + w) // 2] for plane in colours)
        return luma[y : y + h, x : x + w], u, v

    return regions


def _spot(mask: labels.Mask, x: int, y: int) -> Tile:
    return Tile("", x, y, mask.shape[1], mask.shape[0])
