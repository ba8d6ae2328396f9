"""Tests of the layout over time: pages that turn, and the heading."""

from datetime import UTC, datetime

from mediaserver.api import Layout, RoomOptions
from mediaserver.video.layout import Tile
from mediaserver.video.layout_state import AHEAD_S, PATIENCE_S, Heading, LayoutState

SEATS = [f"s{number}" for number in range(10)]


def shown(tiles: tuple[Tile, ...]) -> list[str]:
    return [tile.seat for tile in tiles]


def arranged(layout: Layout, now: float = 100.0) -> LayoutState:
    state = LayoutState(RoomOptions())
    state.choose(layout, now)
    state.arrange(SEATS, None, now)
    return state


def test_pages_turn_and_come_round() -> None:
    state = arranged(Layout("2x2", rotate=10))
    pages = []
    for now in (100.0, 110.0, 120.0, 130.0):
        assert state.due(now) is (now != 100.0)
        state.arrange(SEATS, None, now)
        pages.append(shown(state.tiles))
    assert pages == [SEATS[:4], SEATS[4:8], SEATS[8:], SEATS[:4]]


def test_the_next_page_is_known_shortly_before_it_comes() -> None:
    state = arranged(Layout("2x2", rotate=10))
    assert (state.due(110 - AHEAD_S - 0.1), state.ahead) == (False, ())
    assert state.due(110 - AHEAD_S + 0.1)
    state.arrange(SEATS, None, 110 - AHEAD_S + 0.1)
    assert (shown(state.tiles), shown(state.ahead)) == (SEATS[:4], SEATS[4:8])
    assert not state.due(109.9)
    state.arrange(SEATS, None, 110.0)
    assert (shown(state.tiles), state.ahead) == (SEATS[4:8], ())


def test_a_single_page_does_not_turn() -> None:
    state = arranged(Layout("4x4", rotate=10))
    for now in (108.5, 110.0, 119.5):
        state.arrange(SEATS, None, now)
        assert (shown(state.tiles), state.ahead) == (SEATS, ())


def test_without_rotation_time_asks_for_nothing() -> None:
    state = arranged(Layout("2x2", page=1))
    assert shown(state.tiles) == SEATS[4:8]
    assert not state.due(1e6)


def test_another_layout_waits_for_the_cameras_it_newly_shows_but_not_for_long() -> None:
    state = arranged(Layout("2x2"))
    state.choose(Layout("2x2", seats=("s9",), title=True), 115.0)
    state.arrange(SEATS, None, 115.0)
    assert (shown(state.tiles), shown(state.ahead)) == (SEATS[:4], ["s9", "s0", "s1", "s2"])
    assert state.heading(datetime(2026, 4, 5, tzinfo=UTC), "Họp") is None
    queried_seats: list[str] = []

    def ready(seat: str) -> bool:
        queried_seats.append(seat)
        return False

    assert not state.settle(ready, 115.5)
    assert queried_seats == ["s9"]
    assert state.settle(lambda seat: seat == "s9", 115.5)
    state.arrange(SEATS, None, 115.5)
    assert (shown(state.tiles), state.ahead) == (["s9", "s0", "s1", "s2"], ())
    assert not state.settle(lambda _: True, 115.6)
    state.choose(Layout("2x2", page=1), 120.0)
    state.arrange(SEATS, None, 120.0)
    assert not state.settle(lambda _: False, 120.0 + PATIENCE_S - 0.1)
    assert state.settle(lambda _: False, 120.0 + PATIENCE_S)


def test_a_new_layout_starts_its_own_time() -> None:
    state = arranged(Layout("2x2", rotate=10))
    state.choose(Layout("2x2", page=2, rotate=10), 115.0)
    assert state.settle(lambda _: True, 115.0)
    state.arrange(SEATS, None, 115.0)
    assert shown(state.tiles) == SEATS[8:]
    assert not state.due(122.9)


def test_the_heading_says_title_and_local_time_as_wanted() -> None:
    late = datetime(2026, 4, 5, 18, 30, tzinfo=UTC)
    band = Tile("", 0, 0, 1280, 40)
    headings = [
        arranged(Layout(title=title, clock=clock)).heading(late, "Họp giao ban")
        for title, clock in ((True, True), (True, False), (False, True), (False, False))
    ]
    assert headings == [
        Heading(band, "Họp giao ban", "01:30 · 06/04/2026"),
        Heading(band, "Họp giao ban", ""),
        Heading(band, "", "01:30 · 06/04/2026"),
        None,
    ]


def test_a_new_speaker_stands_large_once_there_is_a_picture_of_it_or_after_a_while() -> None:
    state = arranged(Layout("1+5"))
    before = shown(state.tiles)
    assert before == SEATS[:6]
    state.arrange(SEATS, "s9", 200.0)
    after = ["s9", *SEATS[:5]]
    assert (shown(state.tiles), shown(state.ahead)) == (before, after)
    assert not state.settle(lambda seat: seat != "s9", 200.2)
    state.arrange(SEATS, "s8", 200.5)  # another one meanwhile
    assert not state.settle(lambda _: False, 200.0 + PATIENCE_S - 0.1)
    assert state.settle(lambda seat: seat == "s8", 200.6)
    state.arrange(SEATS, "s8", 200.6)
    assert (shown(state.tiles), state.ahead) == (["s8", *SEATS[:5]], ())
    state.arrange(SEATS, "s9", 300.0)
    assert state.settle(lambda _: False, 300.0 + PATIENCE_S)
    state.arrange(SEATS, "s9", 302.0)
    assert shown(state.tiles) == after


def test_a_speaker_already_shown_stands_large_at_once_and_one_who_left_stands_nowhere() -> None:
    state = arranged(Layout("1+5"))
    state.arrange(SEATS, "s3", 200.0)
    assert (shown(state.tiles), state.ahead) == (["s3", "s0", "s1", "s2", "s4", "s5"], ())
    assert not state.settle(lambda _: False, 202.0)
    state.arrange(SEATS, "s9", 210.0)
    state.arrange([seat for seat in SEATS if seat != "s3"], "s9", 210.1)
    assert shown(state.tiles) == ["s9", "s0", "s1", "s2", "s4", "s5"]


def test_a_new_speaker_while_another_layout_waits_comes_with_it() -> None:
    state = arranged(Layout("2x2"))
    state.choose(Layout("1+5"), 200.0)
    state.arrange(SEATS, "s9", 200.5)
    assert shown(state.ahead) == ["s9", *SEATS[:5]]
    assert state.settle(lambda _: False, 200.0 + PATIENCE_S)
    state.arrange(SEATS, "s9", 201.0)
    assert (shown(state.tiles), state.ahead) == (["s9", *SEATS[:5]], ())
