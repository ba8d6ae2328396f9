"""Alembic migrations of the roof's tables, under a version table of their own."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.database import writing

VERSION_TABLE = "alembic_version_signaling"


def upgrade(connection: Connection, version: str = "head") -> None:
    """Bring the roof's tables up to a version inside the caller's transaction."""
    command.upgrade(_config(connection), version)


def downgrade(connection: Connection, version: str) -> None:
    """Bring the roof's tables back to a version inside the caller's transaction."""
    command.downgrade(_config(connection), version)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


async def migrate(engine: AsyncEngine, version: str = "head") -> None:
    """Bring the roof's tables up to a version; processes that start together take turns."""
    async with writing(engine) as connection:
        await connection.run_sync(upgrade, version)
