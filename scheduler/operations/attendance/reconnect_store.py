"""Rows of lost connections and each try to come back, on a connection whose transaction the caller holds (R-099)."""

from collections.abc import Iterable

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.sql_values import instant, seconds
from scheduler.operations.attendance.presence_intervals import ReconnectAttempt
from scheduler.operations.attendance.schema import REDIALS


async def add(db: AsyncConnection, session: str, redials: Iterable[ReconnectAttempt]) -> None:
    """Keep what happened."""
    rows = [
        {"session": session, "point": r.point, "name": r.name, "kind": r.kind, "at": seconds(r.at)} for r in redials
    ]
    await db.execute(insert(REDIALS), rows)


async def of_session(db: AsyncConnection, session: str) -> list[ReconnectAttempt]:
    """Return what happened in a session, by time; at the same second in the order in which it was told."""
    rows = await db.execute(select(REDIALS).where(REDIALS.c.session == session).order_by(REDIALS.c.at, REDIALS.c.id))
    return [ReconnectAttempt(row.point, row.name, row.kind, instant(row.at)) for row in rows]
