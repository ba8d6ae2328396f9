"""Stores technical checks and duties, within the caller's transaction."""

from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.model import Session, Slot
from scheduler.core.sql_values import storable
from scheduler.operations.readiness.duty import Duty
from scheduler.operations.readiness.schema import CHECKS, DUTIES
from scheduler.operations.readiness.technical_check import TechnicalCheck


async def checks(db: AsyncConnection, sessions: Iterable[Session]) -> dict[str, list[TechnicalCheck]]:
    """Return the checks of sessions.

    A check that was made for a time at which the slot no longer starts is left out.
    """
    starts = {(each.id, slot.kind): slot.start for each in sessions for slot in each.slots}
    by_session: dict[str, list[TechnicalCheck]] = {session: [] for session, _ in starts}
    for row in await db.execute(select(CHECKS).where(CHECKS.c.session.in_(list(by_session)))):
        if starts.get((row.session, row.kind)) == row.start:
            by_session[row.session].append(TechnicalCheck(row.point, row.kind, row.result, row.words, row.by, row.at))
    return by_session


async def keep_check(db: AsyncConnection, session: str, slot: Slot, check: TechnicalCheck) -> None:
    """Store a check in place of an earlier one."""
    same = (CHECKS.c.session == session) & (CHECKS.c.kind == slot.kind) & (CHECKS.c.point == check.point)
    await db.execute(delete(CHECKS).where(same))
    values = {**asdict(check), "session": session, "start": slot.start}
    await db.execute(insert(CHECKS).values(values))


async def duties(db: AsyncConnection, sessions: Collection[str]) -> dict[str, list[Duty]]:
    """Return who is on duty, by session, in the order of names."""
    by_session: dict[str, list[Duty]] = {session: [] for session in sessions}
    rows = await db.execute(
        select(DUTIES).where(DUTIES.c.session.in_(list(by_session))).order_by(DUTIES.c.name, DUTIES.c.id)
    )
    for row in rows.mappings():
        by_session[row["session"]].append(Duty(**row))
    return by_session


async def duty(db: AsyncConnection, duty_id: str) -> Duty | None:
    """Return one duty, or None."""
    row = (await db.execute(select(DUTIES).where(DUTIES.c.id.in_(storable([duty_id]))))).mappings().first()
    return None if row is None else Duty(**row)


async def assign(db: AsyncConnection, duty: Duty) -> None:
    """Put a person on duty, in place of the one before in the same role (and point, unit or provider).

    Several persons may be backup.
    """
    if duty.role != "backup":
        where = (DUTIES.c.session == duty.session) & (DUTIES.c.role == duty.role)
        where &= DUTIES.c.point == duty.point if duty.point else DUTIES.c.point.is_(None)
        where &= DUTIES.c.unit == duty.unit if duty.role == "on_site" else DUTIES.c.role == duty.role
        where &= DUTIES.c.provider == duty.provider if duty.provider else DUTIES.c.provider.is_(None)
        await db.execute(delete(DUTIES).where(where))
    await db.execute(insert(DUTIES).values(asdict(duty)))


async def arrive(db: AsyncConnection, duty_id: str, now: datetime) -> None:
    """Note that a person on duty has arrived; the first time counts."""
    first = (DUTIES.c.id == duty_id) & DUTIES.c.arrived.is_(None)
    await db.execute(update(DUTIES).where(first).values(arrived=now))


async def remove(db: AsyncConnection, duty_id: str) -> None:
    """Take a person off duty."""
    await db.execute(delete(DUTIES).where(DUTIES.c.id == duty_id))
