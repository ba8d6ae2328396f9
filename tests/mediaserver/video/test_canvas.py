"""Tests of the canvas: painting into a YUV picture."""

from collections.abc import Callable

import numpy as np
import pytest
from av import VideoFrame

from mediaserver.api import Layout
from mediaserver.video.canvas import ACCENT, BACKGROUND, BORDER_PX, CARD, Canvas
from mediaserver.video.layout import Tile, arrange
from mediaserver.video.layout_plans import GROWS_TO
from mediaserver.video.planes import planes
from mediaserver.video.tile_icons import AMBER, BLACK_LEFT, GREEN
from tests.mediaserver.pictures import plain

TILE = Tile("a", 64, 32, 160, 90)


def outside(canvas: Canvas, tile: Tile) -> list[np.ndarray]:
    """Return the three planes with the tile cut out."""
    cut = []
    for plane, half in zip(planes(canvas.frame), (1, 2, 2), strict=True):
        copy = plane.copy()
        copy[tile.y // half : (tile.y + tile.height) // half, tile.x // half : (tile.x + tile.width) // half] = 0
        cut.append(copy)
    return cut


def inside(canvas: Canvas, tile: Tile) -> bytes:
    y, u, v = planes(canvas.frame)
    half = (slice(tile.y // 2, (tile.y + tile.height) // 2), slice(tile.x // 2, (tile.x + tile.width) // 2))
    whole = (slice(tile.y, tile.y + tile.height), slice(tile.x, tile.x + tile.width))
    return y[whole].tobytes() + u[half].tobytes() + v[half].tobytes()


def colours(canvas: Canvas, x: int, y: int) -> tuple[int, ...]:
    luma, u, v = planes(canvas.frame)
    return int(luma[y, x]), int(u[y // 2, x // 2]), int(v[y // 2, x // 2])


def paint(canvas: Canvas) -> None:
    canvas.paint(TILE, plain(TILE.width, TILE.height, (100, 60, 200)))


DRAWINGS: list[Callable[[Canvas], object]] = [
    paint,
    lambda canvas: canvas.fill(TILE, (200, 90, 90)),
    lambda canvas: canvas.card(TILE, "Thị xã Ninh Hoà"),
    lambda canvas: canvas.card(TILE, "Uỷ ban nhân dân " * 10),
    lambda canvas: canvas.name(TILE, "Thị xã Ninh Hoà"),
    lambda canvas: canvas.name(TILE, "Uỷ ban nhân dân " * 10),
    lambda canvas: canvas.name(TILE, "Thị xã Ninh Hoà", ("floor", "poor")),
    lambda canvas: canvas.card(TILE, "Thị xã Ninh Hoà", ("floor",)),
    lambda canvas: canvas.empty(TILE),
    lambda canvas: canvas.heading(TILE, "Họp giao ban " * 10, "08:20"),
    lambda canvas: canvas.border(TILE),
]


def test_a_new_canvas_is_background() -> None:
    canvas = Canvas(320, 180)
    assert [np.unique(plane).tolist() for plane in planes(canvas.frame)] == [[value] for value in BACKGROUND]


@pytest.mark.parametrize("number", range(len(DRAWINGS)))
def test_a_drawing_changes_its_tile_and_nothing_else(number: int) -> None:
    canvas = Canvas(320, 180)
    before, within = outside(canvas, TILE), inside(canvas, TILE)
    DRAWINGS[number](canvas)
    assert all(np.array_equal(a, b) for a, b in zip(before, outside(canvas, TILE), strict=True))
    assert inside(canvas, TILE) != within


def test_a_painted_picture_is_there_byte_by_byte() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (90 * 3 // 2, 160), np.uint8)
    picture = VideoFrame.from_ndarray(noise, format="yuv420p")
    canvas = Canvas(320, 180)
    canvas.paint(TILE, picture)
    assert inside(canvas, TILE) == b"".join(plane.tobytes() for plane in planes(picture))


def test_a_picture_with_padded_lines_is_painted_without_its_padding() -> None:
    picture = plain(50, 38, (90, 60, 200))  # no multiple of any alignment
    canvas = Canvas(320, 180)
    canvas.paint(Tile("a", 0, 0, 50, 38), picture)
    assert {colours(canvas, x, y) for x in range(50) for y in range(38)} == {(90, 60, 200)}
    assert colours(canvas, 50, 20) == BACKGROUND


def test_a_border_is_as_wide_as_it_says() -> None:
    canvas = Canvas(320, 180)
    canvas.border(TILE)
    edge = [colours(canvas, x, TILE.y + 40) for x in range(TILE.x, TILE.x + TILE.width)]
    assert edge[:BORDER_PX] == edge[-BORDER_PX:] == [ACCENT] * BORDER_PX
    assert set(edge[BORDER_PX:-BORDER_PX]) == {BACKGROUND}


def test_a_card_carries_its_name_on_its_own_ground() -> None:
    canvas, other = Canvas(320, 180), Canvas(320, 180)
    canvas.card(TILE, "Ninh Hoà")
    other.card(TILE, "Ninh Hoa")
    assert colours(canvas, TILE.x + 4, TILE.y + 4) == CARD
    assert inside(canvas, TILE) != inside(other, TILE)


def test_a_name_darkens_bright_ground() -> None:
    canvas = Canvas(320, 180)
    canvas.fill(TILE, (235, 128, 128))
    canvas.name(TILE, "Ninh Hoà")
    assert colours(canvas, TILE.x + 1, TILE.y + TILE.height - 2)[0] == (235 >> 2) + BLACK_LEFT


@pytest.mark.parametrize(("tile_height", "bar"), [(720, 72), (360, 36), (180, 36), (144, 36), (90, 24)])
def test_names_can_be_read_across_the_room_and_leave_the_tile_its_picture(tile_height: int, bar: int) -> None:
    canvas, tile = Canvas(1280, 720), Tile("a", 0, 0, tile_height * 16 // 9 & ~1, tile_height)
    canvas.fill(tile, (235, 128, 128))
    canvas.name(tile, "Ninh Hoà")
    luma = planes(canvas.frame)[0][:tile_height, 1]
    assert (luma != 235).sum() == bar


def test_marks_have_their_colour_in_the_name_bar() -> None:
    canvas = Canvas(1280, 720)
    tile = Tile("a", 0, 0, 640, 360)
    canvas.name(tile, "Ninh Hoà", ("mic", "poor"))
    _, u, v = (plane[: tile.height // 2, : tile.width // 2] for plane in planes(canvas.frame))
    assert [((u == a) & (v == b)).sum() > 10 for a, b in (GREEN, AMBER)] == [True, True]


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (640, 360), (320, 180)])
def test_every_tile_of_the_fullest_grid_can_be_drawn(width: int, height: int) -> None:
    canvas = Canvas(width, height)
    for tile in arrange(Layout(), [f"s{i}" for i in range(GROWS_TO)], None, width, height):
        before = outside(canvas, tile)
        canvas.card(tile, "Thị xã Ninh Hoà")
        canvas.name(tile, "Thị xã Ninh Hoà")
        canvas.border(tile)
        assert all(np.array_equal(a, b) for a, b in zip(before, outside(canvas, tile), strict=True))
