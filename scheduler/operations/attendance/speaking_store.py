"""Stores for how long each point was the active speaker, within the caller's transaction."""

from collections.abc import Mapping

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.operations.attendance.schema import SPEAKING


async def add(db: AsyncConnection, session: str, seconds: Mapping[str, int]) -> None:
    """Add seconds to what the points of a session have spoken so far."""
    for point, more in seconds.items():
        known = (SPEAKING.c.session == session) & (SPEAKING.c.point == point)
        changed = await db.execute(update(SPEAKING).where(known).values(seconds=SPEAKING.c.seconds + more))
        if changed.rowcount == 0:
            await db.execute(insert(SPEAKING).values(session=session, point=point, seconds=more))


async def of_session(db: AsyncConnection, session: str) -> dict[str, int]:
    """Return the seconds by point; points that never spoke are left out."""
    rows = await db.execute(select(SPEAKING).where(SPEAKING.c.session == session).order_by(SPEAKING.c.point))
    return {row.point: row.seconds for row in rows}
