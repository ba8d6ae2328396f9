"""Checks that tiles fill a picture."""

from collections.abc import Sequence

import numpy as np

from mediaserver.video.layout import Tile


def assert_tiled(tiles: Sequence[Tile], width: int, height: int) -> None:
    """Check that every tile lies in the picture, none over another, with even numbers, and none is empty."""
    painted = np.zeros((height, width), np.uint8)
    for tile in tiles:
        assert min(tile.x, tile.y) >= 0 and min(tile.width, tile.height) > 0
        assert tile.x + tile.width <= width and tile.y + tile.height <= height
        assert (tile.x | tile.y | tile.width | tile.height) & 1 == 0
        painted[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width] += 1
    assert painted.max() == 1
