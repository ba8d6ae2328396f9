"""No recording stays open in the database: notes about its end outlast a database or server that is down."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DataError, OperationalError

from mediaserver.api import RecordingEnded
from scheduler.core.model import Session
from signaling.app.settings import Settings
from signaling.recording import journal as recording_journal
from signaling.recording.catalog import RecordingCatalog
from signaling.recording.journal import ChapterMark, Ended, Lost, Note, Paused, RecordingJournal, Stopped
from signaling.recording.model import Recording
from signaling.workers.pool import RecordingLost
from tests.signaling.sqlite_lock import sqlite_locked
from tests.signaling.world import NHA_TRANG, NOW, PATIENCE_S, Socket, World, open_world, wait_until

NOTES: list[Note] = [
    Paused("s", True),
    Stopped("s", "host", None),
    Ended("s/1.mp4", 61.4, "disk-slow"),
    Lost("s/2.mp4", 1775437200.0),
    ChapterMark("s", 1.5, "Báo cáo"),
]
GONE = OperationalError("UPDATE", {}, Exception("the database is away"))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording_journal, "RETRY_SECONDS", 0.02)


class FakeNotesDatabase:
    """A database that stores notes unless it is given an error for them."""

    def __init__(self) -> None:
        self.taken: list[Note] = []
        self.fault: Callable[[Note], Exception | None] = lambda _: None

    async def note(self, note: Note) -> None:
        if (fault := self.fault(note)) is not None:
            raise fault
        self.taken.append(note)


@pytest.fixture
def base() -> FakeNotesDatabase:
    return FakeNotesDatabase()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recordings.journal"


async def test_notes_are_brought_in_their_order_and_leave_no_file(base: FakeNotesDatabase, path: Path) -> None:
    journal = RecordingJournal(path, base.note)
    for note in NOTES:
        await journal.add(note)
    assert (base.taken, path.exists()) == (NOTES, False)


async def test_a_note_that_the_database_does_not_take_is_tried_again(base: FakeNotesDatabase, path: Path) -> None:
    base.fault = lambda _: GONE
    journal = RecordingJournal(path, base.note)
    for note in NOTES:
        assert await journal.add(note)
    with pytest.raises(OperationalError):
        await journal.flush()
    assert (base.taken, path.stat().st_mode & 0o777) == ([], 0o600)
    base.fault = lambda _: None
    await wait_until(lambda: not path.exists())
    assert base.taken == NOTES


async def test_waiting_notes_are_brought_by_the_next_server_but_for_a_torn_line(
    base: FakeNotesDatabase, path: Path
) -> None:
    base.fault = lambda _: GONE
    journal = RecordingJournal(path, base.note)
    await journal.add(NOTES[0])
    await journal.stop()
    with path.open("ab") as file:
        file.write(b'{"note": "Ended", "file": "s/')
    journal = RecordingJournal(path, base.note)
    await journal.add(NOTES[1])
    await journal.stop()
    base.fault = lambda _: None
    journal = RecordingJournal(path, base.note)
    await journal.flush()
    assert (base.taken, path.exists()) == (NOTES[:2], False)


async def test_without_room_for_the_file_a_note_waits_in_memory(base: FakeNotesDatabase, path: Path) -> None:
    base.fault = lambda _: GONE
    journal = RecordingJournal(path / "nowhere", base.note)
    on_disk = [await journal.add(NOTES[0])]
    base.fault = lambda _: None
    await wait_until(lambda: base.taken)
    on_disk.append(await journal.add(NOTES[1]))
    assert (base.taken, on_disk) == (NOTES[:2], [False, True])


async def test_a_note_that_the_database_will_never_take_holds_nothing_up(base: FakeNotesDatabase, path: Path) -> None:
    base.fault = lambda note: DataError("UPDATE", {}, Exception("too long")) if isinstance(note, Stopped) else None
    journal = RecordingJournal(path, base.note)
    for note in NOTES[:3]:
        await journal.add(note)
    assert base.taken == [NOTES[0], NOTES[2]]


async def test_a_database_that_hangs_holds_nobody_up(
    base: FakeNotesDatabase, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_journal, "WAIT_SECONDS", 0.01)
    released = asyncio.Event()

    async def hang(note: Note) -> None:
        await released.wait()
        await base.note(note)

    journal = RecordingJournal(path, hang)
    await journal.add(NOTES[0])
    monkeypatch.setattr(recording_journal, "WAIT_SECONDS", 3600.0)  # the first has waited for all
    async with asyncio.timeout(PATIENCE_S):
        for note in NOTES[1:]:
            await journal.add(note)
    assert base.taken == []
    released.set()
    await journal.flush()
    assert base.taken == NOTES


async def test_a_database_that_hangs_again_and_again_holds_nobody_up(
    base: FakeNotesDatabase, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_journal, "WAIT_SECONDS", 0.01)
    tries = [asyncio.Event(), asyncio.Event()]
    """Set where a try of the first note ends."""
    begun = asyncio.Event()

    async def hang(note: Note) -> None:
        if tries:
            if len(tries) == 1:
                begun.set()
            await tries[0].wait()
            del tries[0]
            raise GONE
        await base.note(note)

    journal = RecordingJournal(path, hang)
    await journal.add(NOTES[0])
    tries[0].set()
    async with asyncio.timeout(PATIENCE_S):
        await begun.wait()
        monkeypatch.setattr(recording_journal, "WAIT_SECONDS", 3600.0)
        await journal.add(NOTES[1])
        tries[0].set()
        while base.taken != NOTES[:2]:
            await asyncio.sleep(0.01)
    await journal.flush()


def refuse(*_: object) -> None:
    raise GONE


async def recording(world: World, **about: Any) -> tuple[Session, Socket, str]:
    """Return a session that is being recorded, its host's socket, and the path of the file, which is not empty."""
    session = await world.session(NHA_TRANG, **about)
    host, _ = await world.join("host", session)
    await host.ask(type="record", on=True)
    path = world.engine.rooms[session.id].recording
    assert path is not None
    await asyncio.to_thread(Path(path).write_bytes, b"an hour of it")
    return session, host, path


async def recording_rows(world: World) -> list[tuple[str, str | None, float | None, str]]:
    """Return state, reason, seconds and who stopped it, of each recording."""
    return [
        (each.state, each.reason, each.seconds, each.stopped_by) for each in await world.recording_store.recordings()
    ]


async def marked(world: World) -> list[str]:
    """Return the titles of the marks in the only recording."""
    [recorded] = await world.recording_store.recordings()
    return [mark.title for mark in recorded.chapters]


async def test_a_mark_while_the_database_is_away_is_there_once_it_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, host, _ = await recording(world)
    with monkeypatch.context() as patch:
        patch.setattr(world.recording_store, "add_mark", refuse)
        assert (await host.ask(type="mark", title="Báo cáo"))["type"] == "marked"
        assert "Báo cáo" not in await marked(world)
    async with asyncio.timeout(PATIENCE_S):
        while "Báo cáo" not in await marked(world):
            await asyncio.sleep(0.01)


async def test_a_step_has_the_time_of_its_command_however_long_its_mark_takes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = RecordingCatalog.mark

    async def slow_mark(*arguments: Any) -> None:
        await mark(*arguments)
        world.clock.advance(4.0)

    session, host, _ = await recording(world)
    monkeypatch.setattr(RecordingCatalog, "mark", slow_mark)
    client = await world.signed_in("host")
    item = {"id": "a", "title": "Khai mạc", "minutes": 5, "kind": "speech"}
    async with client.post(f"/api/v1/sessions/{session.id}/script", json={"items": [item]}) as response:
        assert response.status == 200
    asked = world.clock()
    await host.ask(type="step", to="a")
    await world.server.meetings.stop()
    assert world.clock() == asked + timedelta(seconds=4)
    [shown] = await world.services.attendance.item_times(session.id)
    assert shown.start == asked
    assert [each.at for each in await world.audited(9) if each.action == "step"] == [asked]


@pytest.mark.parametrize("lost", [False, True])
async def test_an_end_while_the_database_is_away_is_noted_once_it_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    await world.server.remux_queue.stop()
    session, _, path = await recording(world)
    with monkeypatch.context() as patch:
        patch.setattr(world.recording_store, "close_recording", refuse)
        if lost:
            world.engine.emit(RecordingLost(session.id, path))
        else:
            world.engine.emit(RecordingEnded(session.id, path, 7.6, "disk-full"))
        await wait_until(lambda: world.server.recordings.running == 0)
        assert [state for state, *_ in await recording_rows(world)] == ["recording"]
    async with asyncio.timeout(PATIENCE_S):
        while [state for state, *_ in await recording_rows(world)] != ["finishing"]:
            await asyncio.sleep(0.01)
    [(_, reason, seconds, _)] = await recording_rows(world)
    assert (reason, seconds) == (("interrupted", 0.0) if lost else ("disk-full", 7.6))


async def test_a_stop_while_the_database_is_away_is_noted_by_the_next_server_and_stays_a_stop(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(settings) as world:
        session, host, _ = await recording(world, recording=True)
        with monkeypatch.context() as patch:
            for name in ("note_stop", "close_recording"):
                patch.setattr(world.recording_store, name, refuse)
            assert (await host.ask(type="record", on=False))["on"] is False
            await wait_until(lambda: world.server.recordings.running == 0)
            await world.server.recordings.stop()
            assert await recording_rows(world) == [("recording", None, None, "")]
    async with open_world(settings) as world:
        await world.server.composing_queue.idle()
        assert await recording_rows(world) == [("broken", "unreadable", 12.0, "host")]  # not "interrupted"
        left = await world.server.recordings.left(session.id)
        assert left is not None
        assert (left.position, (settings.data / "recordings.journal").exists()) == ("off", False)


async def test_a_locked_database_keeps_no_event_waiting_and_has_the_end_afterwards(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_journal, "WAIT_SECONDS", 0.05)
    await world.server.remux_queue.stop()
    session, host, path = await recording(world)
    async with sqlite_locked(settings.data / "diemcau.sqlite3"):
        world.engine.emit(RecordingEnded(session.id, path, 7.6, "disk-full"))
        await host.until(lambda message: message.get("error") == "disk-full")
        assert [state for state, *_ in await recording_rows(world)] == ["recording"]
    async with asyncio.timeout(PATIENCE_S):
        while await recording_rows(world) != [("finishing", "disk-full", 7.6, "")]:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("seconds", "error"), [(float("nan"), "x" * 1000), (float("inf"), None), (-1.0, None), (1e300, None)]
)
async def test_whatever_a_worker_says_of_its_file_it_is_closed(world: World, seconds: float, error: str | None) -> None:
    await world.server.remux_queue.stop()
    session, _, path = await recording(world)
    world.engine.emit(RecordingEnded(session.id, path, seconds, error))
    await wait_until(lambda: world.server.recordings.running == 0)
    [(state, reason, file_seconds, _)] = await recording_rows(world)
    longest = timedelta(days=366).total_seconds()
    assert (state, reason, file_seconds) == ("finishing", error and error[:32], longest if seconds > 1 else 0.0)


async def test_waiting_notes_are_stored_before_the_next_part_begins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.server.remux_queue.stop()
    monkeypatch.setattr(recording_journal, "RETRY_SECONDS", 3600.0)
    recordings = world.server.recordings
    await recordings.begin("s", "Họp", ("UBND", "56"), NOW, "host")
    with monkeypatch.context() as patch:
        patch.setattr(world.recording_store, "note_stop", refuse)
        await recordings.stopping("s", "host", "disk-full")
        with pytest.raises(OperationalError):
            await recordings.begin("s", "Họp", ("UBND", "56"), NOW, "central")
    await recordings.begin("s", "Họp", ("UBND", "56"), NOW, "central")
    stops = [(part.part, part.stopped_by, part.reason) for part in await world.recording_store.parts("s") if part.part]
    assert stops == [(1, "host", "disk-full"), (2, "", None)]


async def test_a_part_that_the_database_did_not_confirm_is_closed_if_it_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.server.remux_queue.stop()
    add_part = world.recording_store.add_part

    async def breaks(part: Recording, joined: Recording | None = None) -> None:
        if part.session == "taken":
            await add_part(part, joined)
        raise GONE

    for session in ("taken", "lost"):
        with monkeypatch.context() as patch:
            patch.setattr(world.recording_store, "add_part", breaks)
            with pytest.raises(OperationalError):
                await world.server.recordings.begin(session, "Họp", ("UBND", "56"), NOW, "host")
        path = await world.server.recordings.begin(session, "Họp", ("UBND", "56"), NOW, "host")
        await world.server.recordings.ended(path, 0.0, "empty")
    parts = [await world.recording_store.parts(session) for session in ("taken", "lost")]
    assert [[(each.part, each.state, each.reason) for each in one if each.part] for one in parts] == [
        [(1, "broken", "unavailable"), (2, "broken", "empty")],
        [(1, "broken", "empty")],
    ]
