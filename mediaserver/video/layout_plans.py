"""Every layout as data: panes on a small grid, drawn with letters, as they are composed and shown.

A letter is a pane; the same letter over several places makes it larger, a dot is nothing. Panes are filled in the order
of the alphabet, capitals first. Each pane has a role that says whom it waits for:

main     the focus, else the speaker, else the first point that has no pane yet
held     the focus, else the first point: it stays when somebody else speaks
speaker  the speaker, else the first point that has no pane yet
seat     the points in order
content  the shared screen, else as held

While nobody visible speaks, the speaker is the point that spoke last and is still there, with or without the floor: a
pause removes the frame, and nothing else moves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import ceil, sqrt
from string import ascii_lowercase, ascii_uppercase
from typing import Literal

from mediaserver.api import LayoutKind

Role = Literal["main", "held", "speaker", "seat", "content"]

LETTERS = ascii_uppercase + ascii_lowercase
GROWS_TO = 64
"""8 × 8 panes: with more, a face has fewer than 90 lines at 720p. Later seats are on another page; all stay in the
sound."""
STRIP = 6
PANORAMA = 6


@dataclass(frozen=True, slots=True)
class Cell:
    """One pane, in units of its plan's grid."""

    x: int
    y: int
    width: int
    height: int
    role: Role


@dataclass(frozen=True, slots=True)
class LayoutPlan:
    """Panes in the order they are filled, on a grid of `columns` × `rows` that fills the picture."""

    columns: int
    rows: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class LayoutFamily:
    """A kind of layout: returns its plan for a number of points, and knows how many panes it has at most.

    A layout that does not grow has one plan for every number; panes that nobody takes stay empty.
    """

    kind: LayoutKind
    most: int
    grows: bool
    plan: Callable[[int], LayoutPlan]
    sample: int
    """The number of points that shows best how it looks."""


def _drawn(kind: LayoutKind, drawing: str, *roles: Role) -> LayoutFamily:
    """Return a fixed layout; `roles` are those of its first panes, the others are seats."""
    rows = drawing.split()
    letters = sorted(set("".join(rows)) - {"."}, key=LETTERS.index)
    all_roles = (*roles, *["seat"] * (len(letters) - len(roles)))
    cells = tuple(_pane(rows, letter, role) for letter, role in zip(letters, all_roles, strict=True))  # type: ignore[arg-type]
    plan = LayoutPlan(len(rows[0]), len(rows), cells)
    return LayoutFamily(kind, len(cells), False, lambda _: plan, len(cells))


def _pane(rows: list[str], letter: str, role: Role) -> Cell:
    places = [(x, y) for y, row in enumerate(rows) for x, found in enumerate(row) if found == letter]
    (left, top), (right, bottom) = min(places), max(places)
    return Cell(left, top, right - left + 1, bottom - top + 1, role)


def _fixed_grid(kind: LayoutKind, side: int) -> LayoutFamily:
    plan = LayoutPlan(side, side, tuple(Cell(i % side, i // side, 1, 1, "seat") for i in range(side * side)))
    return LayoutFamily(kind, side * side, False, lambda _: plan, side * side)


@cache
def _growing(count: int) -> LayoutPlan:
    """Return rows of equal panes in the picture's own shape; a short last row is centred. Two units make a pane."""
    columns = ceil(sqrt(count))
    rows = ceil(count / columns)
    cells = []
    for number in range(count):
        row, column = divmod(number, columns)
        missing = max(0, (row + 1) * columns - count)
        cells.append(Cell(2 * column + missing, 2 * row + columns - rows, 2, 2, "seat"))
    return LayoutPlan(2 * columns, 2 * columns, tuple(cells))


@cache
def _over_strip(count: int) -> LayoutPlan:
    """Return one large pane above a centred strip; alone it fills the whole picture."""
    if count == 1:
        return LayoutPlan(1, 1, (Cell(0, 0, 1, 1, "main"),))
    small, units = count - 1, 2 * STRIP
    strip = [Cell(STRIP - small + 2 * i, units - 2, 2, 2, "seat") for i in range(small)]
    return LayoutPlan(units, units, (Cell(1, 0, units - 2, units - 2, "main"), *strip))


@cache
def _abreast(count: int) -> LayoutPlan:
    """Return all panes side by side in one row."""
    cells = tuple(Cell(2 * i, count - 1, 2, 2, "seat") for i in range(count))
    return LayoutPlan(2 * count, 2 * count, cells)


_ALL = (
    LayoutFamily("grid", GROWS_TO, True, _growing, 9),
    LayoutFamily("speaker", 1 + STRIP, True, _over_strip, 1 + STRIP),
    _drawn("single", "A", "main"),
    _drawn("lecture", "A", "held"),
    _drawn("side-by-side", ".... AABB AABB ....", "held", "speaker"),
    _drawn("content", "........ AAAAAABB AAAAAABB AAAAAACC AAAAAACC AAAAAADD AAAAAADD ........", "content", "speaker"),
    LayoutFamily("panorama", PANORAMA, True, _abreast, 4),
    _drawn("1+5", "AAB AAC DEF", "main"),
    _drawn("1+7", "AAAB AAAC AAAD EFGH", "main"),
    _drawn("1+9", "AAAAB AAAAC AAAAD AAAAE FGHIJ", "main"),
    _drawn("1+12", "BCDE FAAG HAAI JKLM", "main"),
    _drawn("1+33", "AAAABCD AAAAEFG AAAAHIJ AAAAKLM NOPQRST UVWXYZa bcdefgh", "main"),
    _drawn("2+8", "AABB AABB CDEF GHIJ", "main", "main"),
    _drawn(
        "2+21",
        "AAAAAAABBBBBBB AAAAAAABBBBBBB AAAAAAABBBBBBB CCDDEEFFGGHHII JJKKLLMMNNOOPP QQRRSSTTUUVVWW",
        "main",
        "main",
    ),
    _drawn("3+4", "AABB AABB CCDE CCFG", "main", "main"),
    _fixed_grid("2x2", 2),
    _fixed_grid("3x3", 3),
    _fixed_grid("4x4", 4),
    _fixed_grid("5x5", 5),
    _fixed_grid("6x6", 6),
    _fixed_grid("7x7", 7),
    _fixed_grid("8x8", 8),
)

FAMILIES: dict[LayoutKind, LayoutFamily] = {family.kind: family for family in _ALL}
