"""Stores lost connections and each attempt to reconnect, within the caller's transaction (R-099)."""

from collections.abc import Iterable

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.operations.attendance.presence_intervals import ReconnectAttempt
from scheduler.operations.attendance.schema import REDIALS


async def add(db: AsyncConnection, session: str, redials: Iterable[ReconnectAttempt]) -> None:
    """Store reconnect events of a session."""
    rows = [{"session": session, "point": r.point, "name": r.name, "kind": r.kind, "at": r.at} for r in redials]
    await db.execute(insert(REDIALS), rows)


async def of_session(db: AsyncConnection, session: str) -> list[ReconnectAttempt]:
    """Return the reconnect events of a session by time; those of the same second in the order they were reported."""
    rows = await db.execute(select(REDIALS).where(REDIALS.c.session == session).order_by(REDIALS.c.at, REDIALS.c.id))
    return [ReconnectAttempt(row.point, row.name, row.kind, row.at) for row in rows]
