"""Rows that breaches are found in: who was there, who was checked, what was given up, figures nobody gave."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.sessions.schema import HAPPENINGS
from scheduler.compliance.breaches import Breach
from scheduler.core.model import OFFICIAL, Session
from scheduler.core.schema import SLOTS
from scheduler.core.sql_values import instant, seconds
from scheduler.operations.attendance.schema import STAYS
from scheduler.operations.readiness.schema import CHECKS
from scheduler.reports.schema import FIGURE_ANSWERS, FIGURE_REQUESTS


async def there(db: AsyncConnection, sessions: Collection[Session]) -> dict[str, set[str]]:
    """Return which points were in the official meeting of each session, however shortly."""
    within = (STAYS.c.joined < SLOTS.c.end) & or_(STAYS.c.left.is_(None), STAYS.c.left > SLOTS.c.start)
    query = (
        select(STAYS.c.session, STAYS.c.point)
        .join(SLOTS, (SLOTS.c.session == STAYS.c.session) & (SLOTS.c.kind == OFFICIAL))
        .where(within, STAYS.c.session.in_([each.id for each in sessions]))
    )
    found: dict[str, set[str]] = {each.id: set() for each in sessions}
    for session, point in await db.execute(query):
        found[session].add(point)
    return found


async def checked(db: AsyncConnection, sessions: Collection[Session]) -> dict[str, set[str]]:
    """Return which points were checked for the official meeting of each session, at the time it has now."""
    starts = {each.id: seconds(each.official.start) for each in sessions}
    query = select(CHECKS.c.session, CHECKS.c.point, CHECKS.c.start).where(CHECKS.c.kind == OFFICIAL)
    found: dict[str, set[str]] = {each.id: set() for each in sessions}
    for session, point, start in await db.execute(query.where(CHECKS.c.session.in_(starts))):
        if start == starts[session]:
            found[session].add(point)
    return found


async def released(db: AsyncConnection, sessions: Collection[Session]) -> set[str]:
    """Return which sessions were given up for others."""
    given_up = select(HAPPENINGS.c.session).where(HAPPENINGS.c.kind == "released")
    known = {session.id for session in sessions}
    return {row.session for row in await db.execute(given_up)} & known


async def unanswered(db: AsyncConnection, start: datetime, end: datetime, now: datetime) -> list[Breach]:
    """Return the figures that were due in [start, end) and by now not answered, or too late."""
    due, at = FIGURE_REQUESTS.c.due, FIGURE_ANSWERS.c.at
    query = (
        select(FIGURE_ANSWERS.c.unit, due)
        .join(FIGURE_REQUESTS, FIGURE_REQUESTS.c.id == FIGURE_ANSWERS.c.request)
        .where(due >= seconds(start), due < seconds(min(end, now)), or_(at.is_(None), at > due))
    )
    return [Breach(instant(row.due), "figures", row.unit, None) for row in await db.execute(query)]
