"""Tests of compositions: which seat has the speaker's pane, whoever watches."""

import pytest

from mediaserver.api import EVERYONE, Layout, RoomOptions
from mediaserver.room.compositions import Compositions
from mediaserver.rtp.source import FlushQueue
from mediaserver.video.layout_state import PATIENCE_S

POINTS = ("h", "b", "c")
"""The host is the first."""


class CompositionsFixture:
    """The compositions of a room, arranged as people come, go and speak."""

    def __init__(self, layout: Layout | None = None) -> None:
        self.pictures = Compositions(RoomOptions(), FlushQueue(), lambda: None)
        self.pictures.choose(EVERYONE, layout or Layout("speaker"), 0.0)

    def large(self, speaker: str | None, seats: tuple[str, ...] = POINTS) -> str:
        """Return the seat in the first pane once no camera is waited for any more."""
        self.pictures.arrange(seats, speaker, 0.0)
        if self.pictures.settle(lambda _: False, PATIENCE_S):
            self.pictures.arrange(seats, speaker, PATIENCE_S)
        return self.pictures.of(EVERYONE).layout_state.tiles[0].seat


def test_before_anybody_spoke_the_first_point_is_large() -> None:
    assert CompositionsFixture().large(None) == "h"


@pytest.mark.parametrize("kind", ["speaker", "single", "1+5"])
def test_the_last_speaker_stays_large_while_nobody_speaks(kind: str) -> None:
    fixture = CompositionsFixture(Layout(kind))  # type: ignore[arg-type]
    assert [fixture.large(speaker) for speaker in (None, "c", None, "c", "b", None, None)] == list("hcccbbb")


def test_beside_the_one_that_is_held_the_last_speaker_stays_too() -> None:
    fixture = CompositionsFixture(Layout("side-by-side"))
    for speaker in ("c", None):
        assert fixture.large(speaker) == "h"
        assert [tile.seat for tile in fixture.pictures.of(EVERYONE).layout_state.tiles] == ["h", "c"]


def test_the_large_picture_goes_back_when_its_point_goes_or_is_no_longer_seen() -> None:
    fixture = CompositionsFixture()
    fixture.large("c")
    assert fixture.large(None, ("h", "b")) == "h"
    assert fixture.large(None) == "h", "who comes again has to speak"


def test_a_speaker_who_cannot_be_seen_takes_the_large_picture_from_nobody() -> None:
    fixture = CompositionsFixture()
    fixture.large("c")
    assert fixture.large("observer") == "c"
    assert fixture.large(None) == "c"


def test_a_focus_and_a_pin_come_before_the_last_speaker() -> None:
    for layout in (Layout("speaker", "b"), Layout("speaker", seats=("b",))):
        assert [CompositionsFixture(layout).large(speaker) for speaker in ("c", None)] == ["b", "b"]


def test_a_newly_chosen_layout_shows_the_last_speaker() -> None:
    fixture = CompositionsFixture(Layout("grid"))
    fixture.large("c")
    fixture.large(None)
    fixture.pictures.choose("host", Layout("single"), 0.0)
    fixture.pictures.settle(lambda _: False, PATIENCE_S)
    fixture.large(None)
    assert [tile.seat for tile in fixture.pictures.of("host").layout_state.tiles] == ["c"]


def test_without_screens_the_layout_before_goes_on_with_all_that_is_chosen_for_people() -> None:
    held, beside = CompositionsFixture().pictures, Layout("content", "b", title=True)

    def shown(audience: str) -> Layout:
        return held.of(held.leave_out(audience, 0.0, screens=True)).layout_state.layout

    held.choose(EVERYONE, beside, 0.0)
    assert shown("rooms") == shown(EVERYONE) == Layout("speaker", "b", title=True)
    held.choose("rooms", Layout("2x2", seats=("c",), rotate=9), 0.0)
    held.choose("rooms", Layout("content"), 0.0)
    assert shown("rooms") == Layout("2x2", seats=("c",), rotate=9)
    held.choose("rooms", Layout("side-by-side", "content:b", ("content:b", "c")), 0.0)
    assert shown("rooms") == Layout("side-by-side", seats=(None, "c"))
    held.choose("rooms", None, 0.0)
    assert shown("rooms") == Layout("speaker", "b", title=True)
    held.choose("rooms", Layout("content"), 0.0)
    held.arrange(POINTS, "c", 1.0, "content:h")
    assert [tile.seat for tile in held.of("rooms").layout_state.tiles] == ["content:h", "c", "h", "b"]
    own = held.of(held.leave_out("rooms", 0.0, screens=True))
    assert [tile.seat for tile in own.layout_state.tiles][:1] == ["c"]
    assert not own.can_show(own.layout_state.layout)
