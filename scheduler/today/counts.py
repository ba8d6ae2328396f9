"""Counts what is owed, kind by kind, within the caller's transaction."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.registration import emergencies, reply_store
from scheduler.booking.registration.schema import DRAFTS
from scheduler.booking.sessions import store as sessions_store
from scheduler.compliance.schema import FEEDBACK
from scheduler.core.model import EMERGENCY, OFFICIAL, DraftState, PointState, State
from scheduler.core.schema import POINTS, SESSION_POINTS, SESSIONS, SLOTS
from scheduler.directory.people import list_status
from scheduler.directory.people import store as people_store
from scheduler.directory.schema import CHANGES, CONTROLS
from scheduler.inbound_mail.store import letters_waiting
from scheduler.notifications.schema import OUTBOX
from scheduler.operations.attendance.schema import LISTS, ROLLS
from scheduler.operations.closing.schema import GRANTS, HANDOVERS
from scheduler.operations.incidents.rules import UNSETTLED
from scheduler.operations.incidents.schema import INCIDENTS
from scheduler.operations.readiness import store as readiness_store
from scheduler.operations.readiness.technical_check import unchecked
from scheduler.reports.schema import FIGURE_ANSWERS, FIGURE_REQUESTS, REVIEWS
from scheduler.today.model import OwedKind
from scheduler.units import store as units_store

CHECKS_AHEAD = timedelta(hours=24)
"""Technical checks are counted for slots that begin within this time."""
LISTS_BACK = timedelta(days=7)
"""Attendee lists are counted for so long after their session."""
NOT_YET_ACTIVE = (PointState.DRAFT, PointState.AWAITING, PointState.PASSED)


@dataclass(frozen=True, slots=True)
class Scope:
    """The work that is counted: that of a unit, or (None) of all, at a time."""

    unit: str | None
    now: datetime
    day: date
    check_hours: int
    people_stale_days: int


Tally = tuple[int, datetime | None]
"""A number, and when the first of it is due."""
Counter = Callable[[AsyncConnection, Scope], Awaitable[Tally]]


async def _count(db: AsyncConnection, query: Select[tuple[str]] | Select[tuple[int]]) -> Tally:
    return await db.scalar(select(func.count()).select_from(query.subquery())) or 0, None


async def _first_due(db: AsyncConnection, query: Select[tuple[datetime]]) -> Tally:
    """Count the rows of a query for deadlines, and find the first one."""
    rows = query.subquery()
    count, due = (await db.execute(select(func.count(), func.min(rows.c.due)).select_from(rows))).one()
    return count, due


def _own(unit: str) -> Select[tuple[str]]:
    return select(POINTS.c.id).where(POINTS.c.unit == unit)


async def _emergencies(db: AsyncConnection, scope: Scope) -> Tally:
    return sum(each.seen is None for each in await emergencies.current(db, scope.now)), None


async def _queue(db: AsyncConnection, scope: Scope) -> Tally:
    ahead = exists().where(SLOTS.c.session == SESSIONS.c.id, SLOTS.c.end > scope.now)
    return await _count(db, select(SESSIONS.c.id).where(SESSIONS.c.state == State.WAITING, ahead))


async def _replies(db: AsyncConnection, _: Scope) -> Tally:
    owed = await reply_store.unanswered(db)
    return len(owed), min((each.due for each in owed), default=None)


async def _drafts(db: AsyncConnection, scope: Scope) -> Tally:
    query = select(DRAFTS.c.id).where(DRAFTS.c.state == DraftState.OPEN)
    return await _count(db, query if scope.unit is None else query.where(DRAFTS.c.unit == scope.unit))


async def _letters(db: AsyncConnection, _: Scope) -> Tally:
    return await letters_waiting(db), None


async def _notices(db: AsyncConnection, _: Scope) -> Tally:
    return await _count(db, select(OUTBOX.c.id).where(OUTBOX.c.state == "failed"))


async def _incidents(db: AsyncConnection, _: Scope) -> Tally:
    return await _count(db, select(INCIDENTS.c.id).where(INCIDENTS.c.state.in_(UNSETTLED)))


async def _checks(db: AsyncConnection, scope: Scope) -> Tally:
    """Count the points without a technical check before a slot that begins soon; a point counts for each slot."""
    units = None if scope.unit is None else [scope.unit]
    found = await sessions_store.between(db, scope.now, scope.now + CHECKS_AHEAD, units)
    sessions = [session for session in found if session.state == State.ISSUED]
    checks = await readiness_store.checks(db, sessions)
    own = None if scope.unit is None else {point.id for point in await units_store.points_of(db, scope.unit)}
    missing = [
        slot.start
        for session in sessions
        for slot, point in unchecked(session, checks[session.id])
        if scope.now < slot.start <= scope.now + CHECKS_AHEAD and (own is None or point in own)
    ]
    return len(missing), min(missing) - timedelta(hours=scope.check_hours) if missing else None


async def _lists(db: AsyncConnection, scope: Scope) -> Tally:
    given = exists().where(LISTS.c.session == SESSION_POINTS.c.session, LISTS.c.point == SESSION_POINTS.c.point)
    asked = select(SESSION_POINTS.c.point).join(ROLLS, ROLLS.c.session == SESSION_POINTS.c.session)
    asked = asked.join(SLOTS, (SLOTS.c.session == ROLLS.c.session) & (SLOTS.c.kind == OFFICIAL))
    late = SLOTS.c.end > scope.now - LISTS_BACK
    return await _count(db, asked.where(SESSION_POINTS.c.point.in_(_own(scope.unit or "")), late, ~given))


async def _material(db: AsyncConnection, scope: Scope) -> Tally:
    hosted = select(SESSIONS.c.id).where(SESSIONS.c.host_point.in_(_own(scope.unit or "")))
    return await _count(db, select(GRANTS.c.id).where(GRANTS.c.answer == "waiting", GRANTS.c.session.in_(hosted)))


async def _handovers(db: AsyncConnection, scope: Scope) -> Tally:
    query = select(HANDOVERS.c.due).where(HANDOVERS.c.received.is_(None), HANDOVERS.c.deleted.is_(None))
    return await _first_due(db, query if scope.unit is None else query.where(HANDOVERS.c.unit == scope.unit))


async def _figures(db: AsyncConnection, scope: Scope) -> Tally:
    query = select(FIGURE_REQUESTS.c.due).join(FIGURE_ANSWERS, FIGURE_ANSWERS.c.request == FIGURE_REQUESTS.c.id)
    return await _first_due(db, query.where(FIGURE_ANSWERS.c.unit == scope.unit, FIGURE_ANSWERS.c.at.is_(None)))


async def _points(db: AsyncConnection, _: Scope) -> Tally:
    return await _count(db, select(POINTS.c.id).where(POINTS.c.state.in_(NOT_YET_ACTIVE)))


async def _changes(db: AsyncConnection, _: Scope) -> Tally:
    return await _count(db, select(CHANGES.c.id).where(CHANGES.c.state == "open"))


async def _feedback(db: AsyncConnection, _: Scope) -> Tally:
    return await _count(db, select(FEEDBACK.c.id).where(FEEDBACK.c.status == "new"))


async def _people(db: AsyncConnection, scope: Scope) -> Tally:
    """Count 1 if the list of the unit is empty or old."""
    unit = next(each for each in await units_store.units(db) if each.id == scope.unit)
    listed = await people_store.people(db, unit.id)
    status = list_status.status(unit, listed, scope.day, scope.now, scope.people_stale_days)
    return int(status.stale or not status.people), None


async def _controls(db: AsyncConnection, scope: Scope) -> Tally:
    query = select(CONTROLS.c.id).where(CONTROLS.c.due < scope.day)
    return await _count(db, query if scope.unit is None else query.where(CONTROLS.c.unit == scope.unit))


async def _reviews(db: AsyncConnection, scope: Scope) -> Tally:
    over = exists().where(SLOTS.c.session == SESSIONS.c.id, SLOTS.c.kind == OFFICIAL, SLOTS.c.end <= scope.now)
    done = exists().where(REVIEWS.c.session == SESSIONS.c.id)
    held = (SESSIONS.c.klass == EMERGENCY) & (SESSIONS.c.state == State.ISSUED)
    return await _count(db, select(SESSIONS.c.id).where(held, over, ~done))


COUNTERS: Mapping[OwedKind, Counter] = {
    "emergencies": _emergencies,
    "queue": _queue,
    "replies": _replies,
    "drafts": _drafts,
    "letters": _letters,
    "notices": _notices,
    "incidents": _incidents,
    "checks": _checks,
    "lists": _lists,
    "material": _material,
    "handovers": _handovers,
    "figures": _figures,
    "points": _points,
    "changes": _changes,
    "feedback": _feedback,
    "people": _people,
    "controls": _controls,
    "reviews": _reviews,
}
"""The counter of each kind, the most urgent first; those of providers come from their own overview."""
