"""Reads the rows in which breaches are found: stays, checks, released sessions, figures without a reply."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.sessions.schema import HAPPENINGS
from scheduler.compliance.breaches import Breach
from scheduler.core.model import OFFICIAL, Session
from scheduler.core.schema import SLOTS
from scheduler.operations.attendance.schema import STAYS
from scheduler.operations.readiness.schema import CHECKS
from scheduler.reports.schema import FIGURE_ANSWERS, FIGURE_REQUESTS


async def present(db: AsyncConnection, sessions: Collection[Session]) -> dict[str, set[str]]:
    """Return which points were present in the official slot of each session, however shortly."""
    within = (STAYS.c.joined < SLOTS.c.end) & or_(STAYS.c.left.is_(None), STAYS.c.left > SLOTS.c.start)
    query = (
        select(STAYS.c.session, STAYS.c.point)
        .join(SLOTS, (SLOTS.c.session == STAYS.c.session) & (SLOTS.c.kind == OFFICIAL))
        .where(within, STAYS.c.session.in_([each.id for each in sessions]))
    )
    by_session: dict[str, set[str]] = {each.id: set() for each in sessions}
    for session, point in await db.execute(query):
        by_session[session].add(point)
    return by_session


async def checked(db: AsyncConnection, sessions: Collection[Session]) -> dict[str, set[str]]:
    """Return which points were checked for the official slot of each session, at its present time."""
    starts = {each.id: each.official.start for each in sessions}
    query = select(CHECKS.c.session, CHECKS.c.point, CHECKS.c.start).where(CHECKS.c.kind == OFFICIAL)
    by_session: dict[str, set[str]] = {each.id: set() for each in sessions}
    for session, point, start in await db.execute(query.where(CHECKS.c.session.in_(starts))):
        if start == starts[session]:
            by_session[session].add(point)
    return by_session


async def released(db: AsyncConnection, sessions: Collection[Session]) -> set[str]:
    """Return the ids of sessions whose capacity was released for others."""
    released_ids = select(HAPPENINGS.c.session).where(HAPPENINGS.c.kind == "released")
    known = {session.id for session in sessions}
    return {row.session for row in await db.execute(released_ids)} & known


async def unanswered(db: AsyncConnection, start: datetime, end: datetime, now: datetime) -> list[Breach]:
    """Return a breach for each correction request that was due in [start, end) and not replied to in time."""
    due, at = FIGURE_REQUESTS.c.due, FIGURE_ANSWERS.c.at
    query = (
        select(FIGURE_ANSWERS.c.unit, due)
        .join(FIGURE_REQUESTS, FIGURE_REQUESTS.c.id == FIGURE_ANSWERS.c.request)
        .where(due >= start, due < min(end, now), or_(at.is_(None), at > due))
    )
    return [Breach(row.due, "figures", row.unit, None) for row in await db.execute(query)]
