"""Tests of audiences: which composition each one watches."""

from mediaserver.api import EVERYONE, Layout, RoomOptions
from mediaserver.peer.simulcast import CameraInput
from mediaserver.room.compositions import Compositions
from mediaserver.rtp.source import FlushQueue
from mediaserver.video.layout_state import PATIENCE_S
from mediaserver.video.quality import USUAL

SEATS = ["a", "b"]


def chosen(pictures: Compositions, audience: str, layout: Layout, now: float) -> None:
    pictures.choose(audience, layout, now)
    pictures.arrange(SEATS, None, now)


def test_nobody_is_sent_to_a_picture_that_still_shows_something_else() -> None:
    pictures = Compositions(RoomOptions(), FlushQueue(), lambda: None)
    pictures.arrange(SEATS, None, 100.0)
    pictures.of(EVERYONE).renditions["H264", USUAL].attach(CameraInput())
    chosen(pictures, "components", Layout("single", "a"), 100.0)
    large = Layout("single", "b")
    for audience in (EVERYONE, "components", "host"):
        chosen(pictures, audience, large, 110.0)
    assert pictures.of("components") is not pictures.of(EVERYONE)
    assert pictures.of("components") is pictures.of("host"), "nobody watches it yet"
    assert pictures.settle(lambda _: False, 110.0 + PATIENCE_S)
    chosen(pictures, "recording", large, 112.0)
    assert pictures.of("recording") is pictures.of(EVERYONE), "once it is shown, equal ones share it"


def test_room_systems_see_what_components_see_until_they_have_a_layout_of_their_own() -> None:
    pictures = Compositions(RoomOptions(), FlushQueue(), lambda: None)

    def seen() -> list[str]:
        return [pictures.of(audience).layout_state.layout.kind for audience in ("systems", "components", EVERYONE)]

    kinds = [seen()]
    for audience, layout in (
        ("components", Layout("single")),
        ("systems", Layout("2x2")),
        ("components", None),
        ("systems", None),
    ):
        pictures.choose(audience, layout, 100.0)
        kinds.append(seen())
    assert kinds == [
        ["grid", "grid", "grid"],
        ["single", "single", "grid"],
        ["2x2", "single", "grid"],
        ["2x2", "grid", "grid"],
        ["grid", "grid", "grid"],
    ]
