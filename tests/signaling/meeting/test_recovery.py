"""One server process after another: meetings go on as they were, and nothing is torn down.

Also tests `state_writer.py`, `store.py` and `state/snapshot.py`.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from mediaserver.api import Layout, RecordingEnded, SeatOptions
from mediaserver.errors import EngineGone
from scheduler.core.database import writing
from scheduler.core.model import Session
from scheduler.operations.attendance.schema import STAYS
from signaling.app import lifecycle
from signaling.app.lease import Lease
from signaling.app.services import check, open_services
from signaling.app.settings import Settings
from signaling.core.errors import NewerMeetings, SettingsError
from signaling.meeting import runner
from signaling.meeting.schema import MEETINGS
from signaling.meeting.state.roster import ticket_of
from signaling.meeting.state.snapshot import OLDEST, VERSION, MeetingSnapshot
from signaling.meeting.state_writer import MeetingStateWriter
from signaling.recording import journal
from signaling.recording.store import RecordingStore
from signaling.sip.bridge.bridge import SipBridge
from signaling.workers.pool import WorkerPool
from signaling.workers.supervisor import Supervisor
from tests.fakes import FakeEngine
from tests.signaling.fake_room_systems import FakeAgent, register, tick, use_fake_agent, wait_for_calls
from tests.signaling.world import CAM_RANH, HOST, NHA_TRANG, Socket, World, open_world, wait_until

MADE = ("open_room", "close_room", "add_seat", "remove_seat", "connect", "start_recording", "stop_recording")
"""Calls by which something would be built anew or torn down."""


async def _meeting(world: World, **booked: Any) -> tuple[Session, Socket, dict[str, Any], dict[str, Any]]:
    """Hold a meeting with a hand raised, a floor given and a layout chosen; return the host's socket and who joined."""
    session = await world.session(NHA_TRANG, CAM_RANH, **booked)
    host, chair = await world.join("host", session)
    guest, there = await world.join("nhatrang", session)
    other, third = await world.join("camranh", session)
    for socket in (host, guest, other):
        await socket.ask(type="offer", sdp="v=0")
    await host.seat(third["seat"], media="connected")
    await other.send(type="hand", raised=True, topic="Đường ven biển")
    await host.seat(third["seat"], hand=1)
    await host.send(type="floor", seat=there["seat"], open=True)
    await host.seat(there["seat"], floor=True)
    await host.ask(type="layout", kind="1+5", focus=there["seat"])
    return session, host, chair, there


async def test_another_process_continues_the_meetings_of_the_first(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, host, chair, there = await _meeting(world)
        before = await world.join("central", session)
        rows = world.server.meetings.meetings[session.id].state.roster.wire()
        await world.server.meetings.leave()
        assert await host.type("bye") == {"type": "bye", "reason": "shutdown"}
    engine.calls.clear()
    async with open_world(settings, held=engine) as world:
        assert [call for call in engine.calls if call[0] in MADE] == []
        meeting = world.server.meetings.meetings[session.id]
        recovered = {row.seat: row for row in meeting.state.roster.wire()}
        assert recovered == {row.seat: row.model_copy(update={"media": "lost"}) for row in rows}
        again, joined = await world.join("host", session, resume=chair["resume"])
        assert (joined["seat"], joined["resume"]) == (chair["seat"], chair["resume"])
        assert (joined["layout"]["kind"], joined["layout"]["focus"]) == ("1+5", there["seat"])
        mine = next(row for row in joined["seats"] if row["seat"] == chair["seat"])
        assert mine["media"] == "connected"
        guest, _ = await world.join("nhatrang", session, resume=there["resume"])
        row = await again.seat(there["seat"], media="connected")
        assert row["floor"] is True
        await again.send(type="floor", seat=there["seat"], open=False)
        await again.seat(there["seat"], floor=False)
        await guest.seat(there["seat"], floor=False)
        await again.ask(type="ping")  # people are told first, then the engine
        assert engine.rooms[session.id].floors == {chair["seat"]}
        assert [call[0] for call in engine.calls if call[0] in MADE] == []
        assert before[1]["seat"] in meeting.state.roster.seats


async def test_a_server_that_cannot_serve_ends_no_meeting(settings: Settings) -> None:
    """Its port is another program's, for one: it takes the meetings over before it listens."""
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, _, chair, _ = await _meeting(world)
        await world.server.meetings.leave()
    engine.calls.clear()
    with pytest.raises(SettingsError):
        async with open_world(settings, held=engine):
            raise SettingsError("cannot listen")
    async with open_world(settings, held=engine) as world:
        _, joined = await world.join("host", session, resume=chair["resume"])
        assert (joined["seat"], joined["layout"]["kind"]) == (chair["seat"], "1+5")
        assert [call for call in engine.calls if call[0] in MADE] == []


async def test_changes_of_the_last_moment_are_in_the_engine_alone_and_hold(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, _, chair, there = await _meeting(world)
        await world.server.meetings.leave()
    await engine.set_floor(session.id, there["seat"], False)
    await engine.set_layout(session.id, Layout("2x2"))
    await engine.set_view(session.id, chair["seat"], f"camera:{there['seat']}")
    await engine.add_seat(session.id, SeatOptions("unknown", "Ai đó"))
    async with open_world(settings, held=engine) as world:
        state = world.server.meetings.meetings[session.id].state
        assert (state.layout_control.layout, state.roster.seats[there["seat"]].floor) == (
            Layout("2x2"),
            False,
        )
        assert state.roster.seats[chair["seat"]].view == f"camera:{there['seat']}"
        assert "unknown" not in engine.rooms[session.id].seats


async def test_what_is_asked_before_a_worker_brings_the_room_is_obeyed_once_it_does(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The room says what was done in the last moment of the server before, but not what its successor was asked."""
    monkeypatch.setattr(lifecycle, "REMOTE_WORKER_SECONDS", 3600.0)
    away, workers = FakeEngine(), WorkerPool()
    async with open_world(settings, held=away) as world:
        await world.services.worker_keys.make("media-2", world.clock.now)
        session, _, chair, there = await _meeting(world)
        await world.server.meetings.leave()
    async with open_world(settings, workers) as world:
        host, _ = await world.join("host", session, resume=chair["resume"])
        await host.send(type="floor", seat=there["seat"], open=False)
        await host.send(type="layout", kind="2x2")
        await asyncio.sleep(0.2)  # both arrive meanwhile
        await workers.take("media-2/1", away)
        serving = asyncio.create_task(workers.serve("media-2/1"))
        await wait_until(lambda: away.rooms[session.id].layouts["everyone"] == Layout("2x2"))
        state = world.server.meetings.meetings[session.id].state
        assert (state.layout_control.layout, state.roster.seats[there["seat"]].floor) == (Layout("2x2"), False)
        assert there["seat"] not in away.rooms[session.id].floors
        serving.cancel()


async def test_what_is_asked_is_obeyed_without_a_room_where_no_worker_comes_soon(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page would take its socket for lost; the room is opened anew from what the meeting knows."""
    monkeypatch.setattr(lifecycle, "REMOTE_WORKER_SECONDS", 3600.0)
    monkeypatch.setattr(runner, "ROOM_KNOWN_SECONDS", 0.05)
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        await world.services.worker_keys.make("media-2", world.clock.now)
        session, _, chair, _ = await _meeting(world)
        await world.server.meetings.leave()
    async with open_world(settings) as world:
        host, _ = await world.join("host", session, resume=chair["resume"])
        await host.ask(type="layout", kind="2x2")
        await world.server.meetings._wait_for_workers(set(), {session.id}, 0)
        assert world.engine.rooms[session.id].layouts["everyone"] == Layout("2x2")


async def test_a_room_that_was_lost_with_the_server_is_opened_anew(settings: Settings) -> None:
    async with open_world(settings) as world:
        session, _, chair, there = await _meeting(world)
        await world.server.meetings.leave()
    async with open_world(settings) as world:
        room = world.engine.rooms[session.id]
        assert (set(room.seats) >= {chair["seat"], there["seat"]}, room.floors) == (
            True,
            {chair["seat"], there["seat"]},
        )
        assert room.layouts["everyone"] == Layout("1+5", focus=there["seat"])
        _, joined = await world.join("host", session, resume=chair["resume"])
        assert next(row for row in joined["seats"] if row["seat"] == chair["seat"])["media"] == "none"


async def test_a_recording_goes_on_in_its_part(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, host, chair, _ = await _meeting(world, recording=True)
        await world.tick(1)
        assert (await host.type("recording"))["on"] is True
        await world.server.meetings.leave()
    async with open_world(settings, held=engine) as world:
        assert world.server.recordings.running == 1
        again, joined = await world.join("host", session, resume=chair["resume"])
        assert joined["recording"]["on"] is True
        await again.ask(type="record", on=False)
        await world.server.recordings.settled(5)
        parts = await world.recording_store.parts(session.id)
        assert [(part.part, part.reason) for part in parts if part.part] == [(1, "empty")]


async def _recorded(world: World, engine: FakeEngine) -> tuple[Session, str, str]:
    """Record a meeting that its server then leaves; return the session, the file, and the host's resume token."""
    session, host, chair, _ = await _meeting(world, recording=True)
    await world.tick(1)
    assert (await host.type("recording"))["on"] is True
    path = engine.rooms[session.id].recording
    assert path is not None
    await world.server.meetings.leave()
    return session, path, chair["resume"]


async def _parts(world: World, session: Session) -> list[tuple[int, str, str | None]]:
    return [(part.part, part.state, part.reason) for part in await world.recording_store.parts(session.id) if part.part]


async def test_a_file_that_is_being_closed_meanwhile_is_awaited_and_ends_as_its_worker_says(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, path, _ = await _recorded(world, engine)
    engine.rooms.clear()  # the last have left, and their worker is closing the file
    engine.writing[path] = session.id
    async with open_world(settings, held=engine) as world:
        assert (await _parts(world, session))[0] == (1, "recording", None)
        engine.emit(RecordingEnded(session.id, path, 61.0, "disk-slow"))
        await wait_until(lambda: world.server.recordings.running == 1)
        assert await _parts(world, session) == [(1, "broken", "disk-slow"), (2, "recording", None)]


async def test_a_recording_that_ended_for_a_reason_while_there_was_no_server_is_over_for_that(
    settings: Settings,
) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, path, token = await _recorded(world, engine)
    engine.rooms[session.id].recording = None
    end = RecordingEnded(session.id, path, 61.0, "disk-full")
    engine.ended.append(end)
    engine.emit(end)  # told twice, it is noted once
    async with open_world(settings, held=engine) as world:
        assert (engine.ended, world.server.recordings.running) == ([], 0)
        _, joined = await world.join("host", session, resume=token)
        assert (joined["recording"]["on"], joined["recording"]["error"]) == (False, "disk-full")
        await world.tick(1)
        assert await _parts(world, session) == [(1, "broken", "disk-full")]


async def test_a_recording_that_was_given_up_without_a_server_goes_on_in_its_next_part(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, path, token = await _recorded(world, engine)
    engine.rooms.clear()
    engine.ended.append(RecordingEnded(session.id, path, 61.0, "interrupted"))
    engine.emit(engine.ended[0])
    async with open_world(settings, held=engine) as world:
        _, joined = await world.join("host", session, resume=token)
        assert joined["recording"]["on"] is True
        assert await _parts(world, session) == [(1, "broken", "interrupted"), (2, "recording", None)]


async def test_a_recording_that_was_stopped_in_the_last_moment_does_not_begin_again(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, path, token = await _recorded(world, engine)
        await world.server.recordings.stopping(session.id, "host", None)
    engine.rooms[session.id].recording = None
    engine.ended.append(RecordingEnded(session.id, path, 61.0, None))
    async with open_world(settings, held=engine) as world:
        _, joined = await world.join("host", session, resume=token)
        assert (joined["recording"]["on"], joined["recording"]["error"]) == (False, None)
        await world.tick(1)
        assert await _parts(world, session) == [(1, "broken", "empty")]


async def test_the_end_of_a_recording_is_repeated_until_it_is_stored(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, path, _ = await _recorded(world, engine)
    engine.rooms.clear()
    engine.ended.append(RecordingEnded(session.id, path, 61.0, "disk-full"))

    def full(*_: object) -> None:
        raise OSError("no space left")

    async def locked(*_: object) -> None:
        raise OSError("locked")

    with monkeypatch.context() as patched:
        patched.setattr(journal, "_append", full)
        patched.setattr(RecordingStore, "close_recording", locked)
        with pytest.raises(OSError, match="locked"):  # it does not start
            async with open_world(settings, held=engine):
                pass
    assert len(engine.ended) == 1
    async with open_world(settings, held=engine) as world:
        assert (engine.ended, (await _parts(world, session))[0]) == ([], (1, "broken", "disk-full"))


async def test_a_file_that_a_worker_of_another_machine_may_be_closing_is_awaited_as_its_rooms_are(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "REMOTE_WORKER_SECONDS", 3600.0)
    first, away = FakeEngine(), FakeEngine()
    async with open_world(settings, held=first) as world:
        await world.services.worker_keys.make("media-2", world.clock.now)
        session, path, _ = await _recorded(world, first)
        lost = await world.server.recordings.begin("lost", "Họp", ("UBND", "56"), world.clock.now)
    workers = WorkerPool()
    away.writing[path] = session.id
    async with open_world(settings, workers) as world:
        await workers.take("media-2/1", away)
        serving = asyncio.create_task(workers.serve("media-2/1"))
        assert world.server.recordings.running == 2  # both, until it is known that nobody records into one
        await world.server.meetings._wait_for_workers({path, lost}, set(), 0)
        [other] = await world.recording_store.parts("lost")
        assert ((await _parts(world, session))[0], other.reason) == ((1, "recording", None), "interrupted")
        away.emit(RecordingEnded(session.id, path, 61.0, "disk-slow"))
        await wait_until(lambda: path not in world.server.recordings._running)
        assert (await _parts(world, session))[0] == (1, "broken", "disk-slow")
        serving.cancel()


async def test_a_worker_that_a_server_took_for_lost_when_it_hung_records_on_under_the_next_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server that hung notes the loss when it goes on: it cannot write it, since another one has the lease."""

    async def succeeded(*_: object) -> None:
        raise OSError("another server has the lease")

    engine = FakeEngine()
    with monkeypatch.context() as patched:
        async with open_world(settings, held=engine) as world:
            await world.services.worker_keys.make("media-2", world.clock.now)
            session, path, _ = await _recorded(world, engine)
            other = await world.server.recordings.begin("other", "Họp", ("UBND", "56"), world.clock.now)
            patched.setattr(RecordingStore, "running_into", succeeded)
            await world.server.recordings.lost(path, world.clock.now)
    engine.ended.append(RecordingEnded("other", other, 61.0, "disk-full"))  # the first thing that the next server notes
    async with open_world(settings, held=engine) as world:
        assert (await _parts(world, session), world.server.recordings.running) == ([(1, "recording", None)], 1)


async def test_a_room_without_a_meeting_is_closed_and_a_meeting_that_is_over_forgotten(
    settings: Settings,
) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, *_ = await _meeting(world)
        await world.server.meetings.leave()
    await engine.open_room("stray", world.server.meetings.dependencies.room_options)
    async with open_world(settings, held=engine) as world:
        assert set(engine.rooms) == {session.id}
        await world.server.meetings.cancelled(session.id)
        await world.server.meetings.dependencies.state_writer.stop()
        async with world.services.database.connect() as connection:
            assert (await connection.execute(select(func.count()).select_from(MEETINGS))).scalar() == 0


async def test_a_resume_token_is_kept_as_a_hash(settings: Settings) -> None:
    async with open_world(settings) as world:
        _, _, chair, _ = await _meeting(world)
        await world.server.meetings.leave()
        async with world.services.database.connect() as connection:
            (record,) = (await connection.execute(select(MEETINGS.c.record))).scalars()
    assert (chair["resume"] in record, ticket_of(chair["resume"]) in record) == (False, True)


async def test_a_join_is_stored_before_it_is_confirmed(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session = await world.session(NHA_TRANG)
        _, chair = await world.join("host", session)
        world.server.meetings.left = True  # it is killed: nothing more is written
        await world.server.meetings._end_tasks()
        assert world.server.meetings.dependencies.state_writer._writing is not None
        world.server.meetings.dependencies.state_writer._writing.cancel()
    async with open_world(settings, held=engine) as world:
        _, joined = await world.join("host", session, resume=chair["resume"])
        assert joined["seat"] == chair["seat"]


async def test_a_server_that_left_its_meetings_leaves_no_task(settings: Settings) -> None:
    """One that reads the database would keep its connection after that is closed."""
    before = asyncio.all_tasks()
    async with open_services(settings) as services, lifecycle.running(settings, services, FakeEngine()) as server:
        await server.meetings.leave()
    assert asyncio.all_tasks() == before


async def test_a_server_that_was_taken_over_from_writes_nothing_any_more(settings: Settings) -> None:
    async with open_world(settings) as world:
        session, host, _, there = await _meeting(world)
        writer = world.server.meetings.dependencies.state_writer
        await writer.ensure_stored(world.server.meetings.meetings[session.id])
        async with world.services.database.begin() as connection:
            await connection.execute(update(MEETINGS).values(epoch=MEETINGS.c.epoch + 1, record="theirs"))
        await host.send(type="floor", seat=there["seat"], open=False)
        await host.seat(there["seat"], floor=False)
        await writer.ensure_stored(world.server.meetings.meetings[session.id])
        async with world.services.database.connect() as connection:
            assert list((await connection.execute(select(MEETINGS.c.record))).scalars()) == ["theirs"]


async def test_a_stay_goes_on_over_a_restart(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        await _meeting(world)
        await world.server.meetings.leave()
    async with open_world(settings, held=engine) as world:
        async with world.services.database.connect() as connection:
            stays = list(await connection.execute(select(STAYS.c.point, STAYS.c.left)))
        assert sorted(stays) == sorted((point, None) for point in (HOST, NHA_TRANG, CAM_RANH))


async def _with_a_room_system(world: World) -> tuple[Session, dict[str, Any], str]:
    """Hold a meeting with a host and a room system; return the session, the host's `joined` and the system's seat."""
    use_fake_agent(world)
    await register(world, NHA_TRANG, "10.79.6.20")
    session = await world.session(NHA_TRANG)
    host, chair = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "connected")
    seat = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert seat is not None
    await world.server.sip_bridge.leave()
    await world.server.meetings.leave()
    return session, chair, seat.id


async def test_room_systems_leave_when_the_next_server_has_no_sip_bridge(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, chair, system = await _with_a_room_system(world)
        assert system in engine.rooms[session.id].seats
    async with open_world(settings, held=engine) as world:
        meeting = world.server.meetings.meetings[session.id]
        assert list(meeting.state.roster.seats) == list(engine.rooms[session.id].seats) == [chair["seat"]]
        assert (meeting.left_systems, meeting.snapshot.systems) == ((), ())
        _, joined = await world.join("host", session, resume=chair["resume"])
        assert [row["here"] for row in joined["seats"]] == [True, False]


async def test_a_room_system_that_is_not_registered_any_more_leaves(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> list[Any]:
        return []

    engine, agent = FakeEngine(), FakeAgent()
    async with open_world(settings, held=engine) as world:
        session, chair, _ = await _with_a_room_system(world)
    monkeypatch.setattr(SipBridge, "run_without_gateway", nothing)  # the server has a gateway
    async with open_world(settings, held=engine) as world:
        monkeypatch.setattr(world.services.equipment, "devices", nothing)
        await world.server.sip_bridge.start(agent)  # type: ignore[arg-type]
        await world.server.sip_bridge.stop()
        assert [call.hung_up for call in agent.calls] == [True]
        assert list(world.server.meetings.meetings[session.id].state.roster.seats) == [chair["seat"]]


async def test_a_seat_that_does_not_come_back_is_gone_a_minute_after_the_new_process_began(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, _, chair, there = await _meeting(world)
        await world.server.meetings.leave()
    async with open_world(settings, held=engine) as world:
        host, _ = await world.join("host", session, resume=chair["resume"])
        await world.tick(13)
        assert there["seat"] not in engine.rooms[session.id].seats
        await world.tick(48)
        assert list(world.server.meetings.meetings[session.id].state.roster.seats) == [chair["seat"]]
        assert (await host.ask(type="ping"))["type"] == "pong"


async def test_a_worker_that_dies_meanwhile_keeps_no_server_from_starting(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, *_ = await _meeting(world)
        await world.server.meetings.leave()
    await engine.open_room("stray", world.server.meetings.dependencies.room_options)
    engine.failing["close_room"] = EngineGone("the media worker is gone")
    async with open_world(settings, held=engine) as world:
        assert list(world.server.meetings.meetings) == [session.id]
        engine.failing.clear()


async def test_a_snapshot_that_cannot_be_read_keeps_nobody_from_meeting_anew(settings: Settings) -> None:
    async with open_world(settings) as world:
        session, *_ = await _meeting(world)
        await world.server.meetings.leave()
        async with world.services.database.begin() as connection:
            await connection.execute(update(MEETINGS).values(record="of another release"))
    async with open_world(settings) as world:
        assert world.server.meetings.meetings == {}
        _, chair = await world.join("host", session)
        world.server.meetings.left = True  # it is killed
        await world.server.meetings._end_tasks()
        assert world.server.meetings.dependencies.state_writer._writing is not None
        world.server.meetings.dependencies.state_writer._writing.cancel()
    async with open_world(settings) as world:
        _, joined = await world.join("host", session, resume=chair["resume"])
        assert joined["seat"] == chair["seat"]


async def _rewrite(world: World, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the only stored meeting, as another release might have stored it."""
    async with writing(world.services.database) as connection:
        record = json.loads((await connection.execute(select(MEETINGS.c.record))).scalar_one())
        assert record["version"] == VERSION
        change(record)
        await connection.execute(update(MEETINGS).values(record=json.dumps(record)))


async def test_a_meeting_of_another_release_is_logged_with_session_and_versions(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_world(settings) as world:
        session, *_ = await _meeting(world)
        await world.server.meetings.leave()
        await _rewrite(world, lambda record: (record["conference"].pop("hands"), record.update(version="0123456789ab")))
    async with open_world(settings) as world:
        assert world.server.meetings.meetings == {}
    log_lines = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    versions = f"version 0 was stored, and this release reads {OLDEST} to {VERSION}"
    assert log_lines == [f"x the meeting of session {session.id} begins anew: {versions}"]


async def test_a_meeting_of_the_release_before_is_continued(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, *_ = await _meeting(world)
        await world.server.meetings.leave()
        await _rewrite(world, lambda record: record.update(version="0123456789ab"))  # which had a hash for a number
    async with open_world(settings, held=engine) as world:
        assert list(world.server.meetings.meetings) == [session.id]
        assert world.server.meetings.meetings[session.id].snapshot.version == VERSION


async def test_a_meeting_of_a_later_release_is_left_alone_until_it_is_forgotten(settings: Settings) -> None:
    """By a server that leads or will; other commands work, of which one has it begin anew."""
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, *_ = await _meeting(world)
        await world.server.meetings.leave()
        await _rewrite(world, lambda record: record.update(version=VERSION + 1))
        rows = await _rows(world)
        with pytest.raises(NewerMeetings):
            await world.server.meetings.dependencies.state_writer.take_over()
        assert await _rows(world) == rows
    for leads in (open_services(settings, lease=Lease(settings, lambda: None)), open_world(settings, held=engine)):
        with pytest.raises(NewerMeetings, match=f"version {VERSION + 1}, and this one reads {VERSION} at most"):
            async with leads:
                pass
    with pytest.raises(NewerMeetings):
        await check(settings)
    async with open_services(settings, migrating=False) as services:
        assert [await services.meeting_store.forget_newer() for _ in range(2)] == [1, 0]
    async with open_world(settings, held=engine) as world:
        assert (world.server.meetings.meetings, session.id in engine.rooms) == ({}, False)


async def _rows(world: World) -> list[tuple[Any, ...]]:
    async with world.services.database.connect() as connection:
        return [tuple(row) for row in await connection.execute(select(MEETINGS))]


class StoredMeeting:
    """A meeting that the state writer is to store: its id and snapshot."""

    def __init__(self, id_: str, snapshot: MeetingSnapshot) -> None:
        self.id = id_
        self.snapshot = snapshot


async def test_a_snapshot_being_written_when_the_writer_stops_is_written(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(settings) as world:
        session, *_ = await _meeting(world)
        meeting = world.server.meetings.meetings[session.id]
        await world.server.meetings.leave()
        store = world.services.meeting_store
        write, begun = store.write, asyncio.Event()

        async def slow(*arguments: Any) -> set[str]:
            if not begun.is_set():
                begun.set()
                await asyncio.sleep(3600)
            return await write(*arguments)

        monkeypatch.setattr(store, "write", slow)
        writer = MeetingStateWriter(store, world.clock)
        writer.start()
        writer.changed(StoredMeeting("another", meeting.snapshot))
        await begun.wait()
        await writer.stop()
        async with world.services.database.connect() as connection:
            ensure_stored = set((await connection.execute(select(MEETINGS.c.session))).scalars())
    assert ensure_stored == {session.id, "another"}


async def test_of_a_meeting_that_is_over_nothing_stays_in_memory(settings: Settings) -> None:
    async with open_world(settings) as world:
        session, *_ = await _meeting(world)
        writer = world.server.meetings.dependencies.state_writer
        await writer.ensure_stored(world.server.meetings.meetings[session.id])
        assert (set(writer._written), set(writer._epochs)) == ({session.id}, {session.id})
        await world.server.meetings.cancelled(session.id)
        await writer.stop()
        assert (writer._written, writer._epochs, writer._changed, writer._ended) == ({}, {}, {}, {})


@pytest.mark.parametrize("refused", [False, True])
async def test_a_meeting_that_ends_while_its_state_is_written_is_forgotten(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    async with open_world(settings) as world:
        session, *_ = await _meeting(world)
        snapshot = world.server.meetings.meetings[session.id].snapshot
        await world.server.meetings.leave()
        store = world.services.meeting_store
        write, begun, go_on = store.write, asyncio.Event(), asyncio.Event()

        async def slow(*arguments: Any) -> set[str]:
            if not begun.is_set():
                begun.set()
                await go_on.wait()
                if refused:
                    raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))
            return await write(*arguments)

        monkeypatch.setattr(store, "write", slow)
        writer = MeetingStateWriter(store, world.clock)
        writer.start()
        writer.changed(StoredMeeting("over", snapshot))
        await begun.wait()
        writer.ended("over")
        go_on.set()
        await writer.ensure_stored(StoredMeeting("another", snapshot))
        await writer.stop()
        assert (set(writer._written), set(writer._epochs)) == ({"another"}, {"another"})
        async with world.services.database.connect() as connection:
            ensure_stored = set((await connection.execute(select(MEETINGS.c.session))).scalars())
    assert ensure_stored == {session.id, "another"}


async def test_a_meeting_that_cannot_be_stored_does_not_stop_others_from_being_stored(settings: Settings) -> None:
    async with open_world(settings) as world:
        session, *_ = await _meeting(world)
        meeting = world.server.meetings.meetings[session.id]
        await world.server.meetings.leave()
        writer = MeetingStateWriter(world.services.meeting_store, world.clock)
        writer.start()
        writer.changed(StoredMeeting("broken", replace(meeting.snapshot, part="\ud800")))
        await writer.ensure_stored(StoredMeeting("whole", meeting.snapshot))
        await writer.stop()
        async with world.services.database.connect() as connection:
            ensure_stored = set((await connection.execute(select(MEETINGS.c.session))).scalars())
    assert ensure_stored == {session.id, "whole"}


async def test_workers_are_left_when_a_server_cannot_serve(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    steps = []

    class CallRecorder(Supervisor):
        async def start(self) -> None:
            steps.append("start")

        async def stop(self) -> None:
            steps.append("left" if self._leaving else "stopped")

    monkeypatch.setattr(lifecycle, "Supervisor", CallRecorder)
    with pytest.raises(OSError, match="in use"):
        async with lifecycle.media(settings):
            raise OSError("address in use")
    async with lifecycle.media(settings):
        pass
    assert steps == ["start", "left", "start", "stopped"]
