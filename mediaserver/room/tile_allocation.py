"""Allocates a viewer's bitrate to the tiles that it is forwarded, and its m-lines to their cameras. Pure."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

RAISE_FACTOR = 1.25
"""Factor of the bit/s with which a layer counts as long as a tile is forwarded a lower one. Else a layer would come and
go with every movement in front of its camera, and each time ask its sender for a key frame."""


@dataclass(frozen=True, slots=True)
class LayerChoice:
    """A simulcast layer that a tile may be forwarded."""

    height: int
    """Its height in pixels."""
    bitrate: int
    """The bit/s that it takes now, as far as is known."""
    most: int
    """The bit/s that it takes at most."""


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


def layer_choice(height: int, sends: int | None, may: int, forwarded: int) -> LayerChoice:
    """Return what a camera's layer of `height` pixels costs a tile that is forwarded `forwarded` pixels now.

    It `sends` so many bit/s, and `may` send so many: these count until the others are known.
    """
    if sends is None:
        return LayerChoice(height, may, may)
    most = max(may, sends)
    return LayerChoice(height, sends if height <= forwarded else min(most, round(RAISE_FACTOR * sends)), most)


def lowest_bitrate(demands: Sequence[TileDemand]) -> int:
    """Return the bit/s that all tiles need at the least."""
    return sum(demand.layers[0].bitrate for demand in demands)


def wanted_bitrate(demands: Sequence[TileDemand]) -> int:
    """Return the most bit/s that tiles take of which each is as sharp as its height on the display."""
    return sum(demand.layers[demand.wanted].most for demand in demands)


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
