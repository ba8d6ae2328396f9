"""Stores stays of points and how points explain their interruptions, within the caller's transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.operations.attendance.presence_intervals import PresenceInterval
from scheduler.operations.attendance.schema import EXPLANATIONS, STAYS


@dataclass(frozen=True, slots=True)
class Explanation:
    """A point's explanation of its interruption that began at `start`."""

    point: str
    start: datetime
    cause: str
    by: str


async def open_stays(db: AsyncConnection) -> dict[tuple[str, str], int]:
    """Return the ids of stays that go on, by session and point."""
    rows = await db.execute(select(STAYS.c.id, STAYS.c.session, STAYS.c.point).where(STAYS.c.left.is_(None)))
    return {(row.session, row.point): row.id for row in rows}


async def begin(db: AsyncConnection, session: str, point: str, now: datetime) -> None:
    """Open a stay of a point, unless one is open."""
    going_on = (STAYS.c.session == session) & (STAYS.c.point == point) & STAYS.c.left.is_(None)
    if await db.scalar(select(STAYS.c.id).where(going_on)) is None:
        await db.execute(insert(STAYS).values(session=session, point=point, joined=now, seen=now))


async def end(db: AsyncConnection, session: str, point: str, at: datetime) -> None:
    """Close the open stay of a point, if there is one, but not before it began."""
    going_on = (STAYS.c.session == session) & (STAYS.c.point == point) & STAYS.c.left.is_(None)
    joined = await db.scalar(select(STAYS.c.joined).where(going_on))
    if joined is not None:
        left = max(joined, at)
        await db.execute(update(STAYS).where(going_on).values(seen=left, left=left))


async def confirm(db: AsyncConnection, ids: Collection[int], now: datetime) -> None:
    """Note that the points of these stays are still connected."""
    await db.execute(update(STAYS).where(STAYS.c.id.in_(ids)).values(seen=now))


async def close_lost(db: AsyncConnection, since: datetime | None = None, held: Collection[str] = ()) -> None:
    """Close open stays at the last time their point was seen connected.

    With `since`, only stays that were not seen since then. Stays of sessions in `held` stay open: those meetings go on.
    """
    silent = STAYS.c.left.is_(None) & STAYS.c.session.not_in(held)
    silent = silent if since is None else silent & (STAYS.c.seen < since)
    await db.execute(update(STAYS).where(silent).values(left=STAYS.c.seen))


async def of_sessions(db: AsyncConnection, sessions: Collection[str]) -> dict[str, list[PresenceInterval]]:
    """Return the stays of sessions, in the order in which they began."""
    by_session: dict[str, list[PresenceInterval]] = {session: [] for session in sessions}
    rows = await db.execute(select(STAYS).where(STAYS.c.session.in_(sessions)).order_by(STAYS.c.joined, STAYS.c.id))
    for row in rows:
        by_session[row.session].append(PresenceInterval(row.point, row.joined, row.left))
    return by_session


async def explanations(db: AsyncConnection, session: str) -> list[Explanation]:
    """Return how the points of a session explain their interruptions."""
    rows = await db.execute(select(EXPLANATIONS).where(EXPLANATIONS.c.session == session))
    return [Explanation(row.point, row.start, row.cause, row.by) for row in rows]


async def explain(db: AsyncConnection, session: str, explanation: Explanation, now: datetime) -> None:
    """Store an explanation, in place of an earlier one."""
    key = {"session": session, "point": explanation.point, "start": explanation.start}
    values = {"cause": explanation.cause, "by": explanation.by, "at": now}
    known = (EXPLANATIONS.c.session == session) & (EXPLANATIONS.c.point == explanation.point)
    changed = await db.execute(update(EXPLANATIONS).where(known, EXPLANATIONS.c.start == key["start"]).values(**values))
    if changed.rowcount == 0:
        await db.execute(insert(EXPLANATIONS).values(**key, **values))
