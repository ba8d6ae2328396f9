"""SQL of refused registrations. Every function runs in the caller's transaction."""

from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.registration.schema import REFUSALS
from scheduler.core.model import Interval, RefusedRegistration

MAX_DETAIL = 1000


async def add(db: AsyncConnection, refused: RefusedRegistration) -> None:
    """Save a refusal."""
    names = {column.name for column in REFUSALS.c} - {"id", "at", "start", "end", "detail"}
    values: dict[str, object] = {name: getattr(refused, name) for name in names}
    times = {"at": refused.at, "start": refused.official.start, "end": refused.official.end}
    await db.execute(insert(REFUSALS).values(**values, **times, detail=refused.detail[:MAX_DETAIL]))


async def between(db: AsyncConnection, start: datetime, end: datetime, limit: int) -> list[RefusedRegistration]:
    """Return the registrations refused in [start, end), newest first."""
    within = (REFUSALS.c.at >= start) & (REFUSALS.c.at < end)
    rows = await db.execute(select(REFUSALS).where(within).order_by(REFUSALS.c.id.desc()).limit(limit))
    return [
        RefusedRegistration(
            at=row.at,
            unit=row.unit,
            host_point=row.host_point,
            title=row.title,
            klass=row.klass,
            official=Interval(row.start, row.end),
            word=row.word,
            detail=row.detail,
            by=row.by,
            profile=row.profile,
        )
        for row in rows
    ]


async def count_capacity_refusals(db: AsyncConnection, window: Interval) -> int:
    """Count the registrations refused for capacity in a window.

    Repeated attempts for one host and time count once, at the time of the last one.
    """
    last, of_room = func.max(REFUSALS.c.at), REFUSALS.c.word == "capacity"
    same = select(last.label("at")).where(of_room).group_by(REFUSALS.c.host_point, REFUSALS.c.start, REFUSALS.c.end)
    within = (last >= window.start) & (last < window.end)
    return await db.scalar(select(func.count()).select_from(same.having(within).subquery())) or 0
