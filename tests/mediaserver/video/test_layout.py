"""Tests of the geometry of the composed picture, by painting it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.api import Layout, LayoutKind
from mediaserver.video.layout import HEADING_LINES, Tile, arrange, fit, heading, pages
from mediaserver.video.layout_plans import FAMILIES, GROWS_TO, STRIP
from tests.mediaserver.video.tiling import assert_tiled

SIZES = st.sampled_from([(1280, 720), (1920, 1080), (640, 360), (854, 480), (1024, 768), (720, 1280)])
SEATS = st.integers(1, 100).map(lambda count: [f"s{i}" for i in range(count)])
KINDS = st.sampled_from(list(FAMILIES))
SOMEBODY = st.none() | st.integers(0, 120).map("s{}".format)
LAYOUTS = st.builds(
    Layout,
    KINDS,
    SOMEBODY,
    st.lists(SOMEBODY, max_size=64, unique_by=lambda seat: seat or object()).map(tuple),
    st.integers(0, 999),
    st.just(0),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


@given(LAYOUTS, SEATS, SIZES, st.integers(-1, 120))
def test_tiles_lie_in_the_picture_never_overlap_and_show_nobody_twice(
    layout: Layout, seats: list[str], size: tuple[int, int], speaker: int
) -> None:
    tiles = arrange(layout, seats, f"s{speaker}" if speaker >= 0 else None, *size)
    assert_tiled((*tiles, *[heading_tile for heading_tile in [heading(layout, *size)] if heading_tile.height]), *size)
    shown = [tile.seat for tile in tiles if tile.seat]
    assert len(shown) == len(set(shown))
    assert set(shown) <= set(seats)
    assert layout.empty or len(shown) == len(tiles)


@given(LAYOUTS, SEATS, st.integers(-1, 120))
def test_a_pinned_seat_stands_in_its_pane(layout: Layout, seats: list[str], speaker: int) -> None:
    everywhere = replace(layout, empty=True)
    tiles = arrange(everywhere, seats, f"s{speaker}" if speaker >= 0 else None, 1280, 720)
    pins = layout.seats[: FAMILIES[layout.kind].most]
    wanted = {pane: seat if seat in seats else "" for pane, seat in enumerate(pins) if seat is not None}
    assert {pane: tiles[pane].seat for pane in wanted} == wanted


@given(LAYOUTS, SEATS)
def test_all_pages_together_show_everyone(layout: Layout, seats: list[str]) -> None:
    several = replace(layout, focus=None)
    count = pages(several, seats, None)
    tiles = [arrange(replace(several, page=page), seats, None, 1280, 720) for page in range(count)]
    shown = {tile.seat for page in tiles for tile in page} - {""}
    assert shown == set(seats) or count == 1  # every pane is pinned, or waits for somebody


@pytest.mark.parametrize("count", range(1, GROWS_TO + 1))
def test_a_grid_shows_every_seat_in_order_and_alike(count: int) -> None:
    seats = [f"s{i}" for i in range(count)]
    tiles = arrange(Layout(), seats, None, 1280, 720)
    assert [tile.seat for tile in tiles] == seats
    assert len({(tile.width, tile.height) for tile in tiles}) == 1
    assert [(t.y, t.x) for t in tiles] == sorted((t.y, t.x) for t in tiles)


def test_more_seats_than_tiles_leave_the_last_out() -> None:
    tiles = arrange(Layout(), [f"s{i}" for i in range(GROWS_TO + 10)], None, 1280, 720)
    assert [tile.seat for tile in tiles] == [f"s{i}" for i in range(GROWS_TO)]


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
def test_the_focus_is_the_chosen_seat_then_the_speaker_then_the_first(
    kind: str, focus: str | None, speaker: str | None, expected: str
) -> None:
    tiles = arrange(Layout(kind, focus), ["a", "b", "c"], speaker, 1280, 720)  # type: ignore[arg-type]
    assert tiles[0].seat == expected
    assert [tile.seat for tile in tiles[1:]] == ([s for s in "abc" if s != expected] if kind == "speaker" else [])


def test_the_strip_holds_six() -> None:
    tiles = arrange(Layout("speaker"), [f"s{i}" for i in range(20)], None, 1280, 720)
    assert len(tiles) == 1 + STRIP
    assert {(t.width, t.height, t.y) for t in tiles[1:]} == {(212, 120, 600)}
    assert (tiles[0].width, tiles[0].height) == (1066, 600)


@pytest.mark.parametrize("kind", ["grid", "speaker", "single"])
def test_one_seat_fills_the_picture_and_none_leaves_it_empty(kind: str) -> None:
    assert arrange(Layout(kind), ["a"], None, 1280, 720) == (Tile("a", 0, 0, 1280, 720),)  # type: ignore[arg-type]
    assert arrange(Layout(kind), [], None, 1280, 720) == ()  # type: ignore[arg-type]


ABC = list("abcdef")


def who(layout: Layout, seats: list[str] = ABC, speaker: str | None = None) -> list[str]:
    return [tile.seat for tile in arrange(layout, seats, speaker, 1280, 720)]


@pytest.mark.parametrize(
    ("layout", "speaker", "expected"),
    [
        (Layout("1+5"), "c", "cabdef"),
        (Layout("1+5", "e"), "c", "eabcdf"),
        (Layout("1+5", seats=(None, "c")), "c", "acbdef"),  # a pin comes before the voice
        (Layout("1+5", "c", seats=(None, "c")), "d", "dcabef"),
        (Layout("lecture"), "c", "a"),
        (Layout("lecture", "b"), "c", "b"),
        (Layout("side-by-side"), "c", "ac"),
        (Layout("side-by-side"), "a", "ab"),
        (Layout("side-by-side", "d"), "c", "dc"),
        (Layout("content", "f"), "c", "fcab"),
        (Layout("2+8", "b"), "c", "bcadef"),
        (Layout("2+8"), "c", "cabdef"),
        (Layout("panorama"), "c", "abcdef"),
        (Layout("2x2", seats=("f", None, "e")), None, "faeb"),
        (Layout("2x2", seats=("f", None, "e"), page=1), None, "fced"),
        (Layout("2x2", page=1), None, "ef"),
        (Layout("2x2", page=2), None, "abcd"),
        (Layout("grid", seats=("x", "b")), None, "abcdef"),  # the absent one's pane is left to the others
    ],
)
def test_seats_stand_in_their_panes(layout: Layout, speaker: str | None, expected: str) -> None:
    assert who(layout, speaker=speaker) == list(expected)


def test_empty_places_are_shown_when_asked_for() -> None:
    assert who(Layout("2x2"), ["a"]) == ["a"]
    assert who(Layout("2x2", empty=True), ["a"]) == ["a", "", "", ""]
    assert who(Layout("2x2", seats=("x",), empty=True), ["a", "b"]) == ["", "a", "b", ""]
    assert who(Layout("grid", seats=(None, None, "x"), empty=True), ["a", "b"]) == ["a", "b", ""]
    assert who(Layout("grid", empty=True), ["a", "b"]) == ["a", "b"]


def test_a_heading_takes_its_line_and_leaves_the_panes_their_shape() -> None:
    layout = Layout("4x4", title=True)
    heading_tile = heading(layout, 1280, 720)
    assert heading_tile == Tile("", 0, 0, 1280, 720 // HEADING_LINES)
    tiles = arrange(layout, [f"s{i}" for i in range(16)], None, 1280, 720)
    assert {(tile.width, tile.height) for tile in tiles} == {(302, 170)}
    assert (tiles[0].x, tiles[0].y, tiles[-1].y + tiles[-1].height) == (36, 40, 720)
    assert heading(Layout(), 1280, 720).height == 0


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


def test_a_pane_kept_for_an_absent_point_says_for_whom() -> None:
    layout = Layout("2x2", seats=(None, "nt", "b"), empty=True)
    tiles = arrange(layout, ["a", "b"], None, 1280, 720)
    assert [(tile.seat, tile.awaited) for tile in tiles] == [("a", ""), ("", "nt"), ("b", ""), ("", "")]
    assert {tile.awaited for tile in arrange(replace(layout, empty=False), ["a", "b"], None, 1280, 720)} == {""}


def test_a_shared_screen_has_the_large_pane_of_its_layout_and_no_other() -> None:
    def seats(kind: LayoutKind, content: str | None) -> list[str]:
        return [tile.seat for tile in arrange(Layout(kind), ["a", "b"], "b", 1280, 720, content)]

    assert seats("content", "content:a") == ["content:a", "b", "a"]
    assert seats("content", None) == ["a", "b"]
    assert seats("speaker", "content:a") == ["b", "a"]
