"""The shown state of a recording is true, whatever database, disk, worker or server do meanwhile."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from mediaserver.api import ComposedWhen, EngineLost, EngineReady, RecordingEnded, RecordingFailed
from mediaserver.errors import EngineGone, EngineLate
from scheduler.core.model import Session
from signaling.app.settings import Settings
from tests.signaling.world import NHA_TRANG, PATIENCE_S, Socket, World, open_world, wait_until


def refuse(*_: object) -> None:
    raise OperationalError("INSERT", {}, Exception("database is locked"))


async def held(world: World, **about: Any) -> tuple[Session, Socket]:
    """Return a running session and the socket of its host, whose media is connected."""
    session = await world.session(NHA_TRANG, **about)
    host, _ = await world.join("host", session)
    await host.ask(type="offer", sdp="v=0")
    return session, host


async def shown_recording_state(host: Socket, **wanted: Any) -> dict[str, Any]:
    """Wait until the host is told this of the recording."""
    return await host.until(lambda m: m["type"] == "recording" and wanted.items() <= m.items())


async def began(world: World, host: Socket, session: Session) -> str:
    """Have it recorded; return into which file, once the engine does."""
    await host.ask(type="record", on=True)
    async with asyncio.timeout(PATIENCE_S):
        while (path := world.engine.rooms[session.id].recording) is None:
            await asyncio.sleep(0.01)
    return path


async def reasons(world: World) -> list[tuple[int, str | None]]:
    """Return every part and why it ended, the first first."""
    return [(part.part, part.reason) for part in reversed(await world.recording_store.recordings()) if part.part]


async def test_a_recording_that_cannot_be_noted_does_not_begin_and_the_host_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, host = await held(world)
    with monkeypatch.context() as patch:
        patch.setattr(world.recording_store, "add_part", refuse)
        await host.send(type="record", on=True)
        await shown_recording_state(host, on=False, error="unavailable")
    assert world.engine.rooms[session.id].recording is None
    await began(world, host, session)


async def test_a_registered_recording_without_a_folder_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session, host = await held(world, recording=True)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", full)
        await world.tick(1)
        await shown_recording_state(host, on=False, error="unavailable")
    assert (world.engine.rooms[session.id].recording, await world.recording_store.recordings()) == (None, [])


async def test_a_stop_that_cannot_be_noted_stops_all_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session, host = await held(world)
    await began(world, host, session)
    monkeypatch.setattr(world.recording_store, "note_stop", refuse)
    await host.send(type="record", on=False)
    await shown_recording_state(host, on=False)
    await world.tick(1)
    assert world.engine.rooms[session.id].recording is None


async def test_a_session_ends_with_its_room_though_nothing_can_be_noted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, host = await held(world)
    await began(world, host, session)
    monkeypatch.setattr(world.recording_store, "note_stop", refuse)
    await world.tick(4 * 3600)
    assert (session.id in world.server.meetings.meetings, session.id in world.engine.rooms) == (False, False)


async def test_a_recording_given_up_is_shown_off_at_once_and_its_end_does_not_touch_the_next(world: World) -> None:
    session, host = await held(world)
    room = world.engine.rooms[session.id]
    first, room.recording = await began(world, host, session), None
    world.engine.emit(RecordingFailed(session.id, first, "disk-slow"))
    await shown_recording_state(host, on=False, error="disk-slow")
    assert await began(world, host, session) != first
    world.engine.emit(RecordingEnded(session.id, first, 10.0, "disk-slow"))
    async with asyncio.timeout(PATIENCE_S):
        while await reasons(world) != [(1, "disk-slow"), (2, None)]:
            await asyncio.sleep(0.01)
    assert (await host.ask(type="record", on=True, pause=True))["paused"] is True


async def test_a_slow_worker_s_recording_is_whole_on_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session, host = await held(world)
    start = world.engine.start_recording

    async def late(room: str, path: str, composed: ComposedWhen) -> None:
        await start(room, path, composed)
        raise EngineLate("the media worker does not answer")

    monkeypatch.setattr(world.engine, "start_recording", late)
    path = Path(await began(world, host, session))
    await asyncio.to_thread(path.write_bytes, b"an hour of it")
    await host.send(type="record", on=False)
    await shown_recording_state(host, on=False)
    await world.server.recordings.settled(5)
    [part] = await world.recording_store.recordings()
    assert (part.seconds, part.bytes, part.stopped_by) == (12.0, 13, "host")


async def test_a_slow_worker_that_began_nothing_is_no_recording(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session, host = await held(world)
    world.engine.failing["start_recording"] = EngineLate("the media worker does not answer")
    assert (await host.ask(type="record", on=True))["error"] == "unavailable"
    assert (world.engine.rooms[session.id].recording, await reasons(world)) == (None, [(1, "unavailable")])


async def test_everybody_is_told_that_it_is_on_when_the_engine_records_and_not_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, host = await held(world)
    guest, _ = await world.join("nhatrang", session)
    start, requested, let = world.engine.start_recording, asyncio.Event(), asyncio.Event()

    async def slow(room: str, path: str, composed: ComposedWhen) -> None:
        requested.set()
        await let.wait()
        await start(room, path, composed)

    monkeypatch.setattr(world.engine, "start_recording", slow)
    asking = asyncio.create_task(host.ask(type="record", on=True))
    await requested.wait()
    other, joined = await world.join("central", session)
    assert (joined["recording"]["on"], [m for m in guest.seen if m["type"] == "recording"]) == (False, [])
    let.set()
    assert ((await asking)["on"], (await guest.type("recording"))["on"]) == (True, True)
    await other.socket.close()


async def test_a_lost_worker_s_recording_is_off_until_the_next_one_records(world: World) -> None:
    session, host = await held(world)
    await began(world, host, session)
    world.clock.advance(30)
    world.engine.lose_everything()
    world.engine.emit(EngineLost())
    await shown_recording_state(host, on=False, error="media-restarting")
    world.engine.failing["start_recording"] = EngineGone("the media worker is gone")
    world.engine.emit(EngineReady())
    await host.type("renew")
    del world.engine.failing["start_recording"]
    world.engine.emit(EngineLost())
    world.engine.emit(EngineReady())
    assert (await shown_recording_state(host, on=True))["seconds"] == 30
    assert await reasons(world) == [(1, "interrupted"), (2, "media-restarting"), (3, None)]


async def test_an_amendment_takes_a_recording_back_or_asks_for_one(world: World) -> None:
    session, host = await held(world, recording=True, start=timedelta(minutes=10))
    room = world.engine.rooms[session.id]
    await world.server.meetings.amended(replace(session, recording=False))
    await world.tick(601)
    assert room.recording is None
    await world.server.meetings.amended(session)
    await world.tick(1)
    await shown_recording_state(host, on=True)
    await world.server.meetings.amended(replace(session, recording=False))
    await shown_recording_state(host, on=False, error="amended")
    assert (room.recording, await reasons(world)) == (None, [(1, "amended")])


async def test_a_meeting_that_begins_later_is_recorded_later(world: World) -> None:
    session, _ = await held(world, recording=True, start=timedelta(minutes=10))
    [slot] = session.slots
    later = replace(slot, start=slot.start + timedelta(minutes=15))
    await world.server.meetings.amended(replace(session, slots=(later,)))
    await world.tick(601)
    assert world.engine.rooms[session.id].recording is None
    await world.tick(15 * 60)
    assert world.engine.rooms[session.id].recording is not None


async def test_a_pause_outlasts_an_empty_room(world: World) -> None:
    session, host = await held(world, recording=True)
    await world.tick(1)
    await host.send(type="record", on=True, pause=True)
    await shown_recording_state(host, paused=True)
    await host.socket.close()
    await wait_until(lambda: world.server.meetings.meetings[session.id].clients == 0)
    await world.tick(13)
    back, joined = await world.join("host", session)
    assert (joined["recording"]["on"], joined["recording"]["paused"]) == (True, True)
    await back.ask(type="offer", sdp="v=0")
    await world.tick(1)
    room = world.engine.rooms[session.id]
    assert room.recording is None
    await began(world, back, session)
    assert await reasons(world) == [(1, "paused"), (2, None)]


@pytest.mark.parametrize(
    ("registered", "command", "position"),
    [
        (True, {"on": True, "pause": True}, "paused"),
        (True, {"on": False}, "off"),
        (False, {"on": True}, "on"),
        (True, None, "on"),
    ],
)
async def test_a_server_that_begins_anew_goes_on_as_it_was(
    settings: Settings, registered: bool, command: dict[str, Any] | None, position: str
) -> None:
    async with open_world(settings) as world:
        session, host = await held(world, recording=registered)
        await world.tick(1)
        if command is not None:
            await host.send(type="record", **command)
            await shown_recording_state(host, on=position != "off", paused=position == "paused")
    async with open_world(settings) as world:
        world.clock.advance(60)
        host, _ = await world.join("host", session)
        await host.ask(type="offer", sdp="v=0")
        await world.tick(1)
        state = world.server.meetings.meetings[session.id].state.recording.state
        assert (state.on, state.paused) == (position != "off", position == "paused")
        assert (world.engine.rooms[session.id].recording is not None) == (position == "on")
