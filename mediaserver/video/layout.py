"""Computes each seat's tile in the composed picture: plain geometry in pixels, even numbers only (4:2:0 chroma)."""

from collections.abc import Sequence
from functools import lru_cache
from math import ceil
from typing import NamedTuple

from mediaserver.api import Layout, LayoutKind
from mediaserver.video.layout_plans import FAMILIES, LayoutPlan, Role

HEADING_LINES = 18
"""Divisor: the line of title and clock takes this part of the picture's height."""


class Tile(NamedTuple):
    """A seat's rectangle in the picture; `seat` is "" for an empty pane, `awaited` the absent point that is pinned
    there."""

    seat: str
    x: int
    y: int
    width: int
    height: int
    awaited: str = ""


def arrange(
    layout: Layout, seats: Sequence[str], speaker: str | None, width: int, height: int, content: str | None = None
) -> tuple[Tile, ...]:
    """Return the tiles for `seats` in order; a seat without a tile is on another page. `content` is a shared screen."""
    if not seats:
        return ()
    family = FAMILIES[layout.kind]
    panes = _fill(layout, family.plan(family.most), seats, speaker, content)
    if family.grows:
        panes = _trimmed(layout, panes)
    ground = _ground(layout, width, height)
    places = _places(layout.kind, max(1, len(panes)), ground)
    placed = (
        Tile(seat, *place, "" if seat else _awaited(layout, number))
        for number, (seat, place) in enumerate(zip(panes, places, strict=True))
    )
    return tuple(tile for tile in placed if tile.seat or layout.empty)


def heading(layout: Layout, width: int, height: int) -> Tile:
    """Return the rectangle of the line above the panes; its height is 0 when neither title nor clock is wanted."""
    return Tile("", 0, 0, width, _even(height // HEADING_LINES) if layout.title or layout.clock else 0)


def pages(layout: Layout, seats: Sequence[str], speaker: str | None, content: str | None = None) -> int:
    """Return the number of pages that show everyone once."""
    panes = _fixed(layout, FAMILIES[layout.kind].plan(FAMILIES[layout.kind].most), seats, speaker, content)
    free, rest = _free(layout, panes, seats)
    return _pages(len(free), len(rest))


def turned(layout: Layout, elapsed: float) -> int:
    """Return the page to show `elapsed` seconds after the layout was chosen."""
    return layout.page + (int(elapsed // layout.rotate) if layout.rotate else 0)


def _fill(
    layout: Layout, plan: LayoutPlan, seats: Sequence[str], speaker: str | None, content: str | None
) -> list[str]:
    """Return the seat in each pane, "" for none."""
    panes = _fixed(layout, plan, seats, speaker, content)
    free, rest = _free(layout, panes, seats)
    first = layout.page % _pages(len(free), len(rest)) * len(free)
    for pane, seat in zip(free, rest[first:], strict=False):
        panes[pane] = seat
    return panes


def _fixed(
    layout: Layout, plan: LayoutPlan, seats: Sequence[str], speaker: str | None, content: str | None
) -> list[str]:
    """Place pinned seats, then those that panes of a role wait for; panes left to the order of seats stay ""."""
    pins = layout.seats[: len(plan.cells)]
    panes = [(seat if seat in seats else "") or "" for seat in pins] + [""] * (len(plan.cells) - len(pins))
    taken = set(panes)
    waits: dict[Role, tuple[str | None, ...]] = {
        "main": (layout.focus, speaker, *seats),
        "held": (layout.focus, *seats),
        "speaker": (speaker, *seats),
        "content": (content, layout.focus, *seats),
    }
    for number, cell in enumerate(plan.cells):
        if cell.role != "seat" and not panes[number] and not _reserved(layout, number):
            panes[number] = next(
                (s for s in waits[cell.role] if s and (s in seats or s == content) and s not in taken), ""
            )
            taken.add(panes[number])
    return panes


def _reserved(layout: Layout, pane: int) -> bool:
    """Return whether an empty card keeps the pane for the absent point that is pinned there."""
    return layout.empty and pane < len(layout.seats) and layout.seats[pane] is not None


def _awaited(layout: Layout, pane: int) -> str:
    """Return the absent point that a pane is kept for, "" for none."""
    return layout.seats[pane] or "" if _reserved(layout, pane) else ""


def _free(layout: Layout, panes: Sequence[str], seats: Sequence[str]) -> tuple[list[int], list[str]]:
    """Return the panes and the seats that are still free once the `panes` with a role or a pin are taken."""
    free = [number for number, seat in enumerate(panes) if not seat and not _reserved(layout, number)]
    taken = set(panes)
    return free, [seat for seat in seats if seat not in taken]


def _pages(free: int, rest: int) -> int:
    return max(1, ceil(rest / free)) if free else 1


def _trimmed(layout: Layout, panes: list[str]) -> list[str]:
    """Return the panes up to the last one that is taken or kept for somebody."""
    last = max((number for number, seat in enumerate(panes) if seat or _reserved(layout, number)), default=0)
    return panes[: last + 1]


def _ground(layout: Layout, width: int, height: int) -> Tile:
    """Return the area of the panes: the picture's own shape, below the heading if there is one."""
    top = heading(layout, width, height).height
    inner = _even(width * (height - top) // height)
    return Tile("", _even((width - inner) // 2), top, inner, height - top)


@lru_cache(1000)
def _places(kind: LayoutKind, count: int, ground: Tile) -> tuple[tuple[int, int, int, int], ...]:
    """Return the panes in pixels (x, y, width, height): equal cells become equal rectangles everywhere."""
    plan = FAMILIES[kind].plan(count)
    return tuple(
        (
            ground.x + _even(cell.x * ground.width // plan.columns),
            ground.y + _even(cell.y * ground.height // plan.rows),
            _even(cell.width * ground.width // plan.columns),
            _even(cell.height * ground.height // plan.rows),
        )
        for cell in plan.cells
    )


@lru_cache(1000)
def fit(width: int, height: int, tile: Tile) -> Tile:
    """Return the largest rectangle of shape `width` × `height` centred in a tile."""
    scale = min(tile.width / width, tile.height / height)
    w, h = max(2, _even(round(width * scale))), max(2, _even(round(height * scale)))
    if tile.width - w <= 4 and tile.height - h <= 4:  # a hair's breadth of bars looks like a fault
        w, h = tile.width, tile.height
    return Tile(tile.seat, tile.x + _even((tile.width - w) // 2), tile.y + _even((tile.height - h) // 2), w, h)


def _even(value: int) -> int:
    return value & ~1
