"""Alembic migrations of the scheduler's tables, under a version table of their own."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

import scheduler.conduct.tables  # noqa: F401  (they are part of METADATA)
from scheduler.database import writing

VERSION_TABLE = "alembic_version_scheduler"


def upgrade(connection: Connection) -> None:
    """Bring the scheduler's tables to the newest version inside the caller's transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def migrate(engine: AsyncEngine) -> None:
    """Bring the scheduler's tables to the newest version; processes that start together take turns."""
    async with writing(engine) as connection:
        await connection.run_sync(upgrade)
