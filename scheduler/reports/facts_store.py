"""What a report is counted from, read in a few statements however long the period."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.conduct.tables import HANDOVERS, INCIDENTS, LINE_MINUTES
from scheduler.deadlines import Clock
from scheduler.model import ClassId, Interval, State
from scheduler.reports import turnout_store
from scheduler.reports.carriers import Minutes, Trouble
from scheduler.reports.figures import NOBODY, NOT_OWED, Fact, Handover
from scheduler.reports.reviews import reviews
from scheduler.store import instant, seconds
from scheduler.tables import HAPPENINGS, POINTS, SESSION_POINTS, SESSIONS, SLOTS, UNITS

Clocks = Callable[[datetime], Clock]

_TOLD = ("id", "number", "title", "klass", "purpose", "kind", "state", "created", "recording", "ground", "reason")
_SESSION = [SESSIONS.c[name] for name in _TOLD]


async def facts(db: AsyncConnection, period: Interval, clocks: Clocks, zone: ZoneInfo, now: datetime) -> list[Fact]:
    """Return the registrations whose official time begins in a period, by their start."""
    official = SLOTS.c.kind == "chinh_thuc"
    within = official & (SLOTS.c.start >= seconds(period.start)) & (SLOTS.c.start < seconds(period.end))
    ids = select(SLOTS.c.session).where(within)
    told: dict[str, dict[str, int]] = {}
    happened = select(HAPPENINGS.c.session, HAPPENINGS.c.kind, func.min(HAPPENINGS.c.at).label("at"))
    of_period = happened.where(HAPPENINGS.c.session.in_(ids)).group_by(HAPPENINGS.c.session, HAPPENINGS.c.kind)
    for row in await db.execute(of_period):
        told.setdefault(row.session, {})[row.kind] = row.at
    invited = await _counts(db, SESSION_POINTS.c.session, ids)
    incidents = await _counts(db, INCIDENTS.c.session, ids)
    turnouts = await turnout_store.of_sessions(db, period, invited, now)
    handovers, reviewed = await _handovers(db, ids, now), await reviews(db, ids)
    query = (
        select(*_SESSION, SLOTS.c.start, SLOTS.c.end)
        .add_columns(UNITS.c.id.label("unit"), UNITS.c.name.label("unit_name"), UNITS.c.level)
        .join(SLOTS, SLOTS.c.session == SESSIONS.c.id)
        .join(POINTS, POINTS.c.id == SESSIONS.c.host_point)
        .join(UNITS, UNITS.c.id == POINTS.c.unit)
        .where(within)
        .order_by(SLOTS.c.start, SESSIONS.c.seq)
    )
    found = []
    for row in (await db.execute(query)).all():
        created, start, kinds = instant(row.created), instant(row.start), told.get(row.id, {})
        klass = cast("ClassId", row.klass)
        due = clocks(created).owed(klass, created, start)
        found.append(
            Fact(
                id=row.id,
                number=row.number,
                title=row.title,
                unit=row.unit,
                unit_name=row.unit_name,
                level=row.level,
                klass=klass,
                purpose=row.purpose,
                kind=row.kind,
                state=State(row.state),
                created=created,
                start=start,
                end=instant(row.end),
                month=f"{start.astimezone(zone):%Y-%m}",
                points=1 + invited.get(row.id, 0),
                recording=row.recording,
                late=due.late,
                answered_late=min(kinds.values(), default=row.created) > seconds(due.reply),
                waited="waiting" in kinds,
                revoked="revoked" in kinds,
                incidents=incidents.get(row.id, 0),
                ground=row.ground,
                reason=row.reason,
                turnout=turnouts.get(row.id, NOBODY),
                handover=handovers.get(row.id, NOT_OWED),
                review=reviewed.get(row.id),
            )
        )
    return found


async def _counts(db: AsyncConnection, session: Column[str], ids: Select[tuple[str]]) -> dict[str, int]:
    rows = await db.execute(select(session, func.count()).where(session.in_(ids)).group_by(session))
    return {row[0]: row[1] for row in rows}


async def _handovers(db: AsyncConnection, ids: Select[tuple[str]], now: datetime) -> dict[str, Handover]:
    """Return what became of the recordings that were due by now, or received before that (R-102)."""
    of_these = HANDOVERS.c.session.in_(ids) & ((HANDOVERS.c.due <= seconds(now)) | HANDOVERS.c.received.is_not(None))
    return {
        row.session: Handover(True, row.told <= row.due, row.received is not None and row.received <= row.due)
        for row in await db.execute(select(HANDOVERS).where(of_these))
    }


async def minutes(db: AsyncConnection, period: Interval, zone: ZoneInfo) -> list[Minutes]:
    """Return what was counted of providers' lines in the sessions of a period (R-116)."""
    query = (
        select(LINE_MINUTES, SLOTS.c.start)
        .join(SLOTS, SLOTS.c.session == LINE_MINUTES.c.session)
        .where(SLOTS.c.kind == "chinh_thuc", LINE_MINUTES.c.provider.is_not(None))
        .where(SLOTS.c.start >= seconds(period.start), SLOTS.c.start < seconds(period.end))
    )
    return [
        Minutes(_month(row.start, zone), row.provider, row.session, row.point, row.minutes, row.lossy)
        for row in await db.execute(query)
    ]


async def troubles(db: AsyncConnection, period: Interval, zone: ZoneInfo) -> list[Trouble]:
    """Return the incidents of a period that were a provider's matter."""
    opened = INCIDENTS.c.opened
    within = (opened >= seconds(period.start)) & (opened < seconds(period.end)) & INCIDENTS.c.provider.is_not(None)
    return [
        Trouble(
            _month(row.opened, zone),
            row.provider,
            None if row.resolved is None else timedelta(seconds=row.resolved - row.opened),
        )
        for row in await db.execute(select(INCIDENTS).where(within))
    ]


def _month(at: int, zone: ZoneInfo) -> str:
    return f"{instant(at).astimezone(zone):%Y-%m}"


async def sessions_of_units(db: AsyncConnection, period: Interval) -> dict[str, int]:
    """Return how many sessions with a code each unit had in a period."""
    query = (
        select(POINTS.c.unit, func.count())
        .join(SESSIONS, SESSIONS.c.host_point == POINTS.c.id)
        .join(SLOTS, SLOTS.c.session == SESSIONS.c.id)
        .where(SLOTS.c.kind == "chinh_thuc", SESSIONS.c.state == State.ISSUED)
        .where(SLOTS.c.start >= seconds(period.start), SLOTS.c.start < seconds(period.end))
        .group_by(POINTS.c.unit)
    )
    return {row[0]: row[1] for row in await db.execute(query)}
