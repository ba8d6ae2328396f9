"""Tests of composed pictures that the home of a shared room encodes once for all its media workers."""

from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from mediaserver.api import Layout, SeatOptions
from mediaserver.peer.forwarder import Forwarder
from mediaserver.pipe import pipe as pipe_module
from mediaserver.pipe import remote_picture
from mediaserver.pipe.remote_picture import PATIENCE_S, RETRY_S, RIDS, RemotePicture, RemoteRendition
from mediaserver.pipe.remote_seat import Want, WantedLayer, read_want, write_want
from mediaserver.rtp.payload import VIDEO_CLOCK
from mediaserver.rtp.source import FlushQueue, Source
from mediaserver.video.quality import USUAL
from mediaserver.video.rendition import Rendition
from tests.mediaserver.meeting import ROOM, Guest
from tests.mediaserver.pipe.shared_room import SharedRoom, wait_until

SEES_RED = Layout("single", focus="1")
SILENT_S = 0.5
"""The patience with a home that sends nothing."""


@pytest.fixture
async def shared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SharedRoom]:
    """Yield a room on the media workers that a test names, else on two. They wait long for what a home sends: on a busy
    machine it is late."""
    monkeypatch.setattr(remote_picture, "PATIENCE_S", 10.0)
    held = SharedRoom(getattr(request, "param", "ab"))
    await held.open()
    yield held
    await held.close()


def source(shared: SharedRoom, worker: str, seat: str) -> Source | None:
    """Return the source of the picture that a seat is sent."""
    peer = shared.room(worker).seats[seat].peer
    assert peer is not None and peer.picture is not None
    return peer.picture.source


async def sees(guest: Guest, colour: str) -> None:
    """Wait until a guest's picture has one colour alone."""
    await guest.watch.until(lambda: {guest.watch.colour(x, 0.4) for x in (0.25, 0.5, 0.75)} == {colour})


async def test_a_picture_is_encoded_once_and_goes_once_to_each_worker(shared: SharedRoom) -> None:
    await shared.join("a", "1", "red", 440)
    for seat, colour in (("2", "blue"), ("3", "green")):  # the second one comes late and needs a key frame
        await shared.join("b", seat, colour, 1000)
        await shared.meetings["b"].all_seen()
    await shared.meetings["a"].all_seen()
    stats = {name: await meeting.engine.stats() for name, meeting in shared.meetings.items()}
    passed_on = {name: (each["pipe_streams"], each["pipe_renditions"]) for name, each in stats.items()}
    assert passed_on == {"a": (0, 1), "b": (2, 0)}, "the home needs both cameras, the guest the picture alone"
    assert shared.encoded("b") == 0
    for guest in list(shared.meetings["b"].guests.values()):
        await guest.endpoint.close()
    await wait_until(lambda: shared.pipe("a").renditions == 0)


async def test_an_audience_sees_its_own_layout_at_each_worker(shared: SharedRoom) -> None:
    await shared.join("a", "1", "red", 440)
    one = await shared.join("b", "2", "blue", 1000, audience="components")
    await shared.meetings["a"].all_seen()
    await shared.set_layout(SEES_RED, "components")
    await sees(one, "red")
    await wait_until(lambda: [each.seat for each in shared.pipe("a")._sent] == ["composed:components"])
    await shared.set_layout(Layout("single", focus="2"), "components")
    await sees(one, "blue")
    await shared.set_layout(None, "components")
    await shared.meetings["b"].all_seen()
    await wait_until(lambda: [each.seat for each in shared.pipe("a")._sent] == ["composed:everyone"])
    assert shared.encoded("b") == 0


@pytest.mark.parametrize("shared", ["abc"], indirect=True)
async def test_another_home_composes_from_then_on(shared: SharedRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seat, colour in (("a", "1", "red"), ("b", "2", "blue"), ("c", "3", "green")):
        await shared.join(name, seat, colour, 440)
    await shared.meetings["c"].all_seen()
    assert (shared.encoded("b"), shared.encoded("c")) == (0, 0)
    await shared.share("b")
    await wait_until(lambda: (shared.pipe("b", "a").renditions, shared.pipe("b", "c").renditions) == (1, 1))
    await wait_until(lambda: (shared.pipe("a", "b").renditions, shared.pipe("a", "c").renditions) == (0, 0))
    await wait_until(lambda: shared.room("a")._idle)
    encoded = shared.encoded("a")
    for guest in shared.meetings["c"].guests.values():
        await guest.watch.more(10)
    await shared.meetings["c"].all_seen()
    assert (shared.encoded("a"), shared.encoded("c")) == (encoded, 0)
    monkeypatch.setattr(remote_picture, "PATIENCE_S", SILENT_S)
    await shared.engine("b").close_room(ROOM)
    await wait_until(lambda: shared.encoded("c") > 0)


async def test_a_guest_composes_while_its_home_is_silent(shared: SharedRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_picture, "RETRY_S", 0.5)
    guest = await shared.join("b", "2", "blue", 1000)
    await sees(guest, "blue")
    assert isinstance(source(shared, "b", "2"), RemoteRendition)
    await shared.engine("a").close_pipe("b")
    await wait_until(lambda: isinstance(source(shared, "b", "2"), Rendition))
    await guest.watch.more(5)
    await shared.open_pipes()
    await wait_until(lambda: isinstance(source(shared, "b", "2"), RemoteRendition))
    await guest.watch.more(5)
    encoded = shared.encoded("b")
    await guest.watch.more(5)
    assert shared.encoded("b") == encoded
    monkeypatch.setattr(remote_picture, "PATIENCE_S", SILENT_S)
    shared.pipe("a").offer_pictures(ROOM, on=False)  # as a worker of the release before
    await wait_until(lambda: isinstance(source(shared, "b", "2"), Rendition))


async def test_a_guest_composes_what_finds_no_place_in_the_pipe(
    shared: SharedRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipe_module, "PICTURES", range(0))
    monkeypatch.setattr(remote_picture, "PATIENCE_S", SILENT_S)
    guest = await shared.join("b", "2", "blue", 1000)
    await sees(guest, "blue")
    assert isinstance(source(shared, "b", "2"), Rendition)
    assert shared.encoded("a") == 0
    await wait_until(lambda: not shared.pipe("a").waiting)


async def test_a_guest_composes_for_who_must_not_see_itself_and_for_overlays(shared: SharedRoom) -> None:
    await shared.join("a", "1", "red", 440)
    guest = await shared.join("b", "2", "blue", 1000)
    await shared.meetings["b"].all_seen()
    options = SeatOptions("2", "Điểm cầu 2", sees_itself=False)
    await shared.engine("a").add_seat(ROOM, replace(options, worker="b"))
    await shared.engine("b").add_seat(ROOM, options)
    await sees(guest, "red")
    assert isinstance(source(shared, "b", "2"), Rendition)
    await shared.engine("a").add_seat(ROOM, replace(options, sees_itself=True, worker="b"))
    await shared.engine("b").add_seat(ROOM, replace(options, sees_itself=True))
    await wait_until(lambda: isinstance(source(shared, "b", "2"), RemoteRendition))
    await shared.engine("b").show_overlay(ROOM, "2", "Xin chào", 0.5)
    await wait_until(lambda: isinstance(source(shared, "b", "2"), Rendition))
    await wait_until(lambda: isinstance(source(shared, "b", "2"), RemoteRendition))


async def test_lost_packets_of_a_picture_are_sent_again(shared: SharedRoom) -> None:
    lossy = await shared.open_lossy_pipe(every=10)
    guest = await shared.join("b", "2", "blue", 1000)
    await sees(guest, "blue")
    await guest.watch.more(50)
    (layer,) = shared.pipe("b")._layers.values()
    assert lossy.lost > 5
    assert layer.nack.lost > 0
    await wait_until(lambda: layer.receive_stats.lost <= 1)  # all came in the end, but maybe what was sent just now


class ScriptedPipe:
    """A pipe that keeps what is wanted by it."""

    alive = True

    def __init__(self) -> None:
        self.wanted = Want()

    def want(self, room: str, seat: str, wanted: Want) -> None:
        assert (room, seat) == ("r", "composed:everyone")
        self.wanted = wanted

    def ask_keyframe(self, ssrc: int) -> None:
        raise AssertionError("a key frame comes anyway")


class Unsent:
    """The transport of a viewer to which nothing is sent."""

    path: Any = None


def viewer(*, high: bool) -> Forwarder:
    made = Forwarder({"H264": 97}, VIDEO_CLOCK, Unsent())  # type: ignore[arg-type]
    made.rewriter.decodes_high = high
    return made


def test_profile_high_is_wanted_where_all_decode_it() -> None:
    pipe = ScriptedPipe()
    rendition = RemotePicture("r", "everyone", FlushQueue(), pipe).rendition(("H264", USUAL))
    wanted, viewers = [], [viewer(high=True), viewer(high=False)]
    for each in viewers:
        each.follow(rendition, 100.0)
        wanted.append(write_want(pipe.wanted))
    viewers[1].follow(None, 101.0)
    viewers[0].follow(None, 101.0)
    assert wanted == [[0, [["composed", "H264/2", True]]], [0, [["composed", "H264/2"]]]]
    assert write_want(pipe.wanted) is None
    assert read_want(wanted[0]) == Want(0, (WantedLayer("composed", RIDS["H264", USUAL], high=True),))
    with pytest.raises(ValueError, match="name of a layer"):
        read_want([0, [["camera", "q", True]]])


def test_a_rendition_that_does_not_come_is_composed_here_and_asked_for_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe, now = ScriptedPipe(), [100.0]
    monkeypatch.setattr(remote_picture, "time", SimpleNamespace(monotonic=lambda: now[0]))
    rendition = RemotePicture("r", "everyone", FlushQueue(), pipe).rendition(("H264", USUAL))
    seen = viewer(high=False)
    assert rendition.comes(100.0)
    seen.follow(rendition, 100.0)
    assert rendition.comes(100.0 + 0.9 * PATIENCE_S)
    assert not rendition.comes(100.0 + PATIENCE_S)
    seen.follow(None, 102.0)
    assert not rendition.comes(102.0)
    now[0] = 101.5 + RETRY_S
    assert rendition.comes(now[0])
    seen.follow(rendition, now[0])
    rendition.receive_stats.heard = now[0] + 60
    assert rendition.comes(now[0] + 60 + 0.9 * PATIENCE_S)
    assert not rendition.comes(now[0] + 60 + PATIENCE_S)
    seen.follow(None, now[0] + 62)
    pipe.alive = False
    assert not rendition.comes(now[0] + 1000)
