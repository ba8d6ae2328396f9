"""Alembic migrations of the tables of `signaling`, with a version table of their own."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.core.database import writing
from scheduler.core.migration_order import versions

if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE = "alembic_version_signaling"
VERSIONS = versions(Path(__file__).parent / "versions")
"""All versions, oldest first; this release has the last one."""
OLDEST: Final = "0070"
"""Releases whose tables are of this version, or a later one, work on those of this release: what came after it was
added. CONTRIBUTING.md says when it changes."""


def upgrade(connection: Connection, version: str = "head") -> None:
    """Upgrade the tables of `signaling` to a version inside the caller's transaction."""
    from alembic import command  # noqa: PLC0415 - a start without migration does without

    command.upgrade(_config(connection), version)


def downgrade(connection: Connection, version: str) -> None:
    """Downgrade the tables of `signaling` to a version inside the caller's transaction."""
    from alembic import command  # noqa: PLC0415 - as above

    command.downgrade(_config(connection), version)


def _config(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


async def migrate(engine: AsyncEngine, version: str = "head") -> None:
    """Upgrade the tables of `signaling` to a version; processes that start together take turns."""
    async with writing(engine) as connection:
        await connection.run_sync(upgrade, version)
