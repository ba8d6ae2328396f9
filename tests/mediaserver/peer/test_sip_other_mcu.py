"""Tests of another MCU as a seat: what it is sent never has its own picture or sound, whatever is shown to others."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest

from mediaserver.api import CONTENT, EVERYONE, HOST, Layout, RoomOptions, SeatOptions
from mediaserver.peer.forwarder import Forwarder
from mediaserver.peer.simulcast import SimulcastLayer
from mediaserver.room.compositions import Compositions
from mediaserver.room.room import Room
from mediaserver.rtp.source import FlushQueue
from mediaserver.video.rendition import Rendition
from tests.mediaserver.meeting import ROOM, Guest, Meeting
from tests.mediaserver.peer.room_calls import KINDS
from tests.mediaserver.room_system import RoomSystem

BLUE = (0, 0, 255)
SEES_OTHERS = SeatOptions("vcs", "HNTH Chính phủ", sees_itself=False)


class Watched:
    """The share of blue pixels in each picture that another MCU, which sends blue, was sent."""

    def __init__(self, system: RoomSystem) -> None:
        self._system = system
        self._looked = 0
        self.blue: list[float] = []

    def look(self) -> bool:
        """Note the share of blue in a new picture; return True, so that it can be part of any condition."""
        picture = self._system.picture
        if picture is not None and self._system.pictures > self._looked:
            self._looked = self._system.pictures
            far = np.abs(picture.astype(int) - BLUE).max(axis=2)
            self.blue.append(float((far < 80).mean()))
        return True

    async def sees(self, *colours: str) -> None:
        """Wait until these colours, and no other of the guests', stand side by side in the middle."""
        places = [(2 * n + 1) / (2 * len(colours)) for n in range(len(colours))]
        await self._system.until(lambda: self.look() and [self._system.colour(x) for x in places] == [*colours])


async def test_r021_another_mcu_never_gets_its_own_picture_or_sound_back(meeting: Meeting, system: RoomSystem) -> None:
    a = await meeting.join("a", "red", 440, floor=True)
    await meeting.join("b", "green", 660, floor=True)
    await meeting.engine.add_seat(ROOM, SEES_OTHERS)
    await meeting.engine.set_floor(ROOM, "vcs", True)
    meeting.seats.append("vcs")
    system.set_destinations(await meeting.engine.connect(ROOM, "vcs", system.sdp(), plain=True))
    system.begin()
    watched = Watched(system)
    await watched.sees("red", "green")
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue") and a.watch.tones() == {660, 1000})
    await system.hears(440, 660)

    await meeting.engine.set_layout(ROOM, Layout("lecture", focus="vcs"))  # for everyone, it is the whole picture
    await a.watch.until(lambda: watched.look() and [a.watch.colour(x, 0.2) for x in (0.1, 0.9)] == ["blue", "blue"])
    await watched.sees("red")
    await meeting.engine.set_layout(ROOM, Layout("side-by-side", seats=("vcs", "b")))
    await watched.sees("green")
    await meeting.engine.show_overlay(ROOM, "vcs", "*1", 60)
    await meeting.engine.set_layout(ROOM, Layout("grid"))
    await watched.sees("red", "green")
    for view in ("camera:vcs", CONTENT, "composed:systems"):
        await meeting.engine.set_content(ROOM, "vcs")
        await meeting.engine.set_view(ROOM, "vcs", view)
        more = system.pictures + 10
        await system.until(lambda more=more: watched.look() and system.pictures >= more)  # type: ignore[misc]
    assert len(watched.blue) > 20 and max(watched.blue) == 0.0
    assert 1000 not in await system.hear()

    await meeting.engine.add_seat(ROOM, SeatOptions("vcs", "HNTH Chính phủ"))  # the test can see its own colour
    await system.until(lambda: watched.look() and watched.blue[-1] > 0.05)


def compositions_of(room: Room, *names: str) -> set[int]:
    """Return the numbers of the compositions that seats see."""
    return {room.compositions.of(room.seats[name].composition).number for name in names}


async def test_other_mcus_that_do_not_stand_in_a_picture_share_it_and_never_see_themselves(
    meeting: Meeting, room: Room, system: RoomSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mediaserver.room.room.SHARE_S", 0.2)
    a = await meeting.join("a", "red", 440, floor=True)
    await meeting.join("b", "green", 660)
    await meeting.engine.set_layout(ROOM, Layout("single", focus="a"))
    for name in ("vcs", "mcu"):
        await meeting.engine.add_seat(ROOM, replace(SEES_OTHERS, seat=name))
        meeting.seats.append(name)
    system.set_destinations(await meeting.engine.connect(ROOM, "vcs", system.sdp(), plain=True))
    system.begin()
    watched = Watched(system)
    await watched.sees("red")
    await a.watch.until(lambda: watched.look() and len(compositions_of(room, "a", "vcs", "mcu")) == 1)
    peer, shared = room.seats["vcs"].peer, room.compositions.of(EVERYONE)
    assert peer is not None
    picture = peer.picture
    assert picture is not None
    await a.watch.until(lambda: watched.look() and picture.source in shared.renditions.values())
    room.set_layout(Layout("single", focus="vcs"))
    shared.settle_at_once(time.monotonic())
    room.set_content(None)
    assert picture.source is None, "it stands still rather than show itself for a moment"
    await a.watch.until(lambda: watched.look() and a.watch.colour(0.5, 0.2) == "blue")
    assert compositions_of(room, "mcu") == compositions_of(room, "a") != compositions_of(room, "vcs")
    await watched.sees("red")
    await meeting.engine.set_layout(ROOM, Layout("single", focus="b"))
    await watched.sees("green")
    await a.watch.until(lambda: watched.look() and compositions_of(room, "vcs") == compositions_of(room, "a"))
    more = system.pictures + 5
    await system.until(lambda: watched.look() and system.pictures >= more)
    assert len(watched.blue) > 10 and max(watched.blue) == 0.0
    await meeting.engine.show_overlay(ROOM, "vcs", "*1", 60)
    assert room.compositions.of(room.seats["vcs"].composition).without == "vcs"


@pytest.fixture
async def below() -> AsyncIterator[RoomSystem]:
    """Open a system below, which shows green."""
    held = RoomSystem(*KINDS[0], "green", 660)
    await held.open()
    yield held
    await held.close()


@pytest.mark.parametrize("meeting", [RoomOptions(640, 360, 25)], indirect=True)
async def test_the_picture_of_a_system_above_goes_on_to_those_below_as_it_came_while_it_fills_the_picture(
    meeting: Meeting, room: Room, system: RoomSystem, below: RoomSystem
) -> None:
    a = await meeting.join("a", "red", 440, floor=True)
    for name, each in (("vcs", system), ("below", below)):
        await meeting.engine.add_seat(ROOM, replace(SEES_OTHERS, seat=name))
        meeting.seats.append(name)
        each.set_destinations(await meeting.engine.connect(ROOM, name, each.sdp(), plain=True))
        each.begin()
    (layer, picture) = await _layer_and_picture(room, a)
    await meeting.engine.set_layout(ROOM, Layout("single", focus="vcs"))
    await below.until(lambda: below.colour(0.5) == "blue")
    assert isinstance(picture.source, Rendition), "of a point that is not the host's the name is written"
    await meeting.engine.add_seat(ROOM, replace(SEES_OTHERS, audience=HOST))
    await below.until(lambda: picture.source is layer and below.colour(0.5) == "blue")
    await meeting.engine.set_view(ROOM, "a", "camera:a")
    await below.until(lambda: not room.compositions.of(EVERYONE).watched)
    for later in (10, 20):
        room.refresh(time.monotonic() + later)
    assert room.seats["vcs"].demand.lines == 360
    await meeting.engine.set_layout(ROOM, Layout("single", focus="vcs", title=True))
    await below.until(lambda: isinstance(picture.source, Rendition))
    await meeting.engine.set_layout(ROOM, Layout("single", focus="vcs"))
    await below.until(lambda: picture.source is layer)
    await meeting.engine.show_overlay(ROOM, "below", "*1", 60)
    await below.until(lambda: isinstance(picture.source, Rendition))
    await meeting.engine.set_layout(ROOM, Layout("single", focus="a"))
    await below.until(lambda: below.colour(0.5) == "red")


async def _layer_and_picture(room: Room, a: Guest) -> tuple[SimulcastLayer, Forwarder]:
    """Wait until the system above sends; return its stream, and what is sent to the one below."""
    peers = room.seats["vcs"].peer, room.seats["below"].peer
    assert peers[0] is not None and peers[1] is not None and peers[1].picture is not None
    camera = peers[0].camera
    await a.watch.until(lambda: bool(camera.layers))
    return camera.layers[0], peers[1].picture


def test_a_seat_is_left_out_with_its_screen_and_its_pins_and_shares_with_nobody() -> None:
    held = Compositions(RoomOptions(), FlushQueue(), lambda: None)
    layout = Layout("side-by-side", focus="mcu", seats=("mcu", "a", "content:mcu"))
    held.choose("systems", layout, 0.0)
    key = held.leave_out("systems", 0.0, seat="mcu")
    assert held.leave_out("systems", 0.0, seat="mcu") == key and held.leave_out("systems", 0.0, seat="other") != key
    own = held.of(key)
    assert own.layout_state.layout == Layout("side-by-side", seats=(None, "a", None))
    held.arrange(["a", "mcu"], "mcu", 1.0, "content:mcu")
    assert [tile.seat for tile in own.layout_state.tiles] == ["a"]
    held.choose("systems", Layout("content"), 1.0)
    own.settle_at_once(1.0)
    held.arrange(["a", "mcu"], "mcu", 1.0, "content:mcu")
    assert {tile.seat for tile in own.layout_state.tiles} == {"a"}
    held.choose("systems", layout, 1.0)
    held.choose("host", Layout("side-by-side", seats=(None, "a", None)), 2.0)
    assert held.of("host") is not own
    held.choose("systems", None, 3.0)
    held.choose(EVERYONE, Layout("single", focus="content:mcu"), 3.0)
    assert own.layout_state.layout == Layout("single")
    overlay = held.show_overlay(key, "text", 4.0)
    assert held.of(overlay).without == "mcu"
    held.keep_derived({overlay, key})
    assert held.of(key) is own
    held.keep_derived(set())
    assert held.of(key) is held.of(EVERYONE)
