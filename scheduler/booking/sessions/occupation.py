"""Lists the points that are in an issued session at a time, page by page; the database selects and limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.sessions.store import issued, meets
from scheduler.core.model import OFFICIAL, Interval, SessionOutline
from scheduler.core.schema import SESSION_POINTS, SESSIONS, SLOTS

_HOSTS = select(SESSIONS.c.id.label("session"), SESSIONS.c.host_point.label("point"), literal(-1).label("position"))
_OTHERS = select(SESSION_POINTS.c.session, SESSION_POINTS.c.point, SESSION_POINTS.c.position)
_EVERYONE = union_all(_HOSTS, _OTHERS).subquery()
"""The points of each session in their order, the host's first."""


@dataclass(frozen=True, slots=True)
class Occupation:
    """A point that is in a session from `start` to `end`."""

    point: str
    start: datetime
    end: datetime
    title: str
    session: SessionOutline


async def page(db: AsyncConnection, start: datetime, end: datetime, skip: int, limit: int) -> list[Occupation]:
    """Return the points in an issued session in [start, end), by start: `limit` at most, without the first `skip`."""
    query = (
        select(SLOTS.c.session, SLOTS.c.start, SLOTS.c.end, SESSIONS.c.title, _EVERYONE.c.point)
        .join(SESSIONS, SLOTS.c.session == SESSIONS.c.id)
        .join(_EVERYONE, _EVERYONE.c.session == SESSIONS.c.id)
        .where(issued() & meets(start, end))
        .order_by(SLOTS.c.start, SESSIONS.c.seq, SLOTS.c.kind, _EVERYONE.c.position)
    )
    rows = (await db.execute(query.offset(skip).limit(limit))).all()
    known = await _gatherings(db, sorted({row.session for row in rows}))
    return [Occupation(r.point, r.start, r.end, r.title, known[r.session]) for r in rows]


async def _gatherings(db: AsyncConnection, sessions: Sequence[str]) -> dict[str, SessionOutline]:
    everyone: dict[str, list[str]] = {}
    of_them = select(_EVERYONE).where(_EVERYONE.c.session.in_(sessions)).order_by(_EVERYONE.c.position)
    for row in await db.execute(of_them):
        everyone.setdefault(row.session, []).append(row.point)
    official = select(SLOTS).where(SLOTS.c.session.in_(sessions), SLOTS.c.kind == OFFICIAL)
    return {
        row.session: SessionOutline(tuple(everyone[row.session]), Interval(row.start, row.end))
        for row in await db.execute(official)
    }
