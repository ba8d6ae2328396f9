"""Alembic migrations of the roof's tables, under a version table of their own."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.database import writing

VERSION_TABLE = "alembic_version_signaling"


def upgrade(connection: Connection) -> None:
    """Bring the roof's tables to the newest version inside the caller's transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def migrate(engine: AsyncEngine) -> None:
    """Bring the roof's tables to the newest version; processes that start together take turns."""
    async with writing(engine) as connection:
        await connection.run_sync(upgrade)
