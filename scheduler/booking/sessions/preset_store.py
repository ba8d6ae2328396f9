"""Stores the layout presets of sessions, within the caller's transaction."""

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.sessions.schema import PRESETS
from scheduler.core.schema import SESSIONS


async def of_session(db: AsyncConnection, session: str) -> dict[int, str]:
    """Return the presets of a session by number; before it has any, those of its host's latest session with some."""
    own = await _presets(db, session)
    if own:
        return own
    host = select(SESSIONS.c.host_point).where(SESSIONS.c.id == session).scalar_subquery()
    latest = (
        select(SESSIONS.c.id)
        .where(SESSIONS.c.host_point == host, SESSIONS.c.id.in_(select(PRESETS.c.session)))
        .order_by(SESSIONS.c.seq.desc())
        .limit(1)
    )
    before: str | None = await db.scalar(latest)
    return {} if before is None else await _presets(db, before)


async def replace(db: AsyncConnection, session: str, presets: dict[int, str]) -> None:
    """Replace the presets of a session."""
    await db.execute(delete(PRESETS).where(PRESETS.c.session == session))
    rows = [{"session": session, "number": number, "layout": layout} for number, layout in presets.items()]
    if rows:
        await db.execute(insert(PRESETS), rows)


async def _presets(db: AsyncConnection, session: str) -> dict[int, str]:
    rows = await db.execute(select(PRESETS).where(PRESETS.c.session == session).order_by(PRESETS.c.number))
    return {row.number: row.layout for row in rows}
