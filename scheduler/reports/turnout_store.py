"""Sums by SQL which of the expected points were present, and for how long (R-112).

A session counts once its official slot is over. It was held until its host left for the last time, and a point was
present while it was connected in that time, as in :mod:`scheduler.operations.attendance.presence_intervals`. Stays of
one point never overlap.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import CTE, Column, ColumnElement, case, exists, func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.model import OFFICIAL, Interval, State
from scheduler.core.schema import SESSION_POINTS, SESSIONS, SLOTS
from scheduler.core.sql_types import Timestamp, in_seconds
from scheduler.operations.attendance.schema import STAYS
from scheduler.operations.incidents.schema import LINE_MINUTES
from scheduler.reports.figures import Turnout


async def of_sessions(
    db: AsyncConnection, period: Interval, invited: Mapping[str, int], now: datetime
) -> dict[str, Turnout]:
    """Return the turnout of each session of a period that is over.

    `invited` is the number of points that each session expects beside its host.
    """
    held = _held(period, now)
    there, there_s = _there(held, now)
    length = in_seconds(held.c.until) - in_seconds(held.c.start)
    stayed_s = func.sum(case((STAYS.c.point.is_not(None), there_s), else_=0))
    attended = (
        select(held.c.session, length, func.count(STAYS.c.point.distinct()), stayed_s)
        .select_from(held)
        .outerjoin(STAYS, there)
        .group_by(held.c.session, length)
    )
    rows = (await db.execute(attended)).all()
    lines = await _lines(db, held, LINE_MINUTES.c.session)
    found = {}
    for session, held_s, points, stayed in rows:
        expected = 1 + invited.get(session, 0)
        found[session] = Turnout(expected, points, expected * held_s, int(stayed), *lines.get(session, (0, 0)))
    return found


async def of_points(db: AsyncConnection, period: Interval, now: datetime) -> dict[str, Turnout]:
    """Return the turnout of each point in the sessions of a period that are over; `expected` counts sessions."""
    held = _held(period, now)
    length = (in_seconds(held.c.until) - in_seconds(held.c.start)).label("due")
    component = select(SESSION_POINTS.c.point.label("point"), length).join(
        SESSION_POINTS, SESSION_POINTS.c.session == held.c.session
    )
    expected_points = union_all(select(held.c.host.label("point"), length), component).subquery()
    expected = select(expected_points.c.point, func.count(), func.sum(expected_points.c.due))
    there, there_s = _there(held, now)
    attended = (
        select(STAYS.c.point, func.count(STAYS.c.session.distinct()), func.sum(there_s))
        .where(there)
        .group_by(STAYS.c.point)
    )
    present = {point: (sessions, int(stayed)) for point, sessions, stayed in await db.execute(attended)}
    lines = await _lines(db, held, LINE_MINUTES.c.point)
    turnouts = {}
    for point, sessions, due in await db.execute(expected.group_by(expected_points.c.point)):
        attended_sessions, stayed = present.get(point, (0, 0))
        turnouts[point] = Turnout(sessions, attended_sessions, int(due), stayed, *lines.get(point, (0, 0)))
    return turnouts


async def of_point(db: AsyncConnection, period: Interval, point: str, now: datetime) -> dict[str, bool]:
    """Return the sessions of a period that are over and expected a point, and whether it was present in each."""
    held = _held(period, now)
    there, _ = _there(held, now)
    invited = exists().where(SESSION_POINTS.c.session == held.c.session, SESSION_POINTS.c.point == point)
    attended = set(await db.scalars(select(STAYS.c.session).where(there, STAYS.c.point == point)))
    expected = await db.scalars(select(held.c.session).where(or_(held.c.host == point, invited)))
    return {session: session in attended for session in expected}


def _held(period: Interval, now: datetime) -> CTE:
    """Select each session that is over, with its host and the time for which it was held."""
    left = func.coalesce(STAYS.c.left, SLOTS.c.end)
    last = func.max(case((left < SLOTS.c.end, left), else_=SLOTS.c.end))
    host = (STAYS.c.session == SESSIONS.c.id) & (STAYS.c.point == SESSIONS.c.host_point)
    of_slot = host & (STAYS.c.joined < SLOTS.c.end) & (left > SLOTS.c.start)
    query = (
        select(SESSIONS.c.id.label("session"), SESSIONS.c.host_point.label("host"), SLOTS.c.start)
        .add_columns(func.coalesce(last, SLOTS.c.end).label("until"))
        .join(SLOTS, SLOTS.c.session == SESSIONS.c.id)
        .outerjoin(STAYS, of_slot)
        .where(SLOTS.c.kind == OFFICIAL, SESSIONS.c.state == State.ISSUED, SLOTS.c.end <= now)
        .where(SLOTS.c.start >= period.start, SLOTS.c.start < period.end)
        .group_by(SESSIONS.c.id, SESSIONS.c.host_point, SLOTS.c.start, SLOTS.c.end)
    )
    return query.cte("held")


def _there(held: CTE, now: datetime) -> tuple[ColumnElement[bool], ColumnElement[int]]:
    """Return a condition for stays within the time their session was held, and the seconds that each covers of it."""
    left = func.coalesce(STAYS.c.left, literal(now, Timestamp))
    first = case((STAYS.c.joined > held.c.start, STAYS.c.joined), else_=held.c.start)
    last = case((left < held.c.until, left), else_=held.c.until)
    component = (SESSION_POINTS.c.session == STAYS.c.session) & (SESSION_POINTS.c.point == STAYS.c.point)
    invited = exists().where(component).correlate(STAYS)
    within = (STAYS.c.joined < held.c.until) & (left > held.c.start) & (STAYS.c.joined < left)
    of_session = (STAYS.c.session == held.c.session) & or_(STAYS.c.point == held.c.host, invited)
    return of_session & within, in_seconds(last) - in_seconds(first)


async def _lines(db: AsyncConnection, held: CTE, by: Column[str]) -> Mapping[str, tuple[int, int]]:
    query = (
        select(by, func.sum(LINE_MINUTES.c.minutes), func.sum(LINE_MINUTES.c.lossy))
        .join(held, held.c.session == LINE_MINUTES.c.session)
        .group_by(by)
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in await db.execute(query)}
