"""Tests of the whole engine with real peers: what they see and hear, and which events are told.

Also tests `event_queue.py`, `media_clock.py` and `room_system_calls.py`.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.sdp_offer import OfferOptions
from mediaserver.api import (
    COMPOSED,
    CONTENT,
    EVERYONE,
    MAX_KEPT,
    MAX_KEPT_TEXT,
    CameraWanted,
    Event,
    Layout,
    Levels,
    PeerDown,
    PeerUp,
    RecordingEnded,
    RecordingFailed,
    RoomOptions,
    SeatOptions,
    Speaking,
)
from mediaserver.audio.active_speaker import THRESHOLD_DBOV
from mediaserver.congestion.downlink import SOUND_BPS
from mediaserver.errors import AlreadyRecording, BadOffer, TooLarge, UnknownRoom, UnknownSeat
from mediaserver.peer.webrtc import LOST_AUDIO_S, WebRtcPeer
from mediaserver.recording.recorder import ITEM_BYTES, MAX_QUEUED_BYTES, Recorder
from mediaserver.room.room import LEVELS_TICKS, Room
from mediaserver.room.seat import POOR_LOSS
from mediaserver.rtp.rtcp import Block, receiver_report
from mediaserver.rtp.source import FlushQueue
from mediaserver.transport.dtls import DtlsFailed, fingerprint, make_certificate
from mediaserver.transport.webrtc import SILENCE_S
from mediaserver.video.compositor import ComposeRequest
from mediaserver.video.quality import CAMERA_BPS, COMPOSED_BPS, LARGE, SCREEN_BPS, USUAL
from mediaserver.video.rendition import Rendition
from mediaserver.worker.engine import LocalEngine
from mediaserver.worker.media_clock import (
    AUDIO_TICK_S,
    FAST_POLL_MS,
    JOIN_FAST_POLL_S,
    MAX_LATE_TICKS,
    POLL_MS,
    tick_number,
)
from tests.mediaserver.meeting import CERTIFICATE, PATIENCE_S, ROOM, Guest, Meeting, material
from tests.mediaserver.offers import CHROMIUM


async def test_so_much_is_kept_for_later_servers_in_memory() -> None:
    engine = LocalEngine(["127.0.0.1"], 0)
    for number in range(MAX_KEPT):
        await engine.keep(str(number), "x" * MAX_KEPT_TEXT)
    for name, text in (("more", "x"), ("1", "x" * (MAX_KEPT_TEXT + 1)), ("n" * (MAX_KEPT_TEXT + 1), "x")):
        with pytest.raises(TooLarge):
            await engine.keep(name, text)
    await engine.keep("1", "another")
    for number in range(2, MAX_KEPT):
        await engine.keep(str(number), "")
    assert (await engine.held()).kept == {"0": "x" * MAX_KEPT_TEXT, "1": "another"}


async def test_everybody_sees_all_and_hears_all_but_themselves(meeting: Meeting) -> None:
    a = await meeting.join("a", "red", 440, floor=True)
    b = await meeting.join("b", "green", 660, floor=True, offered=OfferOptions(("VP8",), 1))
    c = await meeting.join("c", "blue", 1000, offered=OfferOptions(("H264",), 1))
    await meeting.all_seen()
    await a.watch.until(lambda: a.watch.tones() == {660})
    await b.watch.until(lambda: b.watch.tones() == {440})
    await c.watch.until(lambda: c.watch.tones() == {440, 660})
    for guest, tones in ((a, (660,)), (b, (440,)), (c, (440, 660))):
        await guest.watch.hears(*tones)
    assert set(a.watch._decoders) == set(c.watch._decoders) == {"H264", "opus"}
    assert set(b.watch._decoders) == {"VP8", "opus"}
    assert [guest.endpoint.counters.picture().lost for guest in (a, b, c)] == [0, 0, 0]
    assert {event for event in meeting.events if isinstance(event, PeerUp)} == {PeerUp(ROOM, name) for name in "abc"}
    assert any(isinstance(event, Speaking) and event.seat in ("a", "b") for event in meeting.events)
    level_events = [event.levels for event in meeting.events if isinstance(event, Levels)]
    assert any(levels.keys() == {"a", "b"} and max(levels.values()) > -30 for levels in level_events)


async def test_r093_levels_are_sent_five_times_in_a_second_at_most_and_a_voice_is_made_louder(meeting: Meeting) -> None:
    assert isinstance(meeting.engine, LocalEngine)
    engine = meeting.engine
    a = await meeting.join("a", "red", 440, floor=True)
    await meeting.join("b", "green", 660)
    await a.watch.until(lambda: any(isinstance(event, Levels) and event.levels for event in meeting.events))
    for gain, level in ((-12, -27), (0, -15), (-12, -27)):
        begun, tick = len(meeting.events), engine._clock.ticks_done
        await engine.set_gain(ROOM, "a", gain)
        await a.watch.until(lambda level=level: _level_events(meeting)[-1].levels == {"a": level})  # type: ignore[misc]
        await a.watch.until(lambda tick=tick: engine._clock.ticks_done >= tick + 50)  # type: ignore[misc]
        level_events = [event for event in meeting.events[begun:] if isinstance(event, Levels)]
        assert len(level_events) <= (engine._clock.ticks_done - tick) // LEVELS_TICKS + 1


def _level_events(meeting: Meeting) -> list[Levels]:
    return [event for event in meeting.events if isinstance(event, Levels)]


async def test_a_seat_without_the_floor_is_silent_whatever_it_sends(meeting: Meeting) -> None:
    a = await meeting.join("a", "red", 440)
    b = await meeting.join("b", "green", 660)
    sent = b.endpoint._voice.sent  # type: ignore[union-attr]
    before = sent.packets
    assert await a.watch.listen() == set()
    assert sent.packets > before + 20
    await meeting.engine.set_floor(ROOM, "b", True)
    await a.watch.until(lambda: a.watch.tones() == {660})
    await meeting.engine.set_floor(ROOM, "b", False)
    await a.watch.silence()
    assert await b.watch.listen() == set()


async def test_a_seat_that_is_added_again_has_its_new_options_and_nothing_else(meeting: Meeting, room: Room) -> None:
    a = await meeting.join("a", "red", 440)
    b = await meeting.join("b", "green", 660)
    heard = SeatOptions("b", "B", floor=True, gain=6.0, view="camera:a", lines=1080)
    await meeting.engine.add_seat(ROOM, heard)
    await a.watch.until(lambda: a.watch.tones() == {660})
    await b.watch.until(lambda: b.watch.colour(0.5, 0.5) == "red")
    assert (room.mixer.voices["b"].gain, room.seats["b"].lines) == (6.0, 1080)
    await meeting.engine.add_seat(ROOM, SeatOptions("b", "B"))
    await a.watch.silence()
    await b.watch.until(lambda: meeting.shows(b, "b"))
    assert (room.mixer.voices, room.seats["b"].gain, room.seats["b"].lines) == ({}, 0.0, 0)


async def test_a_camera_that_may_not_be_seen_is_a_card_to_all_and_comes_back(meeting: Meeting, room: Room) -> None:
    a = await meeting.join("a", "red", 440, view="camera:b")
    await meeting.join("b", "green", 660)
    c = await meeting.join("c", "blue", 880)
    await a.watch.until(lambda: a.watch.colour(0.5, 0.5) == "green")
    await c.watch.until(lambda: meeting.shows(c, "b"))
    options = replace(room.seats["b"].options, camera=False)
    await meeting.engine.add_seat(ROOM, options)
    await c.watch.until(lambda: meeting.shows(c, "b", colour=""))
    await a.watch.until(lambda: meeting.shows(a, "b", colour="") and meeting.shows(a, "c"))
    peer = room.seats["b"].peer
    assert peer is not None and [len(layer.sinks) for layer in peer.camera.layers] == [0], "and nobody gets its packets"
    await meeting.engine.add_seat(ROOM, replace(options, camera=True))
    await a.watch.until(lambda: a.watch.colour(0.5, 0.5) == "green" and not meeting.shows(a, "c"))
    await c.watch.until(lambda: meeting.shows(c, "b"))


@pytest.mark.parametrize("meeting", [RoomOptions(1280, 720)], indirect=True)
async def test_a_camera_is_forwarded_without_decoding_or_encoding_anything(meeting: Meeting, room: Room) -> None:
    a = await meeting.join("a", "red", 440, view="camera:b", offered=OfferOptions(layers=3))
    b = await meeting.join("b", "green", 660, view="camera:a", offered=OfferOptions(layers=3))
    await a.watch.until(lambda: (a.watch.colour(), a.watch.size) == ("green", (640, 360)))
    await b.watch.until(lambda: (b.watch.colour(), b.watch.size) == ("red", (640, 360)))
    await a.watch.until(lambda: all(each.input._current is None for each in room.seats.values()))
    composed = [rendition._sequence for rendition in renditions(room)]
    decoded = {seat: camera.decoded for seat, camera in room._picture_clock.compositor._cameras.items()}
    before = a.pictures, b.pictures
    await a.watch.more(30)
    await b.watch.until(lambda: b.pictures >= before[1] + 30)
    assert [rendition._sequence for rendition in renditions(room)] == composed
    assert {seat: camera.decoded for seat, camera in room._picture_clock.compositor._cameras.items()} == decoded
    assert all(each.input._current is None for each in room.seats.values())
    assert a.endpoint.counters.picture().lost == 0


async def test_the_clock_of_the_picture_rests_until_somebody_watches(
    meeting: Meeting, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = await meeting.join("a", "red", 440, view="camera:b")
    await meeting.join("b", "green", 660, view="camera:a")
    await a.watch.until(lambda: a.watch.colour() == "green" and room._idle)
    await a.watch.more(10)  # and the compositor has let go of what it held
    looks: list[int] = []
    work = room.compose_request

    def seen(rate: int, tick: int, now: float) -> ComposeRequest | None:
        looks.append(tick)
        return work(rate, tick, now)

    monkeypatch.setattr(room, "compose_request", seen)
    await a.watch.more(10)
    assert looks == []
    await meeting.engine.set_layout(ROOM, Layout("single", "a"))
    await a.watch.until(lambda: room.compositions.of(EVERYONE).layout_state._shown == Layout("single", "a"))
    await meeting.engine.set_view(ROOM, "a", COMPOSED)
    await a.watch.until(lambda: a.watch.colour(0.2, 0.2) == a.watch.colour(0.8, 0.2) == "red")


async def test_the_compositor_follows_the_smallest_layer_that_fills_a_tile(meeting: Meeting, room: Room) -> None:
    a = await meeting.join("a", "red", 440, offered=OfferOptions(layers=3))
    await a.watch.until(lambda: a.watch.colour() == "red")
    assert [layer.height for layer in room.seats["a"].peer.camera.layers] == [180, 360, 720]  # type: ignore[union-attr]
    current = room.seats["a"].input._current
    assert current is room.seats["a"].peer.camera.layers[0]  # type: ignore[union-attr]


async def test_views_and_layouts_change_for_those_who_watch(meeting: Meeting) -> None:
    a = await meeting.join("a", "red", 440, offered=OfferOptions(("VP8",), 1))
    b = await meeting.join("b", "green", 660, offered=OfferOptions(("H264",), 1))
    await meeting.all_seen()
    single = Layout("single", "b")
    await meeting.engine.set_layout(ROOM, single)
    await a.watch.until(lambda: a.watch.colour(0.2, 0.2) == a.watch.colour(0.8, 0.2) == "green")
    await b.watch.until(lambda: b.watch.colour(0.2, 0.2) == b.watch.colour(0.8, 0.2) == "green")
    await meeting.engine.set_view(ROOM, "b", "camera:a")  # VP8, which b cannot decode: the composed picture stays
    await b.watch.more(10)
    assert b.watch.colour() == "green"
    await meeting.engine.set_view(ROOM, "b", "camera:nobody")
    await meeting.engine.set_layout(ROOM, Layout("single", "a"))
    await b.watch.until(lambda: b.watch.colour() == "red")
    await meeting.engine.set_layout(ROOM, Layout())
    await meeting.all_seen()


def renditions(room: Room) -> list[Rendition]:
    return [rendition for picture in room.compositions for rendition in picture.renditions.values()]


async def test_audiences_see_their_own_layouts_made_only_while_somebody_watches(meeting: Meeting, room: Room) -> None:
    a = await meeting.join("a", "red", 440, audience="host")
    b = await meeting.join("b", "green", 660, audience="components", offered=OfferOptions(("VP8",), 1))
    c = await meeting.join("c", "blue", 1000, audience="components")
    await meeting.all_seen()
    assert len(room._picture_clock.compositor._painters) == 1
    engine = meeting.engine
    await engine.set_layout(ROOM, Layout("single", "b"), "host")
    await engine.set_layout(ROOM, Layout("single", "a"), "unwatched")
    await a.watch.until(lambda: a.watch.colour(0.2, 0.2) == a.watch.colour(0.8, 0.2) == "green")
    await b.watch.more(10)
    assert (meeting.shows(b, "a"), meeting.shows(c, "a")) == (True, True)
    assert len(room._picture_clock.compositor._painters) == 2
    assert b.endpoint.counters.picture().lost == a.endpoint.counters.picture().lost == 0

    await engine.set_layout(ROOM, Layout("single", "b"), "components")  # the same as the host's: one picture
    for guest in (b, c):
        await guest.watch.until(lambda w=guest.watch: w.colour(0.2, 0.2) == w.colour(0.8, 0.2) == "green")  # type: ignore[misc]
    assert room.compositions.of("host") is room.compositions.of("components")
    await engine.set_view(ROOM, "a", "composed:unwatched")
    await a.watch.until(lambda: a.watch.colour(0.2, 0.2) == a.watch.colour(0.8, 0.2) == "red")
    await engine.set_view(ROOM, "a", COMPOSED)
    await engine.set_layout(ROOM, None, "host")
    await a.watch.until(lambda: meeting.shows(a, "b") and meeting.shows(a, "a"))
    assert b.watch.colour(0.2, 0.2) == b.watch.colour(0.8, 0.2) == "green"
    await engine.set_layout(ROOM, None, "components")
    await meeting.all_seen()
    await a.watch.until(lambda: len(room._picture_clock.compositor._painters) == 1)


async def test_a_camera_learns_at_which_height_it_is_watched(meeting: Meeting, room: Room) -> None:
    a = await meeting.join("a", "red", 440)
    b = await meeting.join("b", "green", 660)
    await meeting.all_seen()
    await meeting.happened(CameraWanted(ROOM, "b", 180))
    assert CameraWanted(ROOM, "a", 180) in meeting.events, "tiles of 90 lines"
    meeting.events.clear()
    room.seats["b"].peer.downlink.step = USUAL  # type: ignore[union-attr]
    room.options = RoomOptions(1280, 720)
    await meeting.engine.set_view(ROOM, "b", "camera:a")
    assert CameraWanted(ROOM, "a", 720) in room_events(meeting), "at once"
    await meeting.engine.set_view(ROOM, "b", COMPOSED)
    await meeting.happened(CameraWanted(ROOM, "a", 180))
    await a.watch.until(lambda: meeting.shows(a, "b"))
    assert b.endpoint.connected


def room_events(meeting: Meeting) -> list[Event]:
    """Return the events of the room, read or not yet."""
    assert isinstance(meeting.engine, LocalEngine)
    return [*meeting.events, *meeting.engine._events.waiting]


def sees(guest: Guest, size: tuple[int, int]) -> Callable[[], bool]:
    """Return whether a guest's picture has a size."""
    return lambda: guest.watch.size == size


async def test_a_large_display_gets_a_larger_picture_made_for_it_alone(meeting: Meeting, room: Room) -> None:
    a = await meeting.join("a", "red", 440)
    b = await meeting.join("b", "green", 660)
    vp8 = await meeting.join("c", "blue", 1000, offered=OfferOptions(("VP8",), 1))
    await meeting.all_seen()
    for guest in (a, vp8):
        await meeting.engine.set_view(ROOM, guest.seat, COMPOSED, 1080)
        room.seats[guest.seat].peer.downlink.step = LARGE  # type: ignore[union-attr]  # the link was found to carry it
        room._refresh_views()
    for guest in (a, vp8):
        await guest.watch.until(sees(guest, (480, 270)))
    await a.watch.until(lambda: all(meeting.shows(a, seat) for seat in "abc"))
    await vp8.watch.until(lambda: all(meeting.shows(vp8, seat) for seat in "abc"))
    assert b.watch.size == (320, 180)
    most = [room.seats[seat].peer.downlink.max_step for seat in "abc"]  # type: ignore[union-attr]
    assert most == [LARGE, USUAL, LARGE], "nobody's line is probed for a picture that is not made for them"
    assert room.rates() == {25, 30}
    assert a.endpoint.counters.picture().lost == b.endpoint.counters.picture().lost == 0
    for guest in (a, vp8):
        await meeting.engine.set_view(ROOM, guest.seat, COMPOSED, 225)
        await guest.watch.until(sees(guest, (320, 180)))
    await b.watch.until(lambda: set(room._picture_clock.compositor._painters) == {(0, False)})
    assert room.rates() == {25}


async def test_a_newly_shown_seat_appears_with_its_picture_not_as_a_card(meeting: Meeting, room: Room) -> None:
    a = await meeting.join("a", "red", 440)
    await meeting.join("b", "green", 660)
    await meeting.engine.set_layout(ROOM, Layout("single", "a"))

    def unseen() -> bool:
        peer = room.seats["b"].peer
        return peer is not None and bool(peer.camera.layers) and not room.seats["b"].input.listening

    await a.watch.until(lambda: a.watch.colour() == "red" and unseen())
    seen: set[str] = set()

    def green() -> bool:
        (tile,) = room.compositions.of(EVERYONE).layout_state.tiles
        assert tile.seat == "a" or room.seats["b"].input.flowing
        seen.add(a.watch.colour())
        return a.watch.colour() == "green"

    room.set_layout(Layout("single", "b"))
    assert not room.compositions.settle(room._ready, time.monotonic()), "nothing can have come yet"
    await a.watch.until(green)
    assert seen == {"red", "green"}


async def test_ux_defect_01_floor_microphone_and_poor_connection_are_marked_apart(meeting: Meeting, room: Room) -> None:
    await meeting.join("a", "red", 440, floor=True)
    b = await meeting.join("b", "green", 660)
    c = await meeting.join("c", "blue", 1000, floor=True)
    await meeting.all_seen()
    await b.watch.until(lambda: room.seats["a"].microphone and room.seats["c"].microphone)
    c.endpoint.speak(False)
    await b.watch.until(lambda: not room.seats["c"].microphone and room._levels.get("a", -99) > THRESHOLD_DBOV)
    for seat, loss in (("b", POOR_LOSS + 0.01), ("c", 2 * POOR_LOSS), ("a", POOR_LOSS)):
        room.seats[seat].peer._loss.share = loss  # type: ignore[union-attr]
    work = room.compose_request(room.options.fps, 1, time.monotonic())
    assert work is not None and work.icons == {"a": ("sound",), "b": ("poor",), "c": ("floor", "poor")}
    room._levels = {"a": -50}
    work = room.compose_request(room.options.fps, 2, time.monotonic())
    assert work is not None and work.icons["a"] == ("mic",), "a room at rest is no voice"


async def test_pages_turn_while_nothing_else_happens(meeting: Meeting) -> None:
    a = await meeting.join("a", "red", 440)
    for seat in "bcd":
        await meeting.join(seat, "green", 660)
    await meeting.join("e", "blue", 1000)
    await meeting.engine.set_layout(ROOM, Layout("2x2", rotate=1))
    for colour in ("red", "blue", "red"):
        await a.watch.until(lambda colour=colour: a.watch.colour(0.25, 0.25) == colour)  # type: ignore[misc]


async def test_title_and_names_change_and_a_card_keeps_the_name_of_an_absent_point(
    meeting: Meeting, room: Room
) -> None:
    a = await meeting.join("a", "red", 440)
    await meeting.join("b", "green", 660)
    await meeting.all_seen()
    await meeting.engine.set_layout(ROOM, Layout("2x2", seats=("b", "nt"), empty=True, title=True))
    await meeting.engine.set_names(ROOM, "Họp bất thường", {"nt": "UBND.Nha Trang", "cr": "UBND.Cam Ranh"})
    await meeting.engine.remove_seat(ROOM, "b")
    await a.watch.until(lambda: not room.compositions.of(EVERYONE).layout_state.tiles[0].seat)
    work = room.compose_request(room.options.fps, 1, time.monotonic())
    assert work is not None
    (scene,) = work.jobs
    assert scene.heading is not None and scene.heading.title == "Họp bất thường"
    assert [work.labels[tile.seat or tile.awaited] for tile in scene.tiles if tile.seat or tile.awaited] == [
        "Điểm cầu b",
        "UBND.Nha Trang",
        "Điểm cầu a",
    ]


@pytest.mark.parametrize("audience", ["host", "lecture"])
async def test_a_seat_newly_shown_in_an_audiences_own_layout_appears_with_its_picture_too(
    meeting: Meeting, room: Room, audience: str
) -> None:
    a = await meeting.join("a", "red", 440, audience="host")
    await meeting.join("b", "green", 660)
    await meeting.engine.set_layout(ROOM, Layout("single", "a"))
    b = room.seats["b"]
    await a.watch.until(lambda: a.watch.colour() == "red" and b.peer is not None and bool(b.peer.camera.layers))
    await a.watch.until(lambda: not b.input.listening)
    seen: set[str] = set()

    def green() -> bool:
        (tile,) = room.compositions.of(audience).layout_state.tiles
        assert tile.seat == "a" or b.input.flowing
        seen.add(a.watch.colour())
        return a.watch.colour() == "green"

    for _ in range(2):  # what is chosen again is as good
        seen.clear()
        room.set_layout(Layout("lecture", "b"), audience)
        assert not room.compositions.settle(room._ready, time.monotonic()), (
            "nobody watches, or nothing can have come yet"
        )
        room.set_view("a", COMPOSED if audience == "host" else f"{COMPOSED}:{audience}")
        assert not room.compositions.settle(room._ready, time.monotonic()), "nothing can have come yet"
        await a.watch.until(green)
        assert seen == {"red", "green"}
        room.set_layout(None, "host")
        room.set_view("a", COMPOSED)
        await a.watch.until(lambda: a.watch.colour() == "red" and not b.input.listening)


@contextmanager
def narrowed(room: Room, seat: str) -> Iterator[None]:
    """Limit a guest to less than the usual quality meanwhile, as on a slow link."""
    peer = room.seats[seat].peer
    assert peer is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_limit", lambda seat: None)
        peer.limit(USUAL - 1)
        yield


async def test_a_shared_screen_is_composed_and_forwarded_while_it_is_the_content(meeting: Meeting, room: Room) -> None:
    a = await meeting.join("a", "red", 440)
    await meeting.join("b", "green", 660)
    await meeting.all_seen()
    peer = room.seats["b"].peer
    assert isinstance(peer, WebRtcPeer)
    peer.content = peer.camera  # what it shares looks like its camera
    engine = meeting.engine
    await engine.set_content(ROOM, "b")
    await engine.set_layout(ROOM, Layout("content"))
    await a.watch.until(lambda: (a.watch.colour(0.3, 0.5), a.watch.colour(0.875, 0.2)) == ("green", "red"))
    assert set(room._picture_clock.compositor._cameras) == {"a", "b", "content:b"}
    await engine.set_view(ROOM, "a", CONTENT)
    await a.watch.until(lambda: a.watch.colour(0.1, 0.1) == a.watch.colour(0.9, 0.9) == "green")
    viewer = room.seats["a"]
    assert isinstance(viewer.peer, WebRtcPeer)
    assert viewer.peer.downlink.rate == SCREEN_BPS[USUAL] + SOUND_BPS
    with narrowed(room, "a"):
        await a.watch.until(lambda: (a.watch.colour(0.3, 0.5), a.watch.colour(0.875, 0.2)) == ("green", "red"))
    viewer.peer.downlink.step = USUAL
    await engine.set_view(ROOM, "a", "camera:b")
    assert viewer.peer.downlink.rate == CAMERA_BPS[USUAL] + SOUND_BPS
    await engine.set_view(ROOM, "a", COMPOSED)
    assert viewer.peer.downlink.rate == COMPOSED_BPS[USUAL] + SOUND_BPS
    await engine.set_content(ROOM, None)
    await a.watch.until(lambda: (a.watch.colour(0.3, 0.5), a.watch.colour(0.875, 0.2)) == ("red", "green"))
    assert set(room._picture_clock.compositor._cameras) == {"a", "b"}
    with pytest.raises(UnknownSeat):
        await engine.set_content(ROOM, "nobody")
    await engine.set_content(ROOM, "b")
    await engine.remove_seat(ROOM, "b")
    await a.watch.until(lambda: a.watch.colour(0.3, 0.5) == "red")


@pytest.mark.parametrize("meeting", [RoomOptions(1280, 720)], indirect=True)
@pytest.mark.parametrize("layers", [1, 3])
async def test_a_camera_of_one_size_gives_way_to_the_composed_picture_on_a_narrow_link(
    meeting: Meeting, room: Room, layers: int
) -> None:
    a = await meeting.join("a", "red", 440, view="camera:b")
    await meeting.join("b", "green", 660, offered=OfferOptions(layers=layers))
    await a.watch.until(lambda: a.watch.colour(0.2, 0.5) == a.watch.colour(0.8, 0.5) == "green")
    sides = "green" if layers == 3 else "red", "green"
    with narrowed(room, "a"):
        await a.watch.until(
            lambda: a.watch.size == (640, 360) and (a.watch.colour(0.2, 0.5), a.watch.colour(0.8, 0.5)) == sides
        )


@pytest.mark.parametrize("meeting", [RoomOptions(1280, 720)], indirect=True)
async def test_a_small_place_gets_a_small_picture_and_a_larger_one_at_once(
    meeting: Meeting, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mediaserver.room.resolution_demand.DECREASE_DELAY_S", 0.2)
    a = await meeting.join("a", "red", 440, offered=OfferOptions(layers=1))
    b = await meeting.join("b", "green", 660, offered=OfferOptions(layers=3))
    await meeting.all_seen()
    peer = room.seats["a"].peer
    assert isinstance(peer, WebRtcPeer)
    for view, lines, step in (
        (COMPOSED, 360, 1),
        (COMPOSED, 361, USUAL),
        ("camera:b", 180, 0),
        ("camera:b", 1080, USUAL),
        ("camera:b", 360, 1),
        ("camera:b", 0, USUAL),
    ):
        await meeting.engine.set_view(ROOM, "a", view, lines)
        height = ((180, 360, 720) if view == COMPOSED else (90, 180, 360))[step]  # as the caller's clips have
        await a.watch.until(lambda: a.watch.size[1] == height)  # noqa: B023
        assert peer.downlink.step == step
    await meeting.engine.set_view(ROOM, "b", "camera:a", 180)
    await b.watch.until(lambda: b.watch.colour(0.2, 0.5) == b.watch.colour(0.8, 0.5) == "red")
    await b.watch.more()
    assert b.watch.colour(0.8, 0.5) == "red", "it has no smaller one"


async def test_an_observer_sees_and_has_no_tile(meeting: Meeting) -> None:
    await meeting.join("a", "red", 440)
    observer = await meeting.join("o", "blue", 660, visible=False)
    await observer.watch.until(lambda: observer.watch.colour() == "red")
    assert meeting.shows(observer, "a")


async def test_nothing_is_made_or_sent_before_a_peer_is_connected(meeting: Meeting, room: Room) -> None:
    """A key frame sent into a handshake would be lost, and the next one is seconds away."""
    await meeting.engine.add_seat(ROOM, SeatOptions("x", "X"))
    await meeting.engine.connect(ROOM, "x", CHROMIUM)
    await meeting.engine.set_floor(ROOM, "x", True)
    a = await meeting.join("a", "red", 440, offered=OfferOptions(("VP8",), 1))
    await a.watch.more(20)
    peer = room.seats["x"].peer
    assert peer is not None and peer.picture is not None and peer.audio is not None
    assert {sink for rendition in renditions(room) for sink in rendition.sinks} == {
        room.seats["a"].peer.picture  # type: ignore[union-attr]
    }
    assert room.mixer.full.sinks == [room.seats["a"].peer.audio]  # type: ignore[union-attr]


async def test_a_new_transport_keeps_floor_and_view(meeting: Meeting) -> None:
    a = await meeting.join("a", "red", 440)
    b = await meeting.join("b", "green", 660, floor=True, view="camera:a")
    await b.watch.until(lambda: b.watch.colour() == "red")
    await a.watch.until(lambda: a.watch.tones() == {660})
    again = await meeting.connect("b", "blue", 1000)
    await again.watch.until(lambda: (again.watch.colour(), again.watch.size) == ("red", (320, 180)))
    await a.watch.until(lambda: a.watch.tones() == {1000})
    await a.watch.until(lambda: meeting.shows(a, "b"))
    assert not b.endpoint.connected
    assert meeting.events.count(PeerUp(ROOM, "b")) == 2
    assert not any(isinstance(event, PeerDown) for event in meeting.events)


async def test_a_guest_who_leaves_is_reported_and_shown_as_a_card(meeting: Meeting) -> None:
    a = await meeting.join("a", "red", 440)
    b = await meeting.join("b", "green", 660, floor=True)
    await meeting.all_seen()
    await b.endpoint.close()
    await meeting.happened(PeerDown(ROOM, "b", "closed"))
    await a.watch.until(lambda: meeting.shows(a, "b", colour=""))
    await meeting.engine.remove_seat(ROOM, "b")
    meeting.seats.remove("b")
    await a.watch.until(lambda: a.watch.colour(0.5, 0.4) == "red")


async def test_a_guest_who_falls_silent_is_reported_and_sent_nothing_more(meeting: Meeting, room: Room) -> None:
    a = await meeting.join("a", "red", 440)
    b = await meeting.join("b", "green", 660)
    await meeting.all_seen()
    room.seats["b"].peer.transport.check(time.monotonic() + SILENCE_S + 1)  # type: ignore[call-arg, union-attr]
    await meeting.happened(PeerDown(ROOM, "b", "silent"))
    await a.watch.until(lambda: not b.endpoint.connected)
    await a.watch.until(lambda: meeting.shows(a, "b", colour=""))
    had = b.pictures
    await a.watch.more(10)
    assert b.pictures == had
    assert (await meeting.engine.stats())["peers"] == 1
    again = await meeting.connect("b", "blue", 660)
    await again.watch.until(lambda: meeting.shows(again, "b"))


async def test_a_peer_with_another_certificate_than_in_its_offer_fails(meeting: Meeting) -> None:
    await meeting.engine.add_seat(ROOM, SeatOptions("x", "X"))
    endpoint = Endpoint(make_certificate(), material("red", 440), OfferOptions(layers=1))
    offer = endpoint.offer().replace(fingerprint(endpoint._certificate), fingerprint(CERTIFICATE))
    connecting = asyncio.ensure_future(endpoint.connect(await meeting.engine.connect(ROOM, "x", offer)))
    await meeting.happened(PeerDown(ROOM, "x", "failed"))
    connecting.cancel()
    with suppress(asyncio.CancelledError, DtlsFailed):
        await connecting
    await endpoint.close()
    assert PeerUp(ROOM, "x") not in meeting.events


async def test_wrong_names_and_offers_raise_and_change_nothing(meeting: Meeting, tmp_path: Path) -> None:
    engine = meeting.engine
    with pytest.raises(UnknownRoom, match="no room 'else'"):
        await engine.add_seat("else", SeatOptions("a", "A"))
    for call in (
        engine.connect(ROOM, "b", CHROMIUM),
        engine.set_floor(ROOM, "b", True),
        engine.set_view(ROOM, "b", COMPOSED),
    ):
        with pytest.raises(UnknownSeat, match="no seat 'b' in room 'room'"):
            await call
    a = await meeting.join("a", "red", 440)
    with pytest.raises(BadOffer):
        await engine.connect(ROOM, "a", "v=0")
    await a.watch.until(lambda: a.watch.colour() == "red")
    await engine.start_recording(ROOM, str(tmp_path / "one.mp4"))
    with pytest.raises(AlreadyRecording):
        await engine.start_recording(ROOM, str(tmp_path / "two.mp4"))
    await engine.stop_recording(ROOM)
    await engine.stop_recording(ROOM)
    await engine.open_room(ROOM, RoomOptions(64, 64, 5))
    await engine.remove_seat(ROOM, "nobody")
    await engine.close_room("else")
    await a.watch.more(5)
    assert a.watch.size == (320, 180)
    assert list(tmp_path.glob("two*")) == []


async def test_a_voice_is_passed_on_while_nothing_is_recorded_and_nobody_loses_sound(
    meeting: Meeting, room: Room, tmp_path: Path
) -> None:
    await meeting.join("a", "red", 440, floor=True)
    peer = room.seats["a"].peer
    assert isinstance(peer, WebRtcPeer) and peer.audio is not None

    def relays(now: float) -> bool:
        room.refresh(now)
        return room.mixer.relays

    now = time.monotonic()
    assert relays(now)
    await meeting.engine.start_recording(ROOM, str(tmp_path / "one.mp4"))
    assert (room.mixer.relays, relays(now)) == (False, False)
    await meeting.engine.stop_recording(ROOM)
    assert relays(now)
    peer.rtcp(receiver_report(1, [Block(peer.audio.ssrc, 128, 0, 0, 0, 0, 0)]), now)
    assert (relays(now), relays(now + LOST_AUDIO_S)) == (False, True)


async def hung(meeting: Meeting, room: Room, path: str) -> tuple[Recorder, threading.Event]:
    """Record onto a disk that hangs, until the recording is given up; the disk goes on once the event is set."""
    await meeting.engine.start_recording(ROOM, path)
    recorder, released = room.recording.recorder, threading.Event()
    assert recorder is not None
    recorder._thread.submit(released.wait)
    for _ in range(2):
        recorder._keep(lambda _: None, bytes(MAX_QUEUED_BYTES - ITEM_BYTES))
    await meeting.happened(RecordingFailed(ROOM, path, "disk-slow"))
    return recorder, released


async def test_a_disk_that_hangs_is_reported_before_it_lets_go_of_the_file(
    meeting: Meeting, room: Room, tmp_path: Path
) -> None:
    path = str(tmp_path / "one.mp4")
    recorder, released = await hung(meeting, room, path)
    assert (room.recording.recorder, recorder._recording_budget.used) == (None, MAX_QUEUED_BYTES)
    released.set()
    assert await meeting.recorded() == RecordingEnded(ROOM, path, 0.0, "disk-slow")


async def test_stopping_a_recording_does_not_wait_for_its_disk(meeting: Meeting, room: Room, tmp_path: Path) -> None:
    paths, released = [str(tmp_path / name) for name in ("one.mp4", "two.mp4")], threading.Event()
    await meeting.engine.start_recording(ROOM, paths[0])
    assert room.recording.recorder is not None
    room.recording.recorder._thread.submit(released.wait)
    async with asyncio.timeout(PATIENCE_S):
        await meeting.engine.stop_recording(ROOM)
    await meeting.engine.start_recording(ROOM, paths[1])
    assert not [event for event in meeting.events if isinstance(event, RecordingEnded)]
    released.set()
    assert await meeting.recorded() == RecordingEnded(ROOM, paths[0], 0.0, None)


async def test_a_room_that_is_closed_while_its_disk_hangs_tells_that_the_recording_ended(
    meeting: Meeting, room: Room, tmp_path: Path
) -> None:
    path = str(tmp_path / "one.mp4")
    _, released = await hung(meeting, room, path)
    closing = asyncio.ensure_future(meeting.engine.close_room(ROOM))
    await asyncio.sleep(0)  # it closes as far as it can
    released.set()
    assert await meeting.recorded() == RecordingEnded(ROOM, path, 0.0, "disk-slow")
    await closing


async def test_the_port_is_read_while_there_is_a_room_or_checks_of_others_are_awaited() -> None:
    engine = LocalEngine(["127.0.0.1"], 0)
    engine.start()

    async def read_after(datagrams: int) -> object:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for _ in range(datagrams):
                stranger.sendto(b"\x16", engine._mux.addresses[0])
        await asyncio.sleep(5 * POLL_MS / 1000)
        return (await engine.stats())["packets_in"]

    assert await read_after(1) == 0
    await engine.open_room(ROOM, RoomOptions())
    await engine.open_room("other", RoomOptions())
    assert await read_after(1) == 2
    await engine.close_room(ROOM)
    assert await read_after(1) == 3
    await engine.close_room("other")
    assert await read_after(1) == 3
    await engine.open_room(ROOM, RoomOptions())
    assert await read_after(0) == 4
    await engine.close_room(ROOM)
    assert (await engine.probe()).addresses == tuple(engine._mux.addresses)
    assert await read_after(1) == 5
    await engine.open_room(ROOM, RoomOptions())
    await engine.close_room(ROOM)
    assert await read_after(1) == 6
    engine._probe._closes = 0.0
    engine._clock._poll()
    assert await read_after(1) == 6
    await engine.close()


async def test_missed_beats_are_made_up_for_unless_they_are_too_many(
    meeting: Meeting, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(meeting.engine, LocalEngine)
    engine, ticks = meeting.engine, list[int]()
    engine._clock._ticker.stop()
    monkeypatch.setattr(room, "sound", lambda due: ticks.append(round(due / AUDIO_TICK_S)))
    now = time.monotonic()
    due = tick_number(now)
    for late, made in ((3, 3), (MAX_LATE_TICKS + 1, 1)):
        engine._clock.ticks_done = due - late
        ticks.clear()
        engine._clock._run_due_ticks(due, now)
        assert (ticks, engine._clock.ticks_done) == (list(range(due - made + 1, due + 1)), due)


class Waiting:
    """A sender that always has something left to send."""

    def __init__(self, flush_queue: FlushQueue) -> None:
        self._flush_queue = flush_queue
        flush_queue.append(self)

    def flush(self, _now: float) -> None:
        self._flush_queue.append(self)


async def test_looks_are_quick_while_somebody_joins(meeting: Meeting) -> None:
    assert isinstance(meeting.engine, LocalEngine)
    began = time.monotonic()
    await meeting.join("a", "red", 440)
    assert began + JOIN_FAST_POLL_S <= meeting.engine._clock._fast_poll_until <= time.monotonic() + JOIN_FAST_POLL_S


async def test_looks_are_as_seldom_as_beats_unless_something_must_be_quick() -> None:
    engine = LocalEngine(["127.0.0.1"], 0)
    engine.start()
    await engine.open_room(ROOM, RoomOptions())

    def period_ms() -> int:
        engine._clock._poll()
        return engine._clock._ticker._period_ms

    engine._mux.has_large_buffer = True
    assert period_ms() == POLL_MS
    engine._mux.has_large_buffer = False
    assert period_ms() == FAST_POLL_MS
    engine._mux.has_large_buffer = True
    engine._clock._fast_poll_until = time.monotonic() + 60
    assert period_ms() == FAST_POLL_MS
    engine._clock._fast_poll_until = 0.0
    assert period_ms() == POLL_MS
    Waiting(engine._flush_queue)
    assert period_ms() == FAST_POLL_MS
    engine._flush_queue.clear()
    assert period_ms() == POLL_MS
    await engine.close()


async def test_stats_count_what_moves(meeting: Meeting) -> None:
    a = await meeting.join("a", "red", 440)
    await a.watch.more(5)
    stats = await meeting.engine.stats()
    assert {name: stats[name] for name in ("rooms", "seats", "peers", "strangers", "malformed", "refused")} == {
        "rooms": 1,
        "seats": 1,
        "peers": 1,
        "strangers": 0,
        "malformed": 0,
        "refused": 0,
    }
    counters = a.endpoint._transport.counters
    assert isinstance(stats["packets_out"], int) and counters.packets_in <= stats["packets_out"]
    pictures, *seconds = (stats[name] for name in ("pictures", "mix_s", "compose_s", "encode_s", "cpu_s"))
    assert isinstance(pictures, int) and pictures >= 5
    mix_s, compose_s, encode_s, cpu_s = (each for each in seconds if isinstance(each, float))
    assert min(mix_s, compose_s, encode_s) > 0 and mix_s + compose_s + encode_s < cpu_s
    await meeting.engine.close_room(ROOM)
    stats = await meeting.engine.stats()
    assert (stats["rooms"], stats["seats"], stats["peers"]) == (0, 0, 0)


async def test_an_engine_leaves_its_port_free(meeting: Meeting) -> None:
    assert isinstance(meeting.engine, LocalEngine)
    (address,) = meeting.engine._mux.addresses
    await meeting.engine.close()
    other = LocalEngine([address[0]], address[1])
    other.start()
    await other.close()


async def test_a_closed_room_lets_go_of_its_codecs_and_pictures_at_once(meeting: Meeting, room: Room) -> None:
    """A room and its peers know each other and wait for the garbage collector, but without what is heavy."""
    a = await meeting.join("a", "red", 440)
    await a.watch.until(lambda: a.watch.colour() == "red")
    compositor = room._picture_clock.compositor
    assert compositor._cameras and compositor._painters
    await meeting.engine.close_room(ROOM)
    room._picture_clock._thread.join()
    assert (compositor._cameras, compositor._painters) == ({}, {})


def failing(times: float, works: Callable[..., Any]) -> Callable[..., Any]:
    """Return a call that fails so many times before it works."""
    left = times

    def call(*arguments: object) -> object:
        nonlocal left
        left -= 1
        if left >= 0:
            raise ZeroDivisionError
        return works(*arguments)

    return call


def faults(caplog: pytest.LogCaptureFixture) -> set[str]:
    """Return the logged messages and clear the log, so that the fixture `meeting` finds none at its end."""
    messages = {record.getMessage().partition(" (")[0] for record in caplog.records}
    caplog.clear()
    return messages


@pytest.mark.parametrize("broken", ["rates", "compose_request", "publish"])
async def test_a_picture_that_fails_does_not_end_the_rooms_pictures(
    meeting: Meeting, room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    a = await meeting.join("a", "red", 440)
    await a.watch.more(5)
    monkeypatch.setattr(room, broken, failing(3, getattr(room, broken)))
    while room._picture_clock._throttled_log.count < 3:
        await asyncio.sleep(0.01)
    await a.watch.more(10)
    assert faults(caplog) == {f"x picture of {ROOM}"}


async def test_a_seat_that_fails_costs_no_other_its_reports_and_no_room_its_sound(
    meeting: Meeting, room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for seat, hertz in (("a", 440), ("b", 660)):
        await meeting.join(seat, "red", hertz, floor=True)
    first, second = (room.seats[seat].peer for seat in "ab")
    assert isinstance(first, WebRtcPeer) and isinstance(second, WebRtcPeer)
    monkeypatch.setattr(first, "tick", failing(inf, first.tick))
    reported = second._reported
    while second._reported == reported:
        await asyncio.sleep(0.05)
    await meeting.guests["b"].watch.hears(440)
    monkeypatch.undo()
    assert faults(caplog) == {f"x a in {ROOM}"}


@pytest.mark.parametrize("broken", ["sound", "tick", "refresh"])
async def test_a_room_that_fails_keeps_no_other_from_its_work_nor_itself_from_the_rest(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    engine = LocalEngine(["127.0.0.1"], 0)
    engine.start()
    works = {"sound", "tick", "refresh"}
    done: list[tuple[str, str]] = []
    for name in ("bad", "good"):
        await engine.open_room(name, RoomOptions())
        for work in works:
            monkeypatch.setattr(engine._rooms[name], work, lambda _now, at=(name, work): done.append(at))
    monkeypatch.setattr(engine._rooms["bad"], broken, failing(inf, print))
    engine._clock._run_tick(0, 0.0)  # the tick on which all jobs are due
    assert sorted(done) == sorted([*(("bad", work) for work in works - {broken}), *(("good", work) for work in works)])
    assert faults(caplog) == {"x audio tick of bad"}
    await engine.close()


async def test_a_seat_that_fails_to_leave_keeps_no_other_in_a_closed_room(
    meeting: Meeting, room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for seat in "ab":
        await meeting.join(seat, "red", 440)
    peer = room.seats["a"].peer
    assert isinstance(peer, WebRtcPeer) and isinstance(meeting.engine, LocalEngine)
    monkeypatch.setattr(peer, "close", failing(inf, print))
    await meeting.engine.close_room(ROOM)
    assert list(meeting.engine._mux._by_fragment) == [peer.transport.ice.fragment]
    monkeypatch.undo()
    await peer.close()
    assert faults(caplog) == {f"x a in {ROOM}"}
