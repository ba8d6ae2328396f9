"""Reads the facts that a report is counted from, by a few statements however long the period is."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Exists, ScalarSelect, Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.sessions.schema import HAPPENINGS
from scheduler.calendar.deadlines import Clock
from scheduler.core.model import OFFICIAL, ClassId, Interval, State
from scheduler.core.schema import POINTS, SESSION_POINTS, SESSIONS, SLOTS, UNITS
from scheduler.operations.closing.schema import HANDOVERS
from scheduler.operations.incidents.schema import INCIDENTS, LINE_MINUTES
from scheduler.reports import turnout_store
from scheduler.reports.emergency_reviews import reviews
from scheduler.reports.figures import NOBODY, NOT_OWED, HandoverFacts, RegistrationFact
from scheduler.reports.provider_lines import ProviderIncident, ProviderLineMinutes

Clocks = Callable[[datetime], Clock]


class _RegistrationRow(NamedTuple):
    """The columns of a registration as the query returns them; `answered` is when it was first decided."""

    id: str
    number: str
    title: str
    klass: ClassId
    purpose: str
    kind: str
    state: State
    created: datetime
    recording: bool
    ground: str
    reason: str
    invited: int
    incidents: int
    answered: datetime | None
    waited: bool
    revoked: bool
    start: datetime
    end: datetime
    unit: str
    unit_name: str
    level: str


def _of_session(what: Select[Any], session: Column[str]) -> ScalarSelect[Any]:
    return what.where(session == SESSIONS.c.id).scalar_subquery()


def _happened(kind: str) -> Exists:
    return exists().where(HAPPENINGS.c.session == SESSIONS.c.id, HAPPENINGS.c.kind == kind)


_COLUMNS = (
    *(SESSIONS.c[name] for name in _RegistrationRow._fields[: _RegistrationRow._fields.index("invited")]),
    _of_session(select(func.count()), SESSION_POINTS.c.session),
    _of_session(select(func.count()), INCIDENTS.c.session),
    _of_session(select(func.min(HAPPENINGS.c.at)), HAPPENINGS.c.session),
    _happened("waiting"),
    _happened("revoked"),
    *(SLOTS.c.start, SLOTS.c.end),
    *(UNITS.c.id, UNITS.c.name, UNITS.c.level),
)


async def facts(
    db: AsyncConnection, period: Interval, clocks: Clocks, zone: ZoneInfo, now: datetime
) -> list[RegistrationFact]:
    """Return the registrations whose official slot begins in a period, by their start."""
    official = SLOTS.c.kind == OFFICIAL
    within = official & (SLOTS.c.start >= period.start) & (SLOTS.c.start < period.end)
    ids = select(SLOTS.c.session).where(within)
    query = (
        select(*_COLUMNS)
        .join(SLOTS, SLOTS.c.session == SESSIONS.c.id)
        .join(POINTS, POINTS.c.id == SESSIONS.c.host_point)
        .join(UNITS, UNITS.c.id == POINTS.c.unit)
        .where(within)
        .order_by(SLOTS.c.start, SESSIONS.c.seq)
    )
    registrations = [_RegistrationRow(*row) for row in (await db.execute(query)).all()]
    turnouts = await turnout_store.of_sessions(db, period, {each.id: each.invited for each in registrations}, now)
    handovers, reviewed = await _handovers(db, ids, now), await reviews(db, ids)
    listed = []
    for each in registrations:
        due = clocks(each.created).owed(each.klass, each.created, each.start)
        listed.append(
            RegistrationFact(
                id=each.id,
                number=each.number,
                title=each.title,
                unit=each.unit,
                unit_name=each.unit_name,
                level=each.level,
                klass=each.klass,
                purpose=each.purpose,
                kind=each.kind,
                state=each.state,
                created=each.created,
                start=each.start,
                end=each.end,
                month=_month(each.start, zone),
                points=1 + each.invited,
                recording=each.recording,
                late=due.late,
                answered_late=each.answered is not None and each.answered > due.reply,
                waited=each.waited,
                revoked=each.revoked,
                incidents=each.incidents,
                ground=each.ground,
                reason=each.reason,
                turnout=turnouts.get(each.id, NOBODY),
                handover=handovers.get(each.id, NOT_OWED),
                review=reviewed.get(each.id),
            )
        )
    return listed


async def _handovers(db: AsyncConnection, ids: Select[tuple[str]], now: datetime) -> dict[str, HandoverFacts]:
    """Return the handovers of recordings that were due by now, or were received before that (R-102)."""
    of_these = HANDOVERS.c.session.in_(ids) & ((HANDOVERS.c.due <= now) | HANDOVERS.c.received.is_not(None))
    return {
        row.session: HandoverFacts(True, row.told <= row.due, row.received is not None and row.received <= row.due)
        for row in await db.execute(select(HANDOVERS).where(of_these))
    }


async def line_minutes(db: AsyncConnection, period: Interval, zone: ZoneInfo) -> list[ProviderLineMinutes]:
    """Return the line minutes of providers in the sessions of a period (R-116)."""
    query = (
        select(LINE_MINUTES, SLOTS.c.start)
        .join(SLOTS, SLOTS.c.session == LINE_MINUTES.c.session)
        .where(SLOTS.c.kind == OFFICIAL, LINE_MINUTES.c.provider.is_not(None))
        .where(SLOTS.c.start >= period.start, SLOTS.c.start < period.end)
    )
    return [
        ProviderLineMinutes(_month(row.start, zone), row.provider, row.session, row.point, row.minutes, row.lossy)
        for row in await db.execute(query)
    ]


async def provider_incidents(db: AsyncConnection, period: Interval, zone: ZoneInfo) -> list[ProviderIncident]:
    """Return the incidents of a period that were handed to a provider."""
    opened = INCIDENTS.c.opened
    within = (opened >= period.start) & (opened < period.end) & INCIDENTS.c.provider.is_not(None)
    return [
        ProviderIncident(
            _month(row.opened, zone),
            row.provider,
            None if row.resolved is None else row.resolved - row.opened,
        )
        for row in await db.execute(select(INCIDENTS).where(within))
    ]


def _month(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local.year}-{local.month:02}"


async def sessions_of_units(db: AsyncConnection, period: Interval) -> dict[str, int]:
    """Return how many issued sessions each unit hosted in a period."""
    query = (
        select(POINTS.c.unit, func.count())
        .join(SESSIONS, SESSIONS.c.host_point == POINTS.c.id)
        .join(SLOTS, SLOTS.c.session == SESSIONS.c.id)
        .where(SLOTS.c.kind == OFFICIAL, SESSIONS.c.state == State.ISSUED)
        .where(SLOTS.c.start >= period.start, SLOTS.c.start < period.end)
        .group_by(POINTS.c.unit)
    )
    return {row[0]: row[1] for row in await db.execute(query)}
