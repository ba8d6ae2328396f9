"""The record that every call with a room system leaves, as technicians read it.

Also tests `recorder.py`, `store.py`, `csv_rows.py`, `rest.py` and `signaling/sip/bridge/call_records.py`.
"""

import asyncio
import csv
import io
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import text

from mediaserver.api import ConnectionQuality, DigitPressed
from scheduler.core.database import connect
from scheduler.policy import profile_files
from signaling.app.settings import Settings
from signaling.calls import csv_rows
from signaling.calls.model import OUTCOMES, CallRecord, Direction, Measured, Purpose
from signaling.calls.recorder import CallRecorder
from signaling.calls.schema import CALL_RECORDS
from signaling.calls.store import CallRecordStore, RecordFilter
from signaling.core.schema import METADATA
from signaling.meeting import record_writer
from signaling.meeting.record_writer import RecordWriter
from signaling.meeting.schema import STORED_FACTS
from signaling.meeting.stored_facts import StoredFacts
from signaling.messages.calls import ProtectionWord
from signaling.sip.agent.agent import RemoteParty
from signaling.sip.bridge.front_door import ROOM
from tests.scripted_commits import Fate, script_commits
from tests.signaling.fake_room_systems import FakeCall, FakeIncoming, register, tick, use_fake_agent, wait_for_calls
from tests.signaling.sip.agents import ANSWER
from tests.signaling.world import CAM_RANH, NHA_TRANG, NOW, PATIENCE_S, World, open_world, wait_until

VCS = "10.79.6.20"


async def records(world: World, query: str = "") -> list[dict[str, Any]]:
    """Return the records as a technician gets them."""
    async with (await world.signed_in("central")).get(f"/api/v1/calls?{query}") as response:
        assert response.status == 200, await response.text()
        found: list[dict[str, Any]] = await response.json()
        return found


async def ring(world: World, code: str, **fields: Any) -> FakeIncoming:
    incoming = FakeIncoming(code, RemoteParty(VCS, "", "room", "Fake VCS 1.0", transport="tcp"), **fields)
    await world.server.sip_bridge.called(incoming)
    return incoming


async def test_calls_out_that_failed_and_one_that_was_answered(world: World) -> None:
    agent = use_fake_agent(world)
    agent.replies[VCS], agent.sdps[VCS] = [None, 486, 200], ANSWER
    device = await register(world, NHA_TRANG, VCS, transport="TCP")
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    for seconds, state in ((0, "waiting"), (10, "waiting"), (30, "connected")):
        await tick(world, seconds)
        await wait_for_calls(host, state)
    seat = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert seat is not None
    for up, trip in ((0.01, 0.03), (0.03, 0.02)):
        world.engine.rooms[session.id].lines[seat.id] = ConnectionQuality(up, 0.5, 0.0, trip)
        await tick(world, 2)
        await world.server.sip_bridge.tick(world.clock.now)  # what was measured once is counted once
    agent.calls[-1].end("bye")
    await wait_for_calls(host, "left")
    newest, refused, silent = await records(world)
    assert {name: newest[name] for name in ("device", "point", "name", "direction", "purpose", "address")} == {
        "device": device,
        "point": NHA_TRANG,
        "name": "UBND.Nha Trang",
        "direction": "out",
        "purpose": "session",
        "address": VCS,
    }
    assert (newest["session"], newest["number"]) == (session.id, session.number)
    assert [newest[name][11:] for name in ("began", "answered", "ended")] == ["01:00:40Z", "01:00:40Z", "01:00:44Z"]
    assert (newest["outcome"], newest["sound"], newest["picture"], newest["protection"]) == (
        *("bye", "G722", "H264", "clear"),
    )
    assert (newest["lost_up"], newest["lost_down"], newest["round_trip"]) == (0.02, 0.5, 0.03)
    assert [(each["outcome"], each["status"], each["answered"]) for each in (refused, silent)] == [
        ("refused", 486, None),
        ("unanswered", 0, None),
    ]


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Leave no byte free on the disk of a folder during the block."""
    filler = folder / "others"
    with filler.open("wb", buffering=0) as others, suppress(OSError):
        while True:
            others.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


@pytest.fixture
def small_disk(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Give a server a disk of its own of 64 megabytes."""
    kept = shutil.copytree(settings.data, tmp_path_factory.mktemp("kept") / "data")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", settings.data], check=True)
    shutil.copytree(kept, settings.data, dirs_exist_ok=True)
    yield settings
    subprocess.run(["umount", settings.data], check=True)


async def test_a_call_that_ends_on_a_full_disk_is_recorded_once_there_is_room(
    small_disk: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(record_writer, "AGAIN_SECONDS", 0.1)
    async with open_world(small_disk) as world:
        agent = use_fake_agent(world)
        await register(world, NHA_TRANG, VCS)
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        await tick(world, 0)
        await wait_for_calls(host, "connected")
        async with world.services.call_records._engine.connect() as db:
            await db.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        with full(small_disk.data):
            agent.calls[-1].end("bye")
            await wait_until(lambda: "x the database does not answer" in caplog.text)
            await wait_for_calls(host, "left")
            assert (await ring(world, session.code or "")).refused == 503  # whose entry could not be audited
        async with asyncio.timeout(PATIENCE_S):
            while (await records(world))[-1]["outcome"] != "bye":
                await asyncio.sleep(0.05)


async def test_a_call_has_one_record_which_ends_however_the_database_answered(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_writer, "AGAIN_SECONDS", 0.0)
    for seconds in ("PATIENCE_SECONDS", "STOP_SECONDS"):
        monkeypatch.setattr(record_writer, seconds, PATIENCE_S)
    engine = connect(sqlite_url)
    async with engine.begin() as db:
        await db.run_sync(METADATA.create_all, [CALL_RECORDS, STORED_FACTS])
    store, facts = CallRecordStore(engine, profile_files.load()), RecordWriter(StoredFacts(engine))
    calls = CallRecorder(store, facts, lambda: NOW)
    record = CallRecord(NOW, "d", "p", "Phòng họp", "in", "front-door", VCS, "tcp")
    # Of the record, of the question whether it is there, of a change, and of the end.
    scripts: list[list[Fate]] = [
        ["unanswered", "answered", "unanswered", "answered", "lost"],
        ["lost", "lost", "answered", "unanswered", "unanswered", "answered", "unanswered", "unanswered"],
    ]
    for number, fates in enumerate(scripts):
        left = script_commits(monkeypatch, engine, *fates)
        call = FakeCall(RemoteParty(VCS, "", "", ""), ANSWER)
        await calls.answered(replace(record, device=f"d{number}"), call)
        await calls.entered(call, "s", "2026-1")
        call.end("bye")
        await calls.stop()
        await facts.stop()
        assert left == []
        script_commits(monkeypatch, engine, "unanswered")
        await calls.failed(replace(record, device=f"d{number}"), "refused", 486)
        await facts.stop()
    assert [(each.device, each.session, each.outcome) for each in await store.newest(RecordFilter(), 9)] == [
        ("d1", "", "refused"),
        ("d1", "s", "bye"),
        ("d0", "", "refused"),
        ("d0", "s", "bye"),
    ]
    await engine.dispose()


async def test_calls_in_refused_let_in_and_of_the_front_door(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS, dial_out=False)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await ring(world, "0000000000")
    visitor = await ring(world, "")
    for digit in f"{session.code}#":
        world.engine.emit(DigitPressed(ROOM, "visitor-1", digit))
    await wait_until(lambda: ROOM not in world.engine.rooms)
    assert visitor.call is not None
    moved, refused = await records(world)
    assert (refused["direction"], refused["outcome"], refused["status"]) == ("in", "refused", 404)
    assert (moved["purpose"], moved["session"], moved["outcome"]) == ("session", session.id, "")
    await world.server.meetings.cancelled(session.id)
    await visitor.call.ended.wait()
    await host.closed()
    async with asyncio.timeout(PATIENCE_S):
        while await world.services.call_records.open_ids():
            await asyncio.sleep(0.01)
    assert (await records(world))[0]["outcome"] == "cancelled"


async def test_keys_count_before_the_record_of_the_call_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS, dial_out=False)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    assert session.code is not None
    store, database_answers = world.services.call_records, asyncio.Event()
    adding = store.adding

    @asynccontextmanager
    async def late(record: CallRecord) -> AsyncIterator[int]:
        await database_answers.wait()
        async with adding(record) as id_:
            yield id_

    monkeypatch.setattr(store, "adding", late)
    ringing = asyncio.create_task(ring(world, session.code))
    await wait_for_calls(host, "connected")
    seat = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert seat is not None
    for digit in "*3":
        world.engine.emit(DigitPressed(session.id, seat.id, digit))
    await host.seat(seat.id, hand=1)
    assert await records(world) == []
    database_answers.set()
    await ringing
    (record,) = await records(world)
    assert (record["session"], record["outcome"], record["ended"]) == (session.id, "", None)


async def test_records_are_searched_paged_saved_and_kept_as_long_as_the_audit_log(world: World) -> None:
    agent = use_fake_agent(world)
    agent.replies[VCS] = [486]
    await register(world, NHA_TRANG, VCS)
    await register(world, CAM_RANH, "10.79.6.21")
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "waiting", "connected")
    first, second = sorted(await records(world), key=lambda each: each["name"])
    assert (first["name"], second["name"]) == ("UBND.Cam Ranh", "UBND.Nha Trang")
    assert await records(world, "q=cam+ranh") == [first] == await records(world, f"device={first['device']}")
    newest = max(first, second, key=lambda each: int(each["id"]))
    assert await records(world, "limit=1") == [newest]
    assert [each["id"] for each in await records(world, f"before={newest['id']}")] == [newest["id"] - 1]
    assert await records(world, "to=2026-04-06T01:00:00Z") == []
    async with (await world.signed_in("central")).get("/api/v1/calls/export?q=nha+trang") as response:
        rows = list(csv.reader(io.StringIO((await response.read()).decode("utf-8-sig"))))
    assert rows[0] == list(csv_rows.COLUMNS)
    assert rows[1][:11] == [
        *("06/04/2026 08:00:00", "", "06/04/2026 08:00:00", "UBND.Nha Trang", "Gọi ra", "Phiên họp", session.number),
        *(VCS, "", "Bị từ chối", "486"),
    ]
    assert (await world.audited(1))[0].action == "export-calls"
    await world.services.call_records.prune(world.clock.now + timedelta(days=365))
    assert len(await records(world)) == 2
    await world.services.call_records.prune(world.clock.now + timedelta(days=36500))
    assert await records(world) == []


async def test_the_record_of_a_call_goes_on_in_the_next_process_and_lost_calls_end(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "connected")
    recorder = world.server.sip_bridge._recorder
    await recorder.leave()
    open_ids = await recorder.open_ids()
    assert list(open_ids) == [(session.id, (await records(world))[0]["device"])]
    again = FakeIncoming("", RemoteParty(VCS, "", "", ""))
    call = await again.accept(ANSWER)
    (id_,) = open_ids.values()
    recorder.resume(id_, call)
    await recorder.close_rest()
    assert (await records(world))[0]["outcome"] == ""
    await recorder.leave()
    await recorder.close_rest()
    assert (await records(world))[0]["outcome"] == "server-stopped"


def test_every_word_of_a_record_has_a_vietnamese_text() -> None:
    assert set(csv_rows.OUTCOMES) == OUTCOMES
    assert set(csv_rows.DIRECTIONS) == set(get_args(Direction))
    assert set(csv_rows.PURPOSES) == set(get_args(Purpose))
    assert set(csv_rows.PROTECTION) == set(get_args(ProtectionWord))


def test_nothing_measured_says_nothing() -> None:
    assert Measured().values == {}
