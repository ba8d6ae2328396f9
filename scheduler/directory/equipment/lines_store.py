"""Stores access lines and providers, within the caller's transaction."""

from dataclasses import asdict

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.sql_values import storable
from scheduler.directory.model import AccessLine, Provider
from scheduler.directory.schema import LINES, PROVIDERS


async def lines(db: AsyncConnection, point: str | None = None) -> list[AccessLine]:
    """Return the access lines of a point, or of all points."""
    query = select(LINES).order_by(LINES.c.point, LINES.c.type, LINES.c.id)
    rows = await db.execute(query if point is None else query.where(LINES.c.point.in_(storable([point]))))
    return [AccessLine(**{**row, "ranges": tuple(row["ranges"].split())}) for row in rows.mappings()]


async def set_line(db: AsyncConnection, line: AccessLine) -> None:
    """Add an access line, or replace the one with its id."""
    await drop_line(db, line.id)
    await db.execute(insert(LINES).values({**asdict(line), "ranges": " ".join(line.ranges)}))


async def drop_line(db: AsyncConnection, line: str) -> bool:
    """Remove an access line; return whether there was one."""
    deleted = await db.execute(delete(LINES).where(LINES.c.id.in_(storable([line]))))
    return deleted.rowcount == 1


async def providers(db: AsyncConnection) -> list[Provider]:
    """Return all providers by name."""
    rows = await db.execute(select(PROVIDERS).order_by(PROVIDERS.c.name))
    return [Provider(**row) for row in rows.mappings()]


async def set_provider(db: AsyncConnection, provider: Provider) -> None:
    """Add a provider, or change the one with its id; its lines stay."""
    values = asdict(provider)
    changed = await db.execute(PROVIDERS.update().where(PROVIDERS.c.id == provider.id).values(values))
    if not changed.rowcount:
        await db.execute(insert(PROVIDERS).values(values))
