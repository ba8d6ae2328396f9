"""Alembic's tables are the tables the code uses, and the store means the same on SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from mediaserver.recording.chapters import Chapter
from scheduler.core import database
from signaling.accounts.passwords import Device, Login
from signaling.accounts.store import AccountStore
from signaling.core.account import Account, Source
from signaling.core.errors import BadInput
from signaling.core.schema import METADATA
from signaling.migrations import VERSION_TABLE, downgrade, migrate
from signaling.recording.model import Recording, Solo
from signaling.recording.store import RecordingStore
from tests.signaling.world import NOW

ACCOUNT = Account("nt.xuonghuan", "UBND phường Xương Huân", ("registrant", "site"), "22342", "nt.xuonghuan", "vi", True)
MARKS = (Chapter(0.0, "Khai mạc"), Chapter(61.234, "Báo cáo"))
SOLOS = tuple(Solo(f"v{n}", f"/data/s1/1.{n}.m4a", "UBND.Nha Trang · UBND", 61_000, 9, "cd" * 32) for n in (2, 1))
RECORDING = Recording("r1", "s1", 1, "/data/s1/1.mp4", "Họp", "UBND.Khanh Hoa", "56", NOW)


@pytest.fixture(params=["sqlite_url", pytest.param("postgres_url", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """URL of an empty database of either kind."""
    made: str = request.getfixturevalue(request.param)
    return made


def _differences(connection: Connection) -> list[object]:
    options = {
        "version_table": VERSION_TABLE,
        "include_name": lambda name, kind, _: kind != "table" or name in METADATA.tables,
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))


async def test_migrated_twice_the_tables_are_as_declared(url: str) -> None:
    engine = database.connect(url)
    await migrate(engine)
    await migrate(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()


OLD = [("running", None), ("finished", 61), ("interrupted", 42), ("failed", 0)]


async def test_recordings_of_the_first_version_are_kept_and_made_good(url: str) -> None:
    engine = database.connect(url)
    await migrate(engine, "0001")
    insert = (
        "INSERT INTO recordings (id, session, part, path, title, host, host_unit, started, seconds, bytes, state) "
        "VALUES (:id, 's', :part, :id, 'Họp', 'UBND', '56', 1775437200, :seconds, 9, :state)"
    )
    async with engine.begin() as connection:
        for part, (state, seconds) in enumerate(OLD, 1):
            row = {"id": f"r{part}", "part": part, "seconds": seconds, "state": state}
            await connection.execute(text(insert), row)
    await migrate(engine)
    recorded = RecordingStore(engine, Path("/data"))
    assert [
        (recording_row.state, recording_row.reason, recording_row.seconds)
        for recording_row in await recorded.parts("s")
    ] == [
        ("recording", None, None),
        ("finishing", None, 61.0),
        ("finishing", "interrupted", 42.0),
        ("finishing", "failed", 0.0),
    ]
    async with engine.begin() as connection:
        await connection.run_sync(downgrade, "0001")
        rows = await connection.execute(text("SELECT state, seconds FROM recordings ORDER BY part"))
        assert [tuple(row) for row in rows] == [("running", None), ("finished", 61), ("finished", 42), ("finished", 0)]
    await engine.dispose()


async def test_files_of_before_are_found_wherever_the_recordings_lie_now(url: str) -> None:
    engine = database.connect(url)
    await migrate(engine, "0009")
    part = (
        "INSERT INTO recordings (id, session, part, path, title, host, host_unit, started, state) "
        "VALUES ('r', 's', 1, '/old/recordings/s/1.mp4', 'Họp', 'UBND', '56', 1775437200, 'ready')"
    )
    solo = (
        "INSERT INTO solos (id, recording, number, path, name, milliseconds, bytes, sha256) "
        "VALUES ('v', 'r', 0, '/old/recordings/s/1.1.m4a', 'UBND', 1, 1, '')"
    )
    async with engine.begin() as connection:
        await connection.execute(text(part))
        await connection.execute(text(solo))
    await migrate(engine)
    for directory in ("/new", "/other"):
        [row] = await RecordingStore(engine, Path(directory)).recordings()
        assert (row.path, row.solos[0].path) == (f"{directory}/s/1.mp4", f"{directory}/s/1.1.m4a")
    await engine.dispose()


async def test_accounts_and_recordings_are_read_back(url: str) -> None:
    engine = database.connect(url)
    await migrate(engine)
    store, recorded = AccountStore(engine), RecordingStore(engine, Path("/data"))
    await store.add_account(ACCOUNT, "hash", NOW)
    with pytest.raises(BadInput):
        await store.add_account(ACCOUNT, "hash", NOW)
    assert await store.account("nt.xuonghuan") == (ACCOUNT, "hash")
    await store.add_login("token", ACCOUNT.account, Source("192.0.2.1", 1111, "Firefox"), NOW, NOW + timedelta(hours=1))
    ends = NOW + timedelta(hours=1)
    assert await store.login("token", NOW) == Login("token", ACCOUNT, ends, used=NOW)
    assert await store.login("token", NOW + timedelta(hours=1)) is None
    assert await store.devices(ACCOUNT.account, NOW) == [Device("token", NOW, "192.0.2.1", "Firefox")]
    assert await store.devices(ACCOUNT.account, NOW + timedelta(hours=1)) == []
    await store.set_password(ACCOUNT.account, "other", False, NOW)
    assert await store.account(ACCOUNT.account) == (replace(ACCOUNT, must_change=False), "other")
    assert await store.login("token", NOW) is None
    await recorded.add_part(RECORDING)
    assert (await recorded.next_part("s1"), await recorded.next_part("s2")) == (2, 1)
    assert await recorded.recordings_in("recording") == [RECORDING]
    for mark in (*MARKS, MARKS[0], Chapter(0.0, "of another")):  # one again, as of a connection that broke
        await recorded.add_mark("s2" if mark.title == "of another" else "s1", mark)
    await recorded.note_stop("s1", "host", "disk-full")
    await recorded.close_recording(RECORDING.path, 61_234, 3_000_000_000, "finishing", "interrupted")
    await recorded.close_recording(RECORDING.path, 1, 1, "broken", None)
    closed = replace(RECORDING, milliseconds=61_234, bytes=3_000_000_000, state="finishing", stopped_by="host")
    assert await recorded.recording("r1") == replace(closed, reason="disk-full", chapters=MARKS)
    await recorded.add_mark("s1", Chapter(2.0, "too late"))
    first = NOW + timedelta(milliseconds=217)
    ready = replace(
        closed, state="ready", reason="disk-full", first=first, sha256="ab" * 32, chapters=MARKS[1:], solos=SOLOS
    )
    for other in (ready, replace(ready, state="broken", chapters=(), solos=())):
        await recorded.finish_recording(other)
    assert await recorded.parts("s1") == [ready]
    assert await recorded.recordings("other") == []
    assert (await recorded.of_solo("v2"), await recorded.of_solo("r1")) == (ready, None)
    await store.ping()
    await engine.dispose()
