"""SQL of admission: claims on capacity, plans held for the operator, history of sessions, the maximum over time.

Every function runs in the caller's transaction.
"""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Row, Select, bindparam, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.admission.schema import CAPACITY_STEPS, HELD_PLANS
from scheduler.booking.sessions.schema import HAPPENINGS
from scheduler.booking.sessions.states import QUEUED
from scheduler.booking.sessions.store import issued, overlap
from scheduler.core.capacity_limit import CapacityLimit
from scheduler.core.model import Act, Amount, Claim, Happening, HappeningKind, HeldPlan, Interval, Revision, Slot
from scheduler.core.schema import POINTS, SESSIONS, SLOTS, UNITS
from scheduler.core.sql_values import rounded_up, seconds, storable
from scheduler.policy.profile_files import Profiles
from scheduler.webhooks import outbox as webhook_outbox
from scheduler.webhooks.events import OF_HAPPENINGS

_CLAIMS = (
    select(SESSIONS.c.id, SESSIONS.c.seq, SESSIONS.c.klass, POINTS.c.unit, UNITS.c.level)
    .add_columns(SLOTS.c.kind, SLOTS.c.start, SLOTS.c.end, SLOTS.c.legs)
    .select_from(SLOTS.join(SESSIONS).join(POINTS, SESSIONS.c.host_point == POINTS.c.id).join(UNITS))
    .order_by(SESSIONS.c.seq, SLOTS.c.start)
)


async def holding(db: AsyncConnection, where: Iterable[Interval], profiles: Profiles, now: datetime) -> list[Claim]:
    """Return the claims of issued sessions that overlap one of the intervals, with all slots, in registration order."""
    intervals, soon = list(where), now + profiles.at(now).revocation.protect
    moments = {f"start{at}": seconds(interval.start) for at, interval in enumerate(intervals)}
    moments |= {f"end{at}": rounded_up(interval.end) for at, interval in enumerate(intervals)}
    return [
        _claim(
            row,
            slots,
            profiles,
            live=any(slot.start <= now < slot.end for slot in slots),
            near=any(now < slot.start < soon for slot in slots),
        )
        for row, slots in await _claim_rows(db, _holding(len(intervals)), moments)
    ]


@cache
def _holding(intervals: int) -> Select[Any]:
    """Return the query for claims that overlap one of so many intervals; cached, because every plan needs it."""
    met = [
        overlap(bindparam(f"start{at}", type_=BigInteger), bindparam(f"end{at}", type_=BigInteger))
        for at in range(intervals)
    ]
    return _CLAIMS.where(issued() & SESSIONS.c.id.in_(select(SLOTS.c.session).where(or_(*met))))


async def queued(db: AsyncConnection, profiles: Profiles, now: datetime) -> list[Claim]:
    """Return the claims of sessions that wait for capacity and have not begun yet, in registration order."""
    rows = await _claim_rows(db, _CLAIMS.where(SESSIONS.c.state.in_(QUEUED)), {})
    return [_claim(row, slots, profiles) for row, slots in rows if slots[0].start > now]


async def _claim_rows(
    db: AsyncConnection, query: Select[Any], values: dict[str, int]
) -> list[tuple[Row[Any], tuple[Slot, ...]]]:
    """Return the found sessions in registration order, each as the row of its last slot and all its slots."""
    of_sessions = groupby(await db.execute(query, values), key=attrgetter("id"))
    rows = [list(own) for _, own in of_sessions]
    return [(own[-1], tuple([Slot(row.kind, row.start, row.end, row.legs) for row in own])) for own in rows]


def _claim(
    row: Row[Any], slots: tuple[Slot, ...], profiles: Profiles, *, near: bool = False, live: bool = False
) -> Claim:
    rank = profiles.rank(row.level, row.klass, row.unit, slots[-1].start)  # that of the last slot: the meeting's
    return Claim(row.id, row.seq, rank, slots, row.klass, near=near, live=live)


async def held_plan(db: AsyncConnection, session: str) -> HeldPlan | None:
    """Return the plan that is held for a session."""
    row = (await db.execute(select(HELD_PLANS).where(HELD_PLANS.c.session == session))).one_or_none()
    return None if row is None else _held(row)


async def held_plans(db: AsyncConnection) -> dict[str, HeldPlan]:
    """Return all plans that are held, by session."""
    return {row.session: _held(row) for row in await db.execute(select(HELD_PLANS))}


def _held(row: Row[Any]) -> HeldPlan:
    return HeldPlan(row.session, row.version, tuple(json.loads(row.victims)), row.until)


async def hold(db: AsyncConnection, held: HeldPlan) -> None:
    """Save a plan in place of the one held before."""
    await drop_plan(db, held.session)
    victims = json.dumps(held.victims)
    await db.execute(
        insert(HELD_PLANS).values(session=held.session, version=held.version, victims=victims, until=held.until)
    )


async def drop_plan(db: AsyncConnection, session: str) -> None:
    """Delete the plan that is held for a session."""
    await db.execute(delete(HELD_PLANS).where(HELD_PLANS.c.session == session))


async def record_happening(
    db: AsyncConnection, session: str, kind: HappeningKind, now: datetime, cause: str | None, act: Act, profile: str
) -> int:
    """Add a row to the history of a session, with the profile it was decided under; return the row's id.

    Webhooks are told of it in the same transaction.
    """
    values = {"session": session, "kind": kind, "at": now, "cause": cause, "by": act.by, "reason": act.reason}
    values["profile"] = profile
    added = await db.execute(insert(HAPPENINGS).values(values).returning(HAPPENINGS.c.id))
    if kind in OF_HAPPENINGS:
        await webhook_outbox.tell(db, OF_HAPPENINGS[kind], session, now)
    return int(added.scalar_one())


async def counts(db: AsyncConnection, window: Interval) -> tuple[int, int]:
    """Return how many sessions began to wait in a window, and how many lost a code."""
    within = (HAPPENINGS.c.at >= window.start) & (HAPPENINGS.c.at < window.end)
    query = select(HAPPENINGS.c.kind, func.count(HAPPENINGS.c.session.distinct())).where(within)
    of_kind = {row[0]: row[1] for row in await db.execute(query.group_by(HAPPENINGS.c.kind))}
    return of_kind.get("waiting", 0), of_kind.get("revoked", 0)


async def happenings(db: AsyncConnection, after: int, limit: int) -> list[Happening]:
    """Return the history rows of all sessions after the row with this id, oldest first."""
    return await select_happenings(db, select(HAPPENINGS).where(HAPPENINGS.c.id > after).limit(limit))


async def history(db: AsyncConnection, session: str) -> list[Happening]:
    """Return the history of one session, oldest first."""
    return await select_happenings(db, select(HAPPENINGS).where(HAPPENINGS.c.session == session))


async def revisions(db: AsyncConnection, sessions: Collection[str]) -> dict[str, Revision]:
    """Return the newest revision of each of these sessions; that a meeting was opened changes nothing of it."""
    changes = (HAPPENINGS.c.kind != "opened") & HAPPENINGS.c.session.in_(storable(sessions))
    query = select(HAPPENINGS.c.session, func.count(), func.max(HAPPENINGS.c.at)).where(changes)
    rows = await db.execute(query.group_by(HAPPENINGS.c.session))
    return {session: Revision(number - 1, at) for session, number, at in rows}


async def select_happenings(db: AsyncConnection, query: Select[Any]) -> list[Happening]:
    """Return the history rows that a query finds, oldest first."""
    return [Happening(**row) for row in (await db.execute(query.order_by(HAPPENINGS.c.id))).mappings()]


_STEPS = select(CAPACITY_STEPS).order_by(CAPACITY_STEPS.c.since)


async def capacity_limit(db: AsyncConnection, rated: Amount) -> CapacityLimit:
    """Return the maximum over time: `rated` until the first recorded step."""
    rows = await db.execute(_STEPS)
    return CapacityLimit(rated, tuple((row.since, Amount(row.sessions, row.points)) for row in rows))


async def set_capacity_limit(db: AsyncConnection, limit: CapacityLimit) -> None:
    """Replace all recorded steps of the maximum over time."""
    await db.execute(delete(CAPACITY_STEPS))
    rows = [{"since": since, "sessions": a.sessions, "points": a.points} for since, a in limit.steps]
    if rows:
        await db.execute(insert(CAPACITY_STEPS), rows)
