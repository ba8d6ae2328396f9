"""Rows that admission reads and writes: claims on capacity, plans held for the operator, what happened."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.model import Act, Claim, Happening, HappeningKind, Held, Interval
from scheduler.policy import Policy
from scheduler.states import QUEUED
from scheduler.store import instant, issued, meets, seconds, slot_of
from scheduler.tables import HAPPENINGS, HELD_PLANS, POINTS, SESSIONS, SLOTS, UNITS

_CLAIMS = (
    select(SESSIONS.c.id, SESSIONS.c.seq, SESSIONS.c.klass, POINTS.c.unit, UNITS.c.level)
    .add_columns(SLOTS.c.kind, SLOTS.c.start, SLOTS.c.end, SLOTS.c.legs)
    .select_from(SLOTS.join(SESSIONS).join(POINTS, SESSIONS.c.host_point == POINTS.c.id).join(UNITS))
    .order_by(SESSIONS.c.seq, SLOTS.c.start)
)


async def holding(db: AsyncConnection, where: Iterable[Interval], policy: Policy, now: datetime) -> list[Claim]:
    """Return the claims of issued sessions that meet one of the intervals, whole, in registration order."""
    met = or_(*(meets(interval.start, interval.end) for interval in where))
    chosen = SESSIONS.c.id.in_(select(SLOTS.c.session).where(met))
    soon = now + policy.revocation.protect
    return [
        replace(
            claim,
            live=any(slot.start <= now < slot.end for slot in claim.slots),
            near=any(now < slot.start < soon for slot in claim.slots),
        )
        for claim in await _claims(db, policy, issued() & chosen)
    ]


async def queued(db: AsyncConnection, policy: Policy, now: datetime) -> list[Claim]:
    """Return the claims of sessions that wait for capacity and have not begun yet, in registration order."""
    found = await _claims(db, policy, SESSIONS.c.state.in_(QUEUED))
    return [claim for claim in found if claim.slots[0].start > now]


async def _claims(db: AsyncConnection, policy: Policy, where: ColumnElement[bool]) -> list[Claim]:
    found: dict[str, Claim] = {}
    for row in await db.execute(_CLAIMS.where(where)):
        slot = slot_of(row.kind, row.start, row.end, row.legs)
        claim = found.get(row.id)
        rank = policy.rank(row.level, row.klass, row.unit, slot.start)  # that of the last slot stays: the meeting's
        found[row.id] = (
            replace(claim, rank=rank, slots=(*claim.slots, slot))
            if claim
            else Claim(row.id, row.seq, rank, (slot,), urgent=row.klass == "khan_cap")
        )
    return list(found.values())


async def held_plan(db: AsyncConnection, session: str) -> Held | None:
    """Return the plan that is held for a session."""
    row = (await db.execute(select(HELD_PLANS).where(HELD_PLANS.c.session == session))).one_or_none()
    return None if row is None else _held(row)


async def held_plans(db: AsyncConnection) -> dict[str, Held]:
    """Return all plans that are held, by session."""
    return {row.session: _held(row) for row in await db.execute(select(HELD_PLANS))}


def _held(row: Row[Any]) -> Held:
    return Held(row.session, row.version, tuple(json.loads(row.victims)), instant(row.until))


async def hold(db: AsyncConnection, held: Held) -> None:
    """Hold a plan instead of the one before it."""
    await drop_plan(db, held.session)
    victims = json.dumps(held.victims)
    await db.execute(
        insert(HELD_PLANS).values(
            session=held.session, version=held.version, victims=victims, until=seconds(held.until)
        )
    )


async def drop_plan(db: AsyncConnection, session: str) -> None:
    """Hold no plan for a session any longer."""
    await db.execute(delete(HELD_PLANS).where(HELD_PLANS.c.session == session))


async def happened(
    db: AsyncConnection, session: str, kind: HappeningKind, now: datetime, cause: str | None, act: Act, profile: str
) -> int:
    """Note what happened to a session, in its transaction, and under which profile; return its id."""
    values = {"session": session, "kind": kind, "at": seconds(now), "cause": cause, "by": act.by, "reason": act.reason}
    values["profile"] = profile
    added = await db.execute(insert(HAPPENINGS).values(values).returning(HAPPENINGS.c.id))
    return int(added.scalar_one())


async def counts(db: AsyncConnection, window: Interval) -> tuple[int, int]:
    """Return how many registrations of a time waited, lost a code."""
    within = (HAPPENINGS.c.at >= seconds(window.start)) & (HAPPENINGS.c.at < seconds(window.end))
    told = select(HAPPENINGS.c.kind, func.count(HAPPENINGS.c.session.distinct())).where(within)
    of_kind = {row[0]: row[1] for row in await db.execute(told.group_by(HAPPENINGS.c.kind))}
    return of_kind.get("waiting", 0), of_kind.get("revoked", 0)


async def happenings(db: AsyncConnection, after: int, limit: int) -> list[Happening]:
    """Return what happened after the one with this id, oldest first."""
    return await found_happenings(db, select(HAPPENINGS).where(HAPPENINGS.c.id > after).limit(limit))


async def history(db: AsyncConnection, session: str) -> list[Happening]:
    """Return what happened to one session, oldest first."""
    return await found_happenings(db, select(HAPPENINGS).where(HAPPENINGS.c.session == session))


async def found_happenings(db: AsyncConnection, found: Select[Any]) -> list[Happening]:
    """Return the happenings that a query finds, oldest first."""
    rows = (await db.execute(found.order_by(HAPPENINGS.c.id))).mappings()
    return [Happening(**{**row, "at": instant(row["at"])}) for row in rows]
