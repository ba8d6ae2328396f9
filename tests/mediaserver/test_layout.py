"""Geometry of the composed picture, checked by painting it."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.api import Layout
from mediaserver.mix.layout import MAX_TILES, STRIP_TILES, Tile, arrange, fit

SIZES = st.sampled_from([(1280, 720), (1920, 1080), (640, 360), (854, 480), (1024, 768), (720, 1280)])
SEATS = st.integers(1, 100).map(lambda count: [f"s{i}" for i in range(count)])
KINDS = st.sampled_from(["grid", "speaker", "single"])


def assert_tiled(tiles: Sequence[Tile], width: int, height: int) -> None:
    """Every tile inside the picture, none over another, all numbers even, nothing empty."""
    painted = np.zeros((height, width), np.uint8)
    for tile in tiles:
        assert min(tile.x, tile.y) >= 0 and min(tile.width, tile.height) > 0
        assert tile.x + tile.width <= width and tile.y + tile.height <= height
        assert (tile.x | tile.y | tile.width | tile.height) & 1 == 0
        painted[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width] += 1
    assert painted.max() == 1


@given(KINDS, SEATS, SIZES, st.integers(-1, 120), st.integers(-1, 120))
def test_tiles_lie_in_the_picture_and_never_overlap(
    kind: str, seats: list[str], size: tuple[int, int], focus: int, speaker: int
) -> None:
    layout = Layout(kind, f"s{focus}" if focus >= 0 else None)  # type: ignore[arg-type]
    tiles = arrange(layout, seats, f"s{speaker}" if speaker >= 0 else None, *size)
    assert_tiled(tiles, *size)


@pytest.mark.parametrize("count", range(1, MAX_TILES + 1))
def test_a_grid_shows_every_seat_in_order_and_alike(count: int) -> None:
    seats = [f"s{i}" for i in range(count)]
    tiles = arrange(Layout(), seats, None, 1280, 720)
    assert [tile.seat for tile in tiles] == seats
    assert len({(tile.width, tile.height) for tile in tiles}) == 1
    assert [(t.y, t.x) for t in tiles] == sorted((t.y, t.x) for t in tiles)


def test_more_seats_than_tiles_leave_the_last_out() -> None:
    tiles = arrange(Layout(), [f"s{i}" for i in range(MAX_TILES + 10)], None, 1280, 720)
    assert [tile.seat for tile in tiles] == [f"s{i}" for i in range(MAX_TILES)]


def test_four_seats_fill_the_picture() -> None:
    assert arrange(Layout(), ["a", "b", "c", "d"], "c", 1280, 720) == (
        Tile("a", 0, 0, 640, 360),
        Tile("b", 640, 0, 640, 360),
        Tile("c", 0, 360, 640, 360),
        Tile("d", 640, 360, 640, 360),
    )


def test_a_short_last_row_is_centred() -> None:
    assert [(t.x, t.y) for t in arrange(Layout(), ["a", "b", "c"], None, 1280, 720)] == [(0, 0), (640, 0), (320, 360)]


@pytest.mark.parametrize(
    ("focus", "speaker", "expected"),
    [("c", "b", "c"), (None, "b", "b"), (None, None, "a"), ("gone", "b", "b"), ("gone", "gone", "a")],
)
@pytest.mark.parametrize("kind", ["speaker", "single"])
def test_the_focus_is_who_was_chosen_then_who_speaks_then_the_first(
    kind: str, focus: str | None, speaker: str | None, expected: str
) -> None:
    tiles = arrange(Layout(kind, focus), ["a", "b", "c"], speaker, 1280, 720)  # type: ignore[arg-type]
    assert tiles[0].seat == expected
    assert [tile.seat for tile in tiles[1:]] == ([s for s in "abc" if s != expected] if kind == "speaker" else [])


def test_the_strip_holds_six() -> None:
    tiles = arrange(Layout("speaker"), [f"s{i}" for i in range(20)], None, 1280, 720)
    assert len(tiles) == 1 + STRIP_TILES
    assert {(t.width, t.height, t.y) for t in tiles[1:]} == {(212, 120, 600)}
    assert (tiles[0].width, tiles[0].height) == (1066, 600)


@pytest.mark.parametrize("kind", ["grid", "speaker", "single"])
def test_one_seat_fills_the_picture_and_none_leaves_it_empty(kind: str) -> None:
    assert arrange(Layout(kind), ["a"], None, 1280, 720) == (Tile("a", 0, 0, 1280, 720),)  # type: ignore[arg-type]
    assert arrange(Layout(kind), [], None, 1280, 720) == ()  # type: ignore[arg-type]


@given(st.integers(2, 4000), st.integers(2, 4000), st.integers(8, 640), st.integers(8, 400))
def test_a_picture_is_fitted_whole_centred_and_in_shape(width: int, height: int, half_w: int, half_h: int) -> None:
    tile = Tile("a", 100, 60, 2 * half_w, 2 * half_h)
    spot = fit(width, height, tile)
    assert_tiled([spot], tile.x + tile.width, tile.y + tile.height)
    assert spot.x >= tile.x and spot.y >= tile.y
    right, bottom = tile.x + tile.width - spot.x - spot.width, tile.y + tile.height - spot.y - spot.height
    assert abs(spot.x - tile.x - right) <= 2 and abs(spot.y - tile.y - bottom) <= 2
    scale = min(tile.width / width, tile.height / height)
    assert abs(spot.width - width * scale) <= 5 and abs(spot.height - height * scale) <= 5
