"""Stores who had the floor in a meeting, within the caller's transaction (Điều 14.3.b, R-094)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.operations.attendance.schema import SPEECHES, STAYS


@dataclass(frozen=True, slots=True)
class FloorTime:
    """A device had the floor from `start` to `end`; `end` is None while it still has it.

    `place` is the position of its raised hand in the queue when it was invited, 0 if it had not raised one; `topic` is
    what it wanted to speak about.
    """

    point: str
    name: str
    place: int
    topic: str
    start: datetime
    end: datetime | None = None


async def begin(db: AsyncConnection, session: str, speech: FloorTime) -> None:
    """Note that a device was given the floor."""
    values = {"point": speech.point, "name": speech.name, "place": speech.place, "topic": speech.topic}
    await db.execute(insert(SPEECHES).values(session=session, began=speech.start, **values))


async def end(db: AsyncConnection, session: str, name: str, at: datetime) -> None:
    """Note that a device no longer has the floor."""
    going_on = (SPEECHES.c.session == session) & (SPEECHES.c.name == name) & SPEECHES.c.ended.is_(None)
    await db.execute(update(SPEECHES).where(going_on).values(ended=at))


async def close_lost(db: AsyncConnection, held: Collection[str] = ()) -> None:
    """Close the floor times that a killed server left open, at the last time their point was connected.

    The stays of these points must be closed already. Floor times of sessions in `held` stay open: those meetings go on.
    """
    stays = (STAYS.c.session == SPEECHES.c.session) & (STAYS.c.point == SPEECHES.c.point)
    left = select(func.max(STAYS.c.left)).where(stays, STAYS.c.left >= SPEECHES.c.began).scalar_subquery()
    going_on = SPEECHES.c.ended.is_(None) & SPEECHES.c.session.not_in(held)
    await db.execute(update(SPEECHES).where(going_on).values(ended=func.coalesce(left, SPEECHES.c.began)))


async def of_session(db: AsyncConnection, session: str) -> list[FloorTime]:
    """Return the floor times of a session, in the order in which the floor was given."""
    rows = await db.execute(select(SPEECHES).where(SPEECHES.c.session == session).order_by(SPEECHES.c.id))
    return [FloorTime(row.point, row.name, row.place, row.topic, row.began, row.ended) for row in rows]
