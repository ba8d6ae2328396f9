"""Tests of a room that is recorded as tracks, with real peers: nothing is composed for it, and everything is there.

Also tests that :mod:`mediaserver.recording.track_composer` draws what the room's compositor draws.
"""

import asyncio
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from loadtest.endpoint.sdp_offer import OfferOptions
from mediaserver.api import (
    RECORDING,
    CameraWanted,
    ComposedWhen,
    Layout,
    RecordingEnded,
    RoomOptions,
)
from mediaserver.peer.webrtc import WebRtcPeer
from mediaserver.recording.files import tracks_path
from mediaserver.recording.remux_job import RecordingPart, RemuxJob
from mediaserver.recording.remuxer import remux
from mediaserver.recording.track_composer import compose_tracks
from mediaserver.recording.track_file import Sound, TrackFileReader, TrackFrame
from mediaserver.room import recorded_tracks, resolution_demand
from mediaserver.room.room import Room
from mediaserver.rtp.payload import vp8_frame_size
from tests.mediaserver.meeting import ROOM, Guest, Meeting
from tests.mediaserver.pictures import BLUE, GREEN, RED, alike, colour_at
from tests.mediaserver.recording.decoded_film import Film
from tests.mediaserver.recording.tracks_fixture import CIPHER
from tests.mediaserver.worker_process import worker

VP8, H264 = (OfferOptions((codec,), 1, picture=False) for codec in ("VP8", "H264"))
SINGLE = Layout("single", focus="b")
TILES = ((60, 30), (260, 30), (160, 110))
"""A place in each of the tiles of three cameras."""


async def three(meeting: Meeting) -> Guest:
    """Let three guests join who send cameras and see nothing; return one that hears another."""
    await meeting.join("a", "red", 440, floor=True, offered=VP8)
    await meeting.join("b", "green", 660, offered=H264)
    return await meeting.join("c", "blue", 1000, offered=VP8)


async def reach(room: Room, guest: Guest, seconds: float) -> None:
    """Wait until so much is recorded."""
    await guest.watch.until(lambda: (room.recorded or 0.0) >= seconds)


async def shown(room: Room, guest: Guest) -> float:
    """Wait until all cameras of the picture are recorded, and half a second more; return when they all were."""
    assert room.recording.tracks is not None
    inputs = room.recording.tracks._inputs
    await guest.watch.until(lambda: bool(inputs) and all(each._current is not None for each in inputs.values()))
    assert room.recorded is not None
    begun = room.recorded
    await reach(room, guest, begun + 0.5)
    return begun + 0.4  # behind any delay for lip sync


async def stop(meeting: Meeting, path: Path) -> Film:
    """Stop a recording that is composed afterwards, and compose it."""
    await meeting.engine.stop_recording(ROOM)
    ending = await meeting.recorded()
    assert (ending.path, ending.error, path.exists()) == (str(path), None, False)
    job = RemuxJob(path, (RecordingPart(tracks_path(path)),), CIPHER.key.hex())
    made = await asyncio.to_thread(compose_tracks, job, CIPHER, lambda _: None)
    assert made.seconds == pytest.approx(ending.seconds, abs=0.1)
    return Film(path)


def shows(film: Film, seconds: float, colours: list[tuple[int, int, int]]) -> bool:
    """Return whether the tiles of three cameras have these colours at a time."""
    _, frame = min(film.pictures, key=lambda each: abs(each[0] - seconds))
    return all(alike(colour_at(frame, *place), colour) for place, colour in zip(TILES, colours, strict=True))


async def test_a_room_that_nobody_watches_is_recorded_and_never_composed(
    meeting: Meeting, room: Room, tmp_path: Path
) -> None:
    path = tmp_path / "1.mp4"
    guest = await three(meeting)
    await meeting.engine.start_recording(ROOM, str(path), "afterwards")
    assert (await meeting.engine.room_state(ROOM)).composed == "afterwards"
    first = await shown(room, guest)
    await meeting.engine.set_layout(ROOM, SINGLE)
    second = await shown(room, guest)
    assert room.compositions.watched == frozenset()
    assert not any(seat.input.listening for seat in room.seats.values())
    assert (room._picture_clock.compositor._cameras, room._picture_clock.compositor._painters) == ({}, {})
    film = await stop(meeting, path)
    assert shows(film, first, [RED, GREEN, BLUE])
    assert shows(film, second, [GREEN, GREEN, GREEN])
    assert film.hertz(0.2, second) == pytest.approx(440, abs=2)
    assert (await meeting.engine.room_state(ROOM)).composed == "live"
    assert not any(layer.sinks for seat in room.seats.values() if seat.peer for layer in seat.peer.camera.layers)


async def test_the_picture_is_the_same_as_the_one_that_is_composed_live(
    meeting: Meeting, room: Room, tmp_path: Path
) -> None:
    guest = await three(meeting)
    await meeting.engine.set_names(ROOM, "Họp giao ban", {})
    await meeting.engine.set_layout(ROOM, Layout("1+5", focus="c", title=True))
    films = []
    kinds: tuple[ComposedWhen, ...] = ("live", "afterwards")
    for kind in kinds:
        path = tmp_path / f"{kind}.mp4"
        await meeting.engine.start_recording(ROOM, str(path), kind)
        if kind == "afterwards":
            await shown(room, guest)
            films.append(await stop(meeting, path))
        else:
            await guest.watch.until(lambda: all(each.input.flowing for each in room.seats.values()))
            await reach(room, guest, (room.recorded or 0.0) + 0.5)
            await meeting.engine.stop_recording(ROOM)
            assert (await meeting.recorded()).error is None
            films.append(Film(path))
    live, afterwards = (film.pictures[-1][1].to_ndarray(format="rgb24").astype(int) for film in films)
    assert alike_all_over(live, afterwards)
    joined = tmp_path / "joined.mp4"
    remux(joined, [RecordingPart(tmp_path / f"{kind}.mp4", at * 10.0) for at, kind in enumerate(kinds)], CIPHER)
    pictures = Film(joined).pictures
    assert len(pictures) == sum(len(film.pictures) for film in films)
    assert alike_all_over(live, pictures[-1][1].to_ndarray(format="rgb24").astype(int)), "one decoder reads both"


def alike_all_over(one: NDArray[np.int_], other: NDArray[np.int_]) -> bool:
    """Return whether two pictures are the same but for the loss of a codec."""
    difference = np.abs(one - other)
    return bool(difference.mean() < 1 and np.quantile(difference, 0.999) < 24)


async def test_a_recorders_own_layout_is_recorded_while_others_watch_theirs(
    meeting: Meeting, room: Room, tmp_path: Path
) -> None:
    path = tmp_path / "1.mp4"
    guest = await three(meeting)
    viewer = await meeting.join("d", "red", 1500, visible=False)
    await viewer.watch.until(lambda: viewer.watch.colour(0.5, 0.8) == "blue")
    await meeting.engine.start_recording(ROOM, str(path), "afterwards")
    first = await shown(room, guest)
    await meeting.engine.set_layout(ROOM, SINGLE, RECORDING)
    second = await shown(room, guest)
    assert viewer.watch.colour(0.5, 0.8) == "blue"
    film = await stop(meeting, path)
    assert shows(film, first, [RED, GREEN, BLUE])
    assert shows(film, second, [GREEN, GREEN, GREEN])


async def test_a_shared_screen_is_recorded_in_its_tile(meeting: Meeting, room: Room, tmp_path: Path) -> None:
    path = tmp_path / "1.mp4"
    guest = await three(meeting)
    peer = room.seats["b"].peer
    assert isinstance(peer, WebRtcPeer)
    await guest.watch.until(lambda: bool(peer.camera.layers))
    peer.content = peer.camera  # what it shares looks like its camera
    await meeting.engine.set_layout(ROOM, Layout("content"))
    await meeting.engine.set_content(ROOM, "b")
    await meeting.engine.start_recording(ROOM, str(path), "afterwards")
    await shown(room, guest)
    film = await stop(meeting, path)
    _, frame = film.pictures[-1]
    assert [alike(colour_at(frame, x, y), GREEN) for x, y in ((100, 90), (260, 40))] == [True, False]
    assert room.compositions.watched == frozenset()


async def test_a_camera_that_sends_too_much_is_left_out_until_a_key_frame(
    meeting: Meeting, room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "1.mp4"
    guest = await three(meeting)
    await meeting.engine.start_recording(ROOM, str(path), "afterwards")
    first = await shown(room, guest)
    monkeypatch.setattr(recorded_tracks, "BURST_BYTES", 100)
    await reach(room, guest, first + 0.6)
    monkeypatch.undo()
    last = await shown(room, guest)
    await meeting.engine.stop_recording(ROOM)
    await meeting.recorded()
    with tracks_path(path).open("rb") as file:
        frames = [each for each in TrackFileReader(file) if isinstance(each, TrackFrame) and each.tile == "a"]
    gap, again = max(pairwise(frames), key=lambda pair: pair[1].seconds - pair[0].seconds)
    assert again.seconds - gap.seconds > 0.3
    assert again.frame.keyframe
    assert frames[-1].seconds > last


@pytest.mark.parametrize("meeting", [RoomOptions(1280, 720)], indirect=True)
async def test_only_the_layers_that_the_picture_needs_are_recorded_and_asked_for(
    meeting: Meeting, room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolution_demand, "DECREASE_DELAY_S", 0.0)
    path, layers = tmp_path / "1.mp4", OfferOptions(("VP8",), 3, picture=False)
    await meeting.join("a", "red", 440, floor=True, offered=layers)
    guest = await meeting.join("b", "green", 660, offered=layers)
    await meeting.happened(CameraWanted(ROOM, "a", 180))
    await meeting.engine.start_recording(ROOM, str(path), "afterwards")
    await meeting.happened(CameraWanted(ROOM, "a", 360))
    await shown(room, guest)
    await meeting.engine.set_layout(ROOM, SINGLE)
    await meeting.happened(CameraWanted(ROOM, "b", 720))
    tracks = room.recording.tracks
    assert tracks is not None
    await guest.watch.until(lambda: [layer.height for layer in tracks._inputs["b"]._assemblers] == [720])  # type: ignore[attr-defined]
    await shown(room, guest)
    await meeting.engine.stop_recording(ROOM)
    assert isinstance(await meeting.recorded(), RecordingEnded)
    await meeting.happened(CameraWanted(ROOM, "b", 180))
    assert sizes(path, "a") == [(320, 180)]
    assert sizes(path, "b") == [(320, 180), (640, 360)]


@pytest.mark.parametrize("meeting", [RoomOptions(1280, 720)], indirect=True)
async def test_a_camera_behind_a_long_line_that_loses_is_asked_for_its_lowest_layer(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolution_demand, "DECREASE_DELAY_S", 0.0)
    await meeting.join("a", "red", 440, offered=OfferOptions(("VP8",), 3, picture=False))
    await meeting.happened(CameraWanted(ROOM, "a", 180))
    await meeting.join("b", "green", 660)
    await meeting.happened(CameraWanted(ROOM, "a", 360))
    meeting.events.clear()
    monkeypatch.setattr(WebRtcPeer, "lowest_layer_only", True)
    await meeting.happened(CameraWanted(ROOM, "a", 180))


def sizes(path: Path, tile: str) -> list[tuple[int, int]]:
    """Return the sizes of a tile's recorded frames, in the order of their first."""
    with tracks_path(path).open("rb") as file:
        frames = [each for each in TrackFileReader(file) if isinstance(each, TrackFrame) and each.tile == tile]
    found = (vp8_frame_size(each.frame.data) for each in frames if each.frame.keyframe)
    return list(dict.fromkeys(size for size in found if size is not None))


async def test_nothing_of_a_pause_is_kept_and_cameras_come_again_after_it(
    meeting: Meeting, room: Room, tmp_path: Path
) -> None:
    path = tmp_path / "1.mp4"
    guest = await three(meeting)
    await meeting.engine.start_recording(ROOM, str(path), "afterwards")
    first = await shown(room, guest)
    await meeting.engine.pause_recording(ROOM, True)
    before = room.recorded
    await guest.watch.hear()
    assert room.recorded == before
    assert not any(layer.sinks for seat in room.seats.values() if seat.peer for layer in seat.peer.camera.layers)
    await meeting.engine.set_layout(ROOM, SINGLE)
    await meeting.engine.pause_recording(ROOM, False)
    second = await shown(room, guest)
    film = await stop(meeting, path)
    assert shows(film, first, [RED, GREEN, BLUE])
    assert shows(film, second, [GREEN, GREEN, GREEN])


async def test_pictures_wait_for_their_sound_as_in_the_composed_picture(
    meeting: Meeting, room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "1.mp4"
    guest = await three(meeting)
    monkeypatch.setattr(room, "lip_sync_delay_s", lambda _tile: 0.3)
    await meeting.engine.start_recording(ROOM, str(path), "afterwards")
    await shown(room, guest)
    await meeting.engine.stop_recording(ROOM)
    await meeting.recorded()
    with tracks_path(path).open("rb") as file:
        items = list(TrackFileReader(file))
    last = {kind: max(each.seconds for each in items if isinstance(each, kind)) for kind in (Sound, TrackFrame)}
    assert last[TrackFrame] > last[Sound] + 0.2


async def test_of_a_worker_that_is_killed_two_seconds_are_lost_at_most(tmp_path: Path) -> None:
    path = tmp_path / "recordings" / "1.mp4"
    async with worker(tmp_path) as (process, engine):
        meeting = Meeting(engine)
        await meeting.open()
        guest = await three(meeting)
        await engine.start_recording(ROOM, str(path), "afterwards")
        while (reached := await engine.recorded(ROOM) or 0.0) < 3.0:
            await guest.watch.hear()
        process.kill()
        await process.wait()
        await meeting.close()
    with tracks_path(path).open("rb") as file:
        items = list(TrackFileReader(file))
    assert max(each.seconds for each in items if isinstance(each, Sound)) > reached - 2
    assert max(each.seconds for each in items if isinstance(each, TrackFrame)) > reached - 2
    compose_tracks(RemuxJob(path, (RecordingPart(tracks_path(path)),), CIPHER.key.hex()), CIPHER, lambda _: None)
    film = Film(path)
    assert film.seconds > reached - 2
    assert alike(colour_at(film.pictures[-1][1], 60, 30), RED)
