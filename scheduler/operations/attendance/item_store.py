"""Stores when the items of a script were the current one, within the caller's transaction (Điều 14.3.a)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.model import ScriptItem
from scheduler.operations.attendance.schema import ITEM_TIMES, STAYS

MAX_STEPS = 500
"""Steps of one session that are stored; later ones are ignored. A script has 100 items at most."""


@dataclass(frozen=True, slots=True)
class ItemTime:
    """An item of the script was the current one from `start` to `end`; `end` is None while it is.

    `point` is None for the host; `minutes` were planned.
    """

    item: str
    title: str
    point: str | None
    minutes: int
    start: datetime
    end: datetime | None = None


async def step(db: AsyncConnection, session: str, item: ScriptItem | None, now: datetime) -> None:
    """Note that a meeting goes to an item, or that none is the current one any more."""
    going_on = (ITEM_TIMES.c.session == session) & ITEM_TIMES.c.ended.is_(None)
    await db.execute(update(ITEM_TIMES).where(going_on).values(ended=now))
    stored = await db.scalar(select(func.count()).where(ITEM_TIMES.c.session == session)) or 0
    if item is not None and stored < MAX_STEPS:
        values = {"item": item.id, "title": item.title, "point": item.point, "minutes": item.minutes}
        await db.execute(insert(ITEM_TIMES).values(session=session, began=now, **values))


async def close_lost(db: AsyncConnection, held: Collection[str] = ()) -> None:
    """Close what a killed server left open, when the session's last device was seen; sessions in `held` go on."""
    left = select(func.max(STAYS.c.left)).where(
        STAYS.c.session == ITEM_TIMES.c.session, STAYS.c.left >= ITEM_TIMES.c.began
    )
    going_on = ITEM_TIMES.c.ended.is_(None) & ITEM_TIMES.c.session.not_in(held)
    values = {"ended": func.coalesce(left.scalar_subquery(), ITEM_TIMES.c.began)}
    await db.execute(update(ITEM_TIMES).where(going_on).values(**values))


async def of_session(db: AsyncConnection, session: str) -> list[ItemTime]:
    """Return the item times of a session, in the order of the steps."""
    rows = await db.execute(select(ITEM_TIMES).where(ITEM_TIMES.c.session == session).order_by(ITEM_TIMES.c.id))
    return [ItemTime(row.item, row.title, row.point, row.minutes, row.began, row.ended) for row in rows]
