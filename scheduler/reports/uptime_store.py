"""Stores the stretches for which a server ran, within the caller's transaction."""

from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.model import Interval
from scheduler.core.sql_values import whole_second
from scheduler.reports.schema import UPTIME
from scheduler.reports.uptime import LONGEST_SILENCE


async def alive(db: AsyncConnection, now: datetime) -> None:
    """Note that a server runs: extend the last stretch, or begin one after a longer silence."""
    at = whole_second(now)
    last = (await db.execute(select(UPTIME).order_by(UPTIME.c.began.desc()).limit(1))).first()
    if last is None or at - last.seen > LONGEST_SILENCE:
        await db.execute(insert(UPTIME).values(began=at, seen=at))
    elif at > last.seen:
        await db.execute(update(UPTIME).where(UPTIME.c.began == last.began).values(seen=at))


async def ran(db: AsyncConnection) -> list[Interval]:
    """Return all stretches, in order."""
    rows = await db.execute(select(UPTIME).order_by(UPTIME.c.began))
    return [Interval(row.began, row.seen) for row in rows]


async def began(db: AsyncConnection) -> datetime | None:
    """Return when a server ran first."""
    first: datetime | None = await db.scalar(select(func.min(UPTIME.c.began)))
    return first
