"""Where each seat stands in the composed picture: plain geometry in pixels, even numbers only (4:2:0 chroma)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

from mediaserver.api import Layout

MAX_TILES = 64
"""8 × 8: below that a face has fewer than 90 lines at 720p. Later seats stay out of the picture, not of the sound."""
STRIP_TILES = 6


@dataclass(frozen=True, slots=True)
class Tile:
    """A seat's rectangle in the picture."""

    seat: str
    x: int
    y: int
    width: int
    height: int


def arrange(layout: Layout, seats: Sequence[str], speaker: str | None, width: int, height: int) -> tuple[Tile, ...]:
    """Tiles for `seats` in order. The focus is `layout.focus`, else the speaker, else the first seat."""
    if not seats:
        return ()
    focus = next((s for s in (layout.focus, speaker) if s in seats), seats[0])
    assert focus is not None
    if layout.kind == "single" or len(seats) == 1:
        return (Tile(focus if layout.kind != "grid" else seats[0], 0, 0, width, height),)
    if layout.kind == "speaker":
        return _speaker(focus, [s for s in seats if s != focus], width, height)
    return _grid(seats[:MAX_TILES], width, height)


def _grid(seats: Sequence[str], width: int, height: int) -> tuple[Tile, ...]:
    """Rows of equal tiles in the picture's own shape; a short last row is centred."""
    columns = ceil(sqrt(len(seats)))
    rows = ceil(len(seats) / columns)
    tile_w, tile_h = _even(width // columns), _even(height // columns)
    top = _even((height - rows * tile_h) // 2)
    tiles = []
    for row in range(rows):
        members = seats[row * columns : (row + 1) * columns]
        left = _even((width - len(members) * tile_w) // 2)
        tiles += [Tile(s, left + i * tile_w, top + row * tile_h, tile_w, tile_h) for i, s in enumerate(members)]
    return tuple(tiles)


def _speaker(focus: str, others: Sequence[str], width: int, height: int) -> tuple[Tile, ...]:
    """The focus above a strip of the first others."""
    strip = others[:STRIP_TILES]
    small_w, small_h = _even(width // STRIP_TILES), _even(height // STRIP_TILES)
    main_h = _even(height - small_h)
    main_w = _even(main_h * width // height)
    left = _even((width - len(strip) * small_w) // 2)
    main = Tile(focus, _even((width - main_w) // 2), 0, main_w, main_h)
    return (main, *(Tile(s, left + i * small_w, main_h, small_w, small_h) for i, s in enumerate(strip)))


def fit(width: int, height: int, tile: Tile) -> Tile:
    """The largest rectangle of shape `width` × `height` centred in a tile."""
    scale = min(tile.width / width, tile.height / height)
    w, h = max(2, _even(round(width * scale))), max(2, _even(round(height * scale)))
    if tile.width - w <= 4 and tile.height - h <= 4:  # a hair's breadth of bars looks like a fault
        w, h = tile.width, tile.height
    return Tile(tile.seat, tile.x + _even((tile.width - w) // 2), tile.y + _even((tile.height - h) // 2), w, h)


def _even(value: int) -> int:
    return value & ~1
