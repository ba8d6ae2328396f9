"""A database of another release: refused before anything is written, or migrated on purpose and after a copy (u)."""

import asyncio
import hashlib
import shutil
import sqlite3
import sys
from argparse import Namespace
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from scheduler import migrations as scheduler_migrations
from scheduler.core import database
from scheduler.core.code_encryption import CodeCipher
from scheduler.core.errors import LostKey, PolicyError
from signaling import migrations
from signaling.app import admin_cli, migration
from signaling.app.lease import Lease
from signaling.app.migration import RELEASE, Schema
from signaling.app.services import open_services
from signaling.app.settings import Settings
from signaling.audit.log import EntryFilter
from signaling.core.errors import BadBackup, DatabaseInUse, NewerDatabase, OlderDatabase, SettingsError
from tests.signaling.server_environment import server_environ
from tests.signaling.world import NHA_TRANG, NOW, World, make_settings

OLDER = Schema(scheduler_migrations.VERSIONS[-2], migrations.VERSIONS[-2])
KEY = b"k" * 32


def _config(connection: sa.Connection, part: str) -> Config:
    config = Config()
    config.set_main_option("script_location", f"{part}:migrations")
    config.attributes["connection"] = connection
    return config


def _up(connection: sa.Connection, part: str, version: str) -> None:
    command.upgrade(_config(connection, part), version)


def _down(connection: sa.Connection) -> None:
    for part, version in (("scheduler", OLDER.scheduler), ("signaling", OLDER.signaling)):
        command.downgrade(_config(connection, part), version)


async def make_older(settings: Settings) -> None:
    """Give the database the tables of an older release."""
    engine = database.connect(settings.database_url, CodeCipher(KEY))
    async with database.writing(engine) as connection:
        await connection.run_sync(_down)
    await engine.dispose()


def newer(versions: Schema, part: str) -> Schema:
    """Return versions of which that of one part is of a newer release."""
    return replace(versions, scheduler="9999") if part == "scheduler" else replace(versions, signaling="9999")


async def standing(url: str) -> Schema:
    engine = database.connect(url)
    found = await migration.read_versions(engine)
    await engine.dispose()
    return found


@pytest.fixture
async def older(tmp_path: Path, prepared: Path) -> Settings:
    """Return a server's data after an upgrade of its programs."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(prepared, data / "diemcau.sqlite3")
    shutil.copy(prepared.with_name("code.key"), data / "code.key")
    settings = make_settings(data, None)
    await make_older(settings)
    return settings


def contents(data: Path) -> dict[str, str]:
    """Return SHA-256 digests of the data directory by file name, without the two files that SQLite adds and removes."""
    passing = ("-wal", "-shm")
    files = [path for path in sorted(data.rglob("*")) if path.is_file() and not path.name.endswith(passing)]
    return {str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


async def shell(settings: Settings, name: str, **arguments: object) -> None:
    await admin_cli.run(settings, Namespace(admin=name, **arguments))


async def serve(settings: Settings) -> None:
    """Open the record as a server does."""
    async with open_services(settings):
        pass


async def list_accounts(settings: Settings) -> None:
    await shell(settings, "list-accounts")


async def undo(settings: Settings) -> None:
    await shell(settings, "migrate", check=False, undo=True)


async def migrate(settings: Settings) -> None:
    await shell(settings, "migrate", check=False, undo=False)


EVERYBODY = [serve, list_accounts, migrate]
Act = Callable[[Settings], Awaitable[None]]


@pytest.mark.parametrize(
    ("part", "versions"), [("scheduler", scheduler_migrations.VERSIONS), ("signaling", migrations.VERSIONS)]
)
def test_versions_are_the_names_of_their_files(part: str, versions: tuple[str, ...]) -> None:
    config = Config()
    config.set_main_option("script_location", f"{part}:migrations")
    newest_first = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(newest_first)) == versions


async def test_a_list_on_tables_of_an_older_release_is_refused_and_changes_nothing(older: Settings) -> None:
    before = contents(older.data)
    with pytest.raises(OlderDatabase) as refused:
        await list_accounts(older)
    assert str(refused.value) == (
        f"the database is of an older release ({OLDER}) than this one ({RELEASE}): run diemcau migrate"
    )
    assert contents(older.data) == before


@pytest.mark.parametrize("act", EVERYBODY)
@pytest.mark.parametrize("part", ["scheduler", "signaling"])
async def test_tables_of_a_newer_release_are_refused_and_left_alone(older: Settings, part: str, act: Act) -> None:
    with closing(sqlite3.connect(older.data / "diemcau.sqlite3")) as connection:
        connection.execute(f"UPDATE alembic_version_{part} SET version_num = '9999'")
        connection.commit()
    found = newer(OLDER, part)
    before = contents(older.data)
    with pytest.raises(NewerDatabase) as refused:
        await act(older)
    assert str(refused.value).startswith(
        f"the database is of a newer release ({found}) than this one ({RELEASE}): install that release again, or"
    )
    assert {name: digest for name, digest in contents(older.data).items() if name != "run/lock"} == before


@pytest.mark.parametrize("part", ["scheduler", "signaling"])
async def test_tables_of_a_newer_release_that_only_added_are_worked_on_and_stay(older: Settings, part: str) -> None:
    await migrate(older)
    with closing(sqlite3.connect(older.data / "diemcau.sqlite3")) as connection:
        connection.execute(f"UPDATE alembic_version_{part} SET version_num = '9999'")
        connection.commit()
        await serve(older)
        await list_accounts(older)
        await migrate(older)
        assert await standing(older.database_url) == newer(RELEASE, part)
        connection.execute("UPDATE table_versions SET oldest = '9998' WHERE part = ?", (part,))
        connection.commit()
    with pytest.raises(NewerDatabase):
        await serve(older)


async def test_tables_that_are_partly_newer_and_partly_older_are_refused(older: Settings) -> None:
    await migrate(older)
    with closing(sqlite3.connect(older.data / "diemcau.sqlite3")) as connection:
        connection.execute("UPDATE alembic_version_scheduler SET version_num = '9999'")
        connection.execute("UPDATE alembic_version_signaling SET version_num = ?", (OLDER.signaling,))
        connection.commit()
    with pytest.raises(NewerDatabase):
        await serve(older)


Columns = dict[str, tuple[str, bool, bool]]
"""By `table.column` and `table`, of columns the type, and whether a row needs and lacks a value."""


def _columns(connection: sa.Connection) -> Columns:
    inspector = sa.inspect(connection)
    found = dict.fromkeys(inspector.get_table_names(), ("table", False, False))
    for name in tuple(found):
        for column in inspector.get_columns(name):
            needed = not column["nullable"]
            found[f"{name}.{column['name']}"] = (str(column["type"]), needed, needed and column["default"] is None)
    return found


def _breaks(before: Columns, after: Columns) -> list[str]:
    """Return what keeps a release with the tables before from working on those after."""
    changed = [name for name in before if name not in after or after[name][:2] != before[name][:2]]
    lacking = [
        name
        for name in after.keys() - before
        if after[name][2] and name.partition(".")[0] in before  # rows of a new table are the later release's
    ]
    return changed + lacking


async def test_the_oldest_release_that_is_named_can_work_on_the_tables(tmp_path: Path) -> None:
    """A migration takes away only what no release needs that is named."""
    engine, columns = database.connect(f"sqlite:///{tmp_path}/tables.sqlite3"), []
    for versions in ((scheduler_migrations.OLDEST, migrations.OLDEST), ("head", "head")):
        async with database.writing(engine) as connection:
            for part, version in zip(("scheduler", "signaling"), versions, strict=True):
                await connection.run_sync(_up, part, version)
            columns.append(await connection.run_sync(_columns))
    await engine.dispose()
    assert _breaks(*columns) == []


def test_what_a_migration_takes_from_the_release_before_is_found() -> None:
    before = {"a": ("table", False, False), "a.x": ("INTEGER", True, True), "a.y": ("TEXT", False, False)}
    assert _breaks(before, {"a": before["a"], "a.x": before["a.x"]}) == ["a.y"]
    assert _breaks(before, {**before, "a.y": ("TEXT", True, True)}) == ["a.y"]
    assert _breaks(before, {**before, "a.y": ("INTEGER", False, False)}) == ["a.y"]
    assert _breaks(before, {**before, "a.z": ("TEXT", True, True)}) == ["a.z"]
    assert _breaks(before, {**before, "a.z": ("TEXT", True, False)}) == []
    assert _breaks(before, {**before, "b": before["a"], "b.x": ("TEXT", True, True)}) == []


@pytest.mark.parametrize("act", EVERYBODY)
@pytest.mark.parametrize("there", ["another", "none"])
async def test_without_the_key_of_its_codes_nothing_is_written(
    world: World, tmp_path: Path, there: str, act: Act
) -> None:
    """A key that is made anew would hide that the right one is missing."""
    await world.session(NHA_TRANG)
    data = tmp_path / "copy"
    data.mkdir()
    migration.copy_database(tmp_path / "diemcau.sqlite3", data / "diemcau.sqlite3")
    settings = make_settings(data, None)
    with closing(sqlite3.connect(data / "diemcau.sqlite3")) as connection:
        connection.execute("DROP TABLE worker_keys")  # of the newest version of these tables
        connection.execute("UPDATE alembic_version_signaling SET version_num = ?", (OLDER.signaling,))
        connection.commit()
    if there == "another":
        (data / "code.key").write_bytes(b"x" * 32)
    before = contents(data)
    with pytest.raises(OlderDatabase if act is list_accounts else LostKey):
        await act(settings)
    assert {name: digest for name, digest in contents(data).items() if name != "run/lock"} == before


async def test_a_profile_with_other_contents_is_refused_before_the_tables_are_changed(older: Settings) -> None:
    with closing(sqlite3.connect(older.data / "diemcau.sqlite3")) as connection:
        connection.execute("UPDATE profiles SET digest = 'of other contents' WHERE id = 'KH-2023'")
        connection.commit()
    before = contents(older.data)
    with pytest.raises(PolicyError, match="was in use with other contents"):
        await serve(older)
    assert contents(older.data) == before


async def test_migrate_brings_tables_up_to_date_after_a_copy(
    older: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await migrate(older)
    (copy,) = migration.copies(older.copies)
    assert capsys.readouterr().out.splitlines() == [f"from {OLDER}", f"to {RELEASE}", f"copy: {copy}"]
    assert copy.name.endswith(f"Z-scheduler-{OLDER.scheduler}-signaling-{OLDER.signaling}.sqlite3")
    assert (await standing(older.database_url), await standing(f"sqlite:///{copy}")) == (RELEASE, OLDER)
    await list_accounts(older)
    await migrate(older)
    assert (migration.copies(older.copies), "nothing to do" in capsys.readouterr().out) == ([copy], True)
    async with open_services(older) as services:
        newest = await services.audit.newest(EntryFilter(), 9)
        assert [row.entry.subject for row in newest] == ["migrate", "list-accounts", "migrate"]


async def test_a_migration_of_sqlite_is_undone(older: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """The database is the one before, and all that was written since is kept aside; then forward again."""
    database_file = older.data / "diemcau.sqlite3"
    before = rows(database_file, "accounts")
    await migrate(older)
    (copy,) = migration.copies(older.copies)
    await shell(older, "list-accounts")
    capsys.readouterr()
    await undo(older)
    put_back, kept = capsys.readouterr().out.splitlines()
    assert (put_back, migration.copies(older.copies)) == (f"put back: {copy.name}", [])
    (aside,) = older.data.glob("aside-*")
    assert (kept, aside.stat().st_mode & 0o777) == (f"what was written since is in {aside} alone", 0o700)
    assert [row[0] for row in rows(aside / "diemcau.sqlite3", "audit", "subject")] == ["list-accounts", "migrate"]
    assert (await standing(older.database_url), rows(database_file, "accounts")) == (OLDER, before)
    with pytest.raises(BadBackup, match="there is no copy of the tables before"):
        await undo(older)
    await serve(older)
    assert await standing(older.database_url) == RELEASE


def rows(file: Path, table: str, columns: str = "*") -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return sorted(connection.execute(f"SELECT {columns} FROM {table}"), key=repr)


async def test_the_newest_copies_are_kept(older: Settings) -> None:
    folder = older.copies
    for day in range(5):
        migration.copy_before_migration(older.database_url, folder, OLDER, NOW + timedelta(days=day))
    assert [path.name[:8] for path in migration.copies(folder)] == ["20260408", "20260409", "20260410"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


async def test_without_room_for_a_copy_nothing_is_migrated(older: Settings) -> None:
    older.copies.write_text("where the folder should be")
    with pytest.raises(BadBackup, match="so nothing was migrated"):
        await serve(older)
    assert await standing(older.database_url) == OLDER


async def test_nobody_migrates_under_a_running_server(older: Settings) -> None:
    older.run.mkdir()
    with (older.run / "lock").open("w") as lock:
        flock(lock, LOCK_EX | LOCK_NB)
        with pytest.raises(SettingsError, match="stop it first"):
            await migrate(older)
    assert await standing(older.database_url) == OLDER


async def test_a_first_command_on_an_empty_directory_makes_the_tables(tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "data", None)
    await list_accounts(settings)
    assert (await standing(settings.database_url), settings.copies.exists()) == (RELEASE, False)


async def test_the_command_line_migrates(older: Settings) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "signaling", "migrate"), env=server_environ(older.data), stdout=PIPE, stderr=PIPE
    )
    printed, complaint = await process.communicate()
    assert (process.returncode, complaint, printed.decode().splitlines()[:2]) == (
        0,
        b"",
        [f"from {OLDER}", f"to {RELEASE}"],
    )


@pytest.mark.postgres
async def test_a_migration_of_postgresql_is_undone(
    postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also tables and functions that the newer release added go. Where no dump can be made, nothing is migrated."""
    settings = replace(make_settings(tmp_path, None), database_url=postgres_url, code_key=KEY)
    await serve(settings)
    await make_older(settings)
    before = await statements(postgres_url, CONTENTS)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        missing = "pg_dump is not installed: apt-get install postgresql-client"
        with pytest.raises(BadBackup, match=f"^{missing}$"):
            await shell(settings, "migrate", check=True, undo=False)
        with pytest.raises(BadBackup, match=f"so nothing was migrated: {missing}$"):
            await migrate(settings)
    assert await standing(postgres_url) == OLDER
    await shell(settings, "migrate", check=True, undo=False)
    assert capsys.readouterr().out.splitlines() == [f"from {OLDER} to {RELEASE}"]
    await migrate(settings)
    (copy,) = migration.copies(settings.copies)
    assert capsys.readouterr().out.splitlines() == [f"from {OLDER}", f"to {RELEASE}", f"copy: {copy}"]
    assert (copy.suffix, copy.stat().st_mode & 0o777) == (".pgdump", 0o600)
    await statements(postgres_url, "CREATE TABLE newer (id int REFERENCES audit)")
    await statements(postgres_url, "CREATE FUNCTION newer() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    async with open_services(settings, lease=Lease(settings, lambda: None)):
        with pytest.raises(DatabaseInUse, match="another server works on this database"):
            await undo(settings)
    assert (await standing(postgres_url), migration.copies(settings.copies)) == (RELEASE, [copy])
    await undo(settings)
    (aside,) = tmp_path.glob("aside-*")
    assert [path.name for path in aside.iterdir()] == ["database.pgdump"]
    assert (await statements(postgres_url, CONTENTS), migration.copies(settings.copies)) == (before, [])
    await serve(settings)
    assert await standing(postgres_url) == RELEASE


CONTENTS = """
SELECT 'table', relname, query_to_xml('SELECT count(*) FROM ' || relname, true, true, '')::text
FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'server_lease'
UNION ALL SELECT 'function', proname, '' FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'version', version_num, '' FROM alembic_version_scheduler
UNION ALL SELECT 'version', version_num, '' FROM alembic_version_signaling ORDER BY 1, 2
"""
"""Tables with their numbers of rows, functions and versions."""


async def statements(url: str, statement: str) -> list[tuple[object, ...]]:
    """Run a statement in PostgreSQL; return its rows."""
    engine = database.connect(url)
    try:
        async with engine.begin() as connection:
            result = await connection.exec_driver_sql(statement)
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        await engine.dispose()
