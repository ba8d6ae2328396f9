"""Alembic migrations of the scheduler's tables, under a version table of their own."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

import scheduler.operations.closing.schema  # noqa: F401  (they are part of METADATA)
from scheduler.core.database import writing
from scheduler.core.migration_order import versions

VERSION_TABLE = "alembic_version_scheduler"
VERSIONS = versions(Path(__file__).parent / "versions")
"""The ids of all migrations, oldest first; the last one makes the tables of this release."""
OLDEST: Final = "0068"
"""Releases whose tables are of this version, or a later one, work on those of this release: what came after it was
added. CONTRIBUTING.md says when it changes."""


def upgrade(connection: Connection) -> None:
    """Bring the scheduler's tables to the newest version inside the caller's transaction."""
    from alembic import command  # noqa: PLC0415 - a fifth of a second of CPU, which a start without migration does
    from alembic.config import Config  # noqa: PLC0415 - without

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def migrate(engine: AsyncEngine) -> None:
    """Bring the scheduler's tables to the newest version; processes that start together run one after another."""
    async with writing(engine) as connection:
        await connection.run_sync(upgrade)
