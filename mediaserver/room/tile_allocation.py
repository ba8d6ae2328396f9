"""Allocates a viewer's bitrate to the tiles that it is forwarded, and its m-lines to their cameras. Pure."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

RAISE_FACTOR = 1.25
"""Factor of the bit/s with which a layer counts as long as a tile is forwarded a lower one. Else a layer would come and
go with every movement in front of its camera, and each time ask its sender for a key frame."""


@dataclass(frozen=True, slots=True)
class LayerChoice:
    """A simulcast layer that a tile may be forwarded, whole or without its upper temporal layers."""

    height: int
    """Its height in pixels."""
    bitrate: int
    """The bit/s that it takes now, as far as is known."""
    most: int
    """The bit/s that it takes at most."""
    temporal_layer: int | None = None
    """The highest temporal layer that is forwarded; None: all."""

    def above(self, other: "LayerChoice") -> bool:
        """Return whether it is larger than another one, or smoother."""
        if self.height != other.height or other.temporal_layer is None:
            return self.height > other.height
        return self.temporal_layer is None or self.temporal_layer > other.temporal_layer


NOTHING = LayerChoice(0, 0, 0)
"""What a tile has that is not forwarded."""


@dataclass(frozen=True, slots=True)
class TileDemand:
    """A tile and the layers of its camera, low to high; the lowest may come in parts, those without upper temporal
    layers first. `height` is that of the tile on the display, in pixels."""

    tile: str
    height: int
    layers: tuple[LayerChoice, ...]
    first: bool = False
    """Whether it is raised before larger tiles: the speaker's, and the shared screen."""

    @property
    def smooth(self) -> int:
        """Return the index of the lowest layer with all its pictures."""
        return next(number for number, layer in enumerate(self.layers) if layer.temporal_layer is None)

    @property
    def wanted(self) -> int:
        """Return the index of the smallest layer that fills the tile, else of the largest, with all its pictures."""
        whole = range(self.smooth, len(self.layers))
        return next((number for number in whole if self.layers[number].height >= self.height), whole[-1])


def layer_choice(height: int, sends: int | None, may: int, forwarded: LayerChoice) -> LayerChoice:
    """Return what a camera's layer of `height` pixels costs a tile that is `forwarded` another or the same now.

    It `sends` so many bit/s, and `may` send so many: these count until the others are known.
    """
    if sends is None:
        return LayerChoice(height, may, may)
    whole = LayerChoice(height, sends, max(may, sends))
    return replace(whole, bitrate=min(whole.most, round(RAISE_FACTOR * sends))) if whole.above(forwarded) else whole


def in_parts(demand: TileDemand, sends: int, shares: Sequence[float], forwarded: LayerChoice) -> TileDemand:
    """Return a demand whose lowest layer may come without its upper temporal layers.

    It `sends` so many bit/s in all; each temporal layer has one of the `shares` with all below it.
    """
    lowest = demand.layers[0]
    parts = []
    for number, share in enumerate(shares[:-1]):
        part = LayerChoice(lowest.height, round(share * sends), lowest.most, number)
        parts.append(replace(part, bitrate=round(RAISE_FACTOR * share * sends)) if part.above(forwarded) else part)
    return replace(demand, layers=(*parts, *demand.layers))


def lowest_bitrate(demands: Sequence[TileDemand]) -> int:
    """Return the bit/s that all tiles need at the least."""
    return sum(demand.layers[0].bitrate for demand in demands)


def wanted_bitrate(demands: Sequence[TileDemand]) -> int:
    """Return the most bit/s that tiles take of which each is as sharp as its height on the display."""
    return sum(demand.layers[demand.wanted].most for demand in demands)


def allocate(demands: Sequence[TileDemand], budget: int) -> dict[str, LayerChoice] | None:
    """Return the layer to forward for each tile, within `budget` bit/s; None if not even the lowest layers fit.

    Every tile gets its lowest layer, without upper temporal layers where it comes in parts. What is left raises one
    tile after the other, first to all pictures of that layer, then to larger layers, each as far as it fits and its
    height needs: those that go `first`, then by height, then in order.
    """
    left = budget - lowest_bitrate(demands)
    if left < 0:
        return None
    chosen = {demand.tile: demand.layers[0] for demand in demands}
    ordered = sorted(demands, key=lambda demand: (not demand.first, -demand.height))
    raised = [(demand, range(1, demand.smooth + 1)) for demand in ordered]
    raised += [(demand, range(demand.smooth + 1, demand.wanted + 1)) for demand in ordered]
    for demand, numbers in raised:
        for number in numbers:
            more = demand.layers[number].bitrate - chosen[demand.tile].bitrate
            if more <= left:
                left, chosen[demand.tile] = left - more, demand.layers[number]
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
