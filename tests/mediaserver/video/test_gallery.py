"""Paints every layout as it is composed, to be looked at: build/gallery/index.html."""

from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import get_args

import pytest
from PIL import Image

from mediaserver.api import Layout, LayoutKind, RoomOptions, TileIcon
from mediaserver.video.compositor import ComposeRequest, Compositor
from mediaserver.video.layout import Tile
from mediaserver.video.layout_plans import FAMILIES
from mediaserver.video.layout_state import LayoutState
from mediaserver.video.painter import CompositionJob
from tests.mediaserver.pictures import Colour, alike, coded, colour_at
from tests.mediaserver.video.tiling import assert_tiled

KINDS = get_args(LayoutKind)
COUNTS = (1, 2, 5, 9, 16, 40)
BEST = {"grid": 9, "speaker": 9, "panorama": 5, "lecture": 5, "single": 5}
"""How many points show best what a layout looks like; 40 for all others."""
WIDTH, HEIGHT = 1280, 720
OCLOCK = datetime(2026, 4, 6, 1, 20, tzinfo=UTC)
FOLDER = Path("build/gallery")
CENTRE_SHARE = 0.42
"""Where in a tile its colour is looked for: above the name, inside the border."""

PLACES = ("Nha Trang", "Cam Ranh", "Ninh Hoà", "Vạn Ninh", "Diên Khánh", "Khánh Vĩnh", "Khánh Sơn", "Trường Sa")
POINTS = [f"p{number}" for number in range(max(COUNTS))]
COLOURS: dict[str, Colour] = {
    point: (64 + 24 * (mixed % 5), 96 + 24 * (mixed // 5 % 4), 96 + 64 * (mixed // 20))
    for point, mixed in ((point, number * 17 % 40) for number, point in enumerate(POINTS))
}
"""Neighbours differ."""
LABELS = {
    point: f"UBND.{PLACES[number % 8]} {number + 1:02} · Uỷ ban nhân dân {PLACES[number % 8]}"
    for number, point in enumerate(POINTS)
}
MARKS: dict[str, tuple[TileIcon, ...]] = {
    "p0": ("floor",),
    "p1": ("mic",),
    "p2": ("mic", "poor"),
    "p3": ("poor",),
}


@pytest.fixture(scope="module")
def compositor() -> Compositor:
    """Return a compositor that has seen every camera."""
    made = Compositor(WIDTH, HEIGHT, 25)
    for point, colour in COLOURS.items():
        made.compose(ComposeRequest(0.0, (), LABELS, {point: coded("VP8", colour)}, None))
    return made


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Make the folder of the painted pictures; afterwards the page and the sheet that show them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    yield FOLDER
    (FOLDER / "index.html").write_text(page(), "utf-8")
    sheet().save(FOLDER / "sheet.png", optimize=True)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_layout_shows_every_tile_in_its_colour(
    compositor: Compositor, folder: Path, kind: LayoutKind, count: int
) -> None:
    spoken = POINTS[min(2, count - 1)]
    tiles = painted(compositor, Layout(kind, empty=True, title=True, clock=True), POINTS[:count], spoken)
    assert_tiled(tiles, WIDTH, HEIGHT)
    seats = [tile.seat for tile in tiles if tile.seat]
    assert len(seats) == len(set(seats)) == min(count, FAMILIES[kind].most)
    for tile in tiles:
        assert not tile.seat or alike(seen(compositor, tile), COLOURS[tile.seat]), tile
    picture(compositor).save(folder / name(kind, count))


def painted(compositor: Compositor, layout: Layout, points: list[str], speaker: str) -> tuple[Tile, ...]:
    """Compose one picture; the cameras are those that were seen before."""
    layout_state = LayoutState(RoomOptions(WIDTH, HEIGHT))
    layout_state.choose(layout, 0.0)
    layout_state.arrange(points, speaker, 0.0)
    job = CompositionJob(
        0, 0, layout_state.tiles, {}, layout_state.heading(OCLOCK, "Họp giao ban Uỷ ban nhân dân tỉnh tháng 4")
    )
    compositor.compose(ComposeRequest(0.0, (job,), LABELS, {}, speaker, MARKS))
    return layout_state.tiles


def seen(compositor: Compositor, tile: Tile) -> Colour:
    x, y = tile.x + tile.width // 2, tile.y + round(tile.height * CENTRE_SHARE)
    return colour_at(compositor._painters[0, False].canvas.frame, x & ~1, y & ~1)


def picture(compositor: Compositor) -> Image.Image:
    return Image.fromarray(compositor._painters[0, False].canvas.frame.to_ndarray(format="rgb24"))


def name(kind: str, count: int) -> str:
    return f"{kind}-{count}.png"


def page() -> str:
    """Return a page with all pictures that exist, a row for each layout."""
    rows = []
    for kind in KINDS:
        cells = "".join(
            f'<td><img src="{name(kind, count)}" alt="{escape(kind)}, {count}" width="320"></td>'
            for count in COUNTS
            if (FOLDER / name(kind, count)).exists()
        )
        rows.append(f"<tr><th>{escape(kind)}</th>{cells}</tr>")
    head = "".join(f"<th>{count}</th>" for count in COUNTS)
    style = "body{background:#222;color:#eee;font:16px sans-serif}"
    return (
        f'<!doctype html><meta charset="utf-8"><title>Layouts</title><style>{style}</style>'
        f"<table><tr><th></th>{head}</tr>{''.join(rows)}</table>"
    )


def sheet() -> Image.Image:
    """Return one picture with every layout."""
    columns, width, height, gap = 4, 320, 180, 8
    rows = -(-len(KINDS) // columns)
    whole = Image.new("RGB", (columns * (width + gap) + gap, rows * (height + gap) + gap), "#222")
    for number, kind in enumerate(KINDS):
        path = FOLDER / name(kind, BEST.get(kind, 40))
        if path.exists():
            small = Image.open(path).resize((width, height), Image.Resampling.LANCZOS)
            whole.paste(small, (gap + number % columns * (width + gap), gap + number // columns * (height + gap)))
    return whole.quantize(128, dither=Image.Dither.NONE)
