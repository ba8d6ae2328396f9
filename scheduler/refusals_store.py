"""Rows of registrations that were refused, on a connection whose transaction the service holds."""

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.model import Interval, Refused
from scheduler.store import instant, seconds
from scheduler.tables import DENIALS

MAX_DETAIL = 1000


async def add(db: AsyncConnection, refused: Refused) -> None:
    """Keep a refusal."""
    names = {column.name for column in DENIALS.c} - {"id", "at", "start", "end", "detail"}
    values: dict[str, object] = {name: getattr(refused, name) for name in names}
    start, end = seconds(refused.official.start), seconds(refused.official.end)
    times = {"at": seconds(refused.at), "start": start, "end": end}
    await db.execute(insert(DENIALS).values(**values, **times, detail=refused.detail[:MAX_DETAIL]))


async def between(db: AsyncConnection, start: datetime, end: datetime, limit: int) -> list[Refused]:
    """Return what was refused in [start, end), newest first."""
    within = (DENIALS.c.at >= seconds(start)) & (DENIALS.c.at < seconds(end))
    rows = await db.execute(select(DENIALS).where(within).order_by(DENIALS.c.id.desc()).limit(limit))
    return [
        Refused(
            at=instant(row.at),
            unit=row.unit,
            host_point=row.host_point,
            title=row.title,
            klass=row.klass,
            official=Interval(instant(row.start), instant(row.end)),
            word=row.word,
            detail=row.detail,
            by=row.by,
            profile=row.profile,
        )
        for row in rows
    ]
