"""The migrations make the tables of the code on both databases, beside tables of others."""

import asyncio
import time
import warnings
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

import scheduler.operations.attendance.schema
import scheduler.operations.votes.schema
import scheduler.reports.schema  # noqa: F401 - adds its tables to METADATA
from scheduler.booking.registration.refusals_store import count_capacity_refusals
from scheduler.core import database
from scheduler.core.model import Interval
from scheduler.core.schema import DEVICES, METADATA
from scheduler.core.sql_values import instant
from scheduler.directory.schema import ASSESSMENTS, POINT_MOVES, SIP_SECRETS
from scheduler.migrations import VERSION_TABLE, migrate

BEFORE = """
INSERT INTO units (id, name, level, position) VALUES ('56', 'UBND tỉnh', 'tinh', 1);
INSERT INTO points (id, unit, name, slug, label) VALUES ('ubnd', '56', 'UBND', 'ubnd', 'UBND tỉnh');
INSERT INTO refusals (host_point, start, "end", at, legs, "limit", needed, usable)
VALUES ('ubnd', 3600, 7200, 50, 30, 'points', 210, 200), ('ubnd', 7200, 9000, 160, 30, 'points', 210, 200);
INSERT INTO denials (at, unit, host_point, title, klass, start, "end", word, detail, "by", profile)
VALUES (100, '56', 'ubnd', '', 'thuong', 7200, 9000, 'capacity', '', '', ''),
    (120, '56', 'ubnd', '', 'thuong', 7200, 9000, 'late', '', '', ''),
    (160, '56', 'ubnd', '', 'thuong', 7200, 9000, 'capacity', '', '', '')
"""
"""Refusals as they were kept in two tables."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("postgres_url" if request.param == "postgresql" else "sqlite_url")
    return url


def differences(connection: Connection) -> list[object]:
    options = {
        "version_table": VERSION_TABLE,
        "include_name": lambda name, kind, _: kind != "table" or name != "guests",
    }
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*expression-based index")  # which SQLite does not tell of
        found: list[object] = compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)
    return found


async def test_migrations_and_tables_agree(empty_url: str) -> None:
    engine = database.connect(empty_url)
    async with engine.begin() as db:
        await db.execute(sa.text("CREATE TABLE guests (id INTEGER PRIMARY KEY)"))
    await migrate(engine)
    async with engine.connect() as db:
        assert await db.run_sync(differences) == []
        assert (await db.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}"))).scalars().all() == ["0082"]
        await db.execute(sa.text("SELECT id FROM guests"))
    await engine.dispose()


async def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    engines = [database.connect(empty_url) for _ in range(8)]
    await asyncio.gather(*map(migrate, engines))
    async with engines[0].connect() as db:
        assert await db.run_sync(differences) == []
    for engine in engines:
        await engine.dispose()


async def test_a_new_file_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    async def journal(engine: AsyncEngine) -> str:
        async with engine.connect() as db:
            return str((await db.execute(sa.text("PRAGMA journal_mode"))).scalar_one())

    for attempt in range(20):
        engines = [database.connect(f"sqlite:///{tmp_path}/{attempt}.db") for _ in range(8)]
        assert await asyncio.gather(*map(journal, engines)) == ["wal"] * 8
        for engine in engines:
            await engine.dispose()


def config(connection: Connection) -> Config:
    made = Config()
    made.set_main_option("script_location", "scheduler:migrations")
    made.attributes["connection"] = connection
    return made


async def test_r113_refusals_of_both_tables_are_kept_and_counted_as_before(empty_url: str) -> None:
    """Counted and kept: twice tried in 100 and 160; counted alone: 50; kept alone, for it came late: 120."""
    engine = database.connect(empty_url)
    async with database.writing(engine) as db:
        await db.run_sync(lambda connection: command.upgrade(config(connection), "0026"))
        for statement in BEFORE.split(";"):
            await db.execute(sa.text(statement))
    for _ in range(2):
        async with database.writing(engine) as db:
            await db.run_sync(lambda connection: command.upgrade(config(connection), "head"))
            rows = await db.execute(sa.text("SELECT at, word, detail FROM refusals ORDER BY at"))
            alone = (50, "capacity", "points: 210 > 200, +30")
            expected = [alone, (100, "capacity", ""), (120, "late", ""), (160, "capacity", "")]
            assert [tuple(row) for row in rows] == expected
            figures = [
                await count_capacity_refusals(db, Interval(instant(0), instant(end))) for end in (50, 51, 160, 161)
            ]
            assert figures == [0, 1, 1, 2]
            await db.run_sync(lambda connection: command.downgrade(config(connection), "0026"))
            counted = await db.execute(sa.text('SELECT at, start, "end" FROM refusals ORDER BY at'))
            assert [tuple(row) for row in counted] == [(50, 3600, 7200), (160, 7200, 9000)]
    await engine.dispose()


async def test_sessions_from_before_are_found_by_words_too(empty_url: str) -> None:
    row = {"id": "old", "seq": 1, "number": "HTT-2023-0001", "title": "Họp Đoàn", "host_point": "ubnd", "legs": 2}
    row |= {"contact_name": "A", "contact_phone": "+84905123456", "recording": False, "state": "waiting", "created": 0}
    row |= {"profile": "KH-2023/1", "submitted_by": "a"}
    columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    engine = database.connect(empty_url)
    async with database.writing(engine) as db:
        await db.run_sync(lambda connection: command.upgrade(config(connection), "0042"))
        for statement in BEFORE.split(";")[:2]:
            await db.execute(sa.text(statement))
        await db.execute(sa.text(f"INSERT INTO sessions ({columns}) VALUES ({values})"), row)
        await db.run_sync(lambda connection: command.upgrade(config(connection), "head"))
        assert await db.scalar(sa.text("SELECT folded FROM sessions")) == "htt-2023-0001 hop doan"
    await engine.dispose()


async def test_points_that_nobody_assessed_are_taken_over(empty_url: str) -> None:
    engine = database.connect(empty_url)
    async with database.writing(engine) as db:
        await db.run_sync(lambda connection: command.upgrade(config(connection), "0043"))
        await db.execute(sa.text("INSERT INTO units (id, name, level, position) VALUES ('u', 'U', 'so', 1)"))
        for name, state in (("shipped", "active"), ("drafted", "draft"), ("moved", "active"), ("assessed", "active")):
            values = {"id": name, "state": state}
            columns = "INSERT INTO points (id, unit, name, slug, label, state) VALUES (:id, 'u', :id, :id, :id, :state)"
            await db.execute(sa.text(columns), values)
        common = {"at": instant(1), "profile": ""}
        moved = {**common, "point": "moved", "move": "activate", "state": "active", "by": "", "reason": ""}
        await db.execute(sa.insert(POINT_MOVES).values(moved))
        done = {**common, "point": "assessed", "assessor": "", "result": "passed", "items": "[]", "reference": ""}
        await db.execute(sa.insert(ASSESSMENTS).values(done))
        before = int(time.time())
        await db.run_sync(lambda connection: command.upgrade(config(connection), "head"))
        found = {row.id: row.taken_over for row in await db.execute(sa.text("SELECT id, taken_over FROM points"))}
    assert found.pop("shipped") >= before
    assert found == {"drafted": None, "moved": None, "assessed": None}
    await engine.dispose()


async def test_devices_with_their_changes_outlive_the_table_being_made_anew(empty_url: str) -> None:
    engine = database.connect(empty_url)
    device: dict[str, object] = dict.fromkeys(("kind", "model", "serial", "protocol", "firmware", "security_owner"), "")
    device |= dict.fromkeys(("asset_number", "asset_source", "user_agent", "codecs", "transport", "sip_user"), "")
    device |= {"auth_user": "", "point": "ubnd", "dial_out": False, "address": "10.57.1.20"}
    device |= {"protocol": "RTSP", "sip_user": "/live"}  # where the path of a camera's stream stood until 0068
    columns = ("id", "number", *device)
    insert = sa.text(f"INSERT INTO devices ({', '.join(columns)}) VALUES (:{', :'.join(columns)})")
    async with database.writing(engine) as db:
        await db.run_sync(lambda connection: command.upgrade(config(connection), "0058"))
        for statement in BEFORE.split(";")[:2]:
            await db.execute(sa.text(statement))
        await db.execute(insert, {**device, "id": "a", "number": 1})
        await db.execute(sa.insert(SIP_SECRETS).values(device="a", name="pin", sealed="x"))
    async with database.writing(engine) as db:
        await db.run_sync(lambda connection: command.upgrade(config(connection), "head"))
        row = (await db.execute(sa.select(DEVICES.c.sip_user, DEVICES.c.stream_path))).one()
        assert tuple(row) == ("", "/live")
        await db.execute(insert, {**device, "id": "b", "number": 2})
    async with database.writing(engine) as db:
        await db.run_sync(lambda connection: command.downgrade(config(connection), "0058"))
    async with database.writing(engine) as db:
        rows = await db.execute(sa.select(DEVICES.c.id, DEVICES.c.number, DEVICES.c.address).order_by(DEVICES.c.id))
        assert [tuple(row) for row in rows] == [("a", 1, "10.57.1.20"), ("b", 2, None)]
        path = sa.text("SELECT sip_user FROM devices WHERE id = 'a'")
        assert await db.scalar(path) == "/live"
        assert await db.scalar(sa.select(SIP_SECRETS.c.sealed)) == "x"
        with pytest.raises(IntegrityError):
            await db.execute(sa.insert(SIP_SECRETS).values(device="nobody", name="pin", sealed="x"))
    await engine.dispose()


async def test_down_and_up_again(empty_url: str) -> None:
    engine = database.connect(empty_url)
    await migrate(engine)
    async with database.writing(engine) as db:
        await db.run_sync(lambda connection: command.downgrade(config(connection), "base"))
        left = await db.run_sync(lambda connection: sa.inspect(connection).get_table_names())
        assert left == [VERSION_TABLE]
    await migrate(engine)
    async with engine.connect() as db:
        assert await db.run_sync(differences) == []
    await engine.dispose()
