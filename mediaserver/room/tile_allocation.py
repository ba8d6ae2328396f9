"""Allocates a viewer's bitrate to the tiles that it is forwarded, and its m-lines to their cameras. Pure."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LayerChoice:
    """A simulcast layer that a tile may be forwarded: its height in pixels and the bit/s it takes at most."""

    height: int
    bitrate: int


@dataclass(frozen=True, slots=True)
class TileDemand:
    """A tile and the layers of its camera, low to high. `height` is that of the tile on the display, in pixels."""

    tile: str
    height: int
    layers: tuple[LayerChoice, ...]
    first: bool = False
    """Whether it is raised before larger tiles: the speaker's, and the shared screen."""

    @property
    def wanted(self) -> int:
        """Return the index of the smallest layer that fills the tile, else of the largest."""
        sufficient = (number for number, layer in enumerate(self.layers) if layer.height >= self.height)
        return next(sufficient, len(self.layers) - 1)


def lowest_bitrate(demands: Sequence[TileDemand]) -> int:
    """Return the bit/s that all tiles need at the least."""
    return sum(demand.layers[0].bitrate for demand in demands)


def wanted_bitrate(demands: Sequence[TileDemand]) -> int:
    """Return the bit/s with which each tile is as sharp as its height on the display."""
    return sum(demand.layers[demand.wanted].bitrate for demand in demands)


def allocate(demands: Sequence[TileDemand], budget: int) -> dict[str, int] | None:
    """Return the height in pixels of the layer to forward for each tile, within `budget` bit/s; None if not even the
    lowest layers fit.

    Every tile gets its lowest layer. What is left raises one tile after the other, each as far as it fits and its
    height needs: those that go `first`, then by height, then in order.
    """
    left = budget - lowest_bitrate(demands)
    if left < 0:
        return None
    chosen = {}
    for demand in sorted(demands, key=lambda demand: (not demand.first, -demand.height)):
        number = 0
        for higher in range(1, demand.wanted + 1):
            more = demand.layers[higher].bitrate - demand.layers[number].bitrate
            if more <= left:
                left, number = left - more, higher
        chosen[demand.tile] = demand.layers[number].height
    return chosen


def assign(assigned: Mapping[str, str], seen: Set[str], tiles: Sequence[str], mids: Sequence[str]) -> dict[str, str]:
    """Return the MID of the m-line for each tile. `assigned` has those until now, `seen` the m-lines that the viewer
    shows.

    A tile that stays keeps its m-line. Others get one in which nothing is seen now, so that no camera appears in the
    tile of another; only when there is none left, that of a tile that goes. Tiles beyond the number of `mids` get none.
    """
    kept = {tile: assigned[tile] for tile in tiles if tile in assigned}
    free = [mid for mid in mids if mid not in kept.values()]
    free.sort(key=lambda mid: mid in seen)
    new = (tile for tile in tiles if tile not in kept)
    return kept | dict(zip(new, free, strict=False))
