"""The migrations make the tables the code speaks of, on both databases, beside the tables of others."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

import scheduler.preparation.tables  # noqa: F401 - adds its tables to METADATA
from scheduler import database
from scheduler.directory.tables import METADATA
from scheduler.migrations import VERSION_TABLE, migrate


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("postgres_url" if request.param == "postgresql" else "sqlite_url")
    return url


def differences(connection: Connection) -> list[object]:
    options = {
        "version_table": VERSION_TABLE,
        "include_name": lambda name, kind, _: kind != "table" or name != "guests",
    }
    found: list[object] = compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)
    return found


async def test_migrations_and_tables_agree(empty_url: str) -> None:
    engine = database.connect(empty_url)
    async with engine.begin() as db:
        await db.execute(sa.text("CREATE TABLE guests (id INTEGER PRIMARY KEY)"))
    await migrate(engine)
    async with engine.connect() as db:
        assert await db.run_sync(differences) == []
        assert (await db.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}"))).scalars().all() == ["0026"]
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


async def test_down_and_up_again(empty_url: str) -> None:
    def down(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", "scheduler:migrations")
        config.attributes["connection"] = connection
        command.downgrade(config, "base")

    engine = database.connect(empty_url)
    await migrate(engine)
    async with database.writing(engine) as db:
        await db.run_sync(down)
        left = await db.run_sync(lambda connection: sa.inspect(connection).get_table_names())
        assert left == [VERSION_TABLE]
    await migrate(engine)
    async with engine.connect() as db:
        assert await db.run_sync(differences) == []
    await engine.dispose()
