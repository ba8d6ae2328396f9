"""Alembic's tables are the tables the code uses, on SQLite and PostgreSQL."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from scheduler import database
from signaling.migrations import VERSION_TABLE, migrate
from signaling.tables import METADATA


def _differences(connection: Connection) -> list[object]:
    options = {
        "version_table": VERSION_TABLE,
        "include_name": lambda name, kind, _: kind != "table" or name in METADATA.tables,
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))


async def test_migrated_twice_the_tables_are_as_declared(sqlite_url: str) -> None:
    engine = database.connect(sqlite_url)
    await migrate(engine)
    await migrate(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()
