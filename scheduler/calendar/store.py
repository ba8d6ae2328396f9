"""Rows of the calendar, on a connection whose transaction the service holds."""

from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.calendar.day_corrections import SHIPPED, DayNote, Notes
from scheduler.calendar.schema import CALENDAR_DAYS, CALENDAR_YEARS
from scheduler.core.sql_values import seconds


async def notes(db: AsyncConnection) -> Notes:
    """Return what is shipped with the corrections and confirmations of administrators on top."""
    days = await db.execute(select(CALENDAR_DAYS))
    years = await db.execute(select(CALENDAR_YEARS.c.year))
    return SHIPPED.over([DayNote(**row) for row in days.mappings()], years.scalars())


async def set_day(db: AsyncConnection, note: DayNote) -> None:
    """Correct a day; an earlier correction of it is replaced."""
    await unset_day(db, note.day)
    await db.execute(insert(CALENDAR_DAYS).values(**asdict(note)))


async def unset_day(db: AsyncConnection, day: date) -> None:
    """Take a correction back; what is shipped for the day holds again."""
    await db.execute(delete(CALENDAR_DAYS).where(CALENDAR_DAYS.c.day == day))


async def confirm(db: AsyncConnection, year: int, by: str, now: datetime) -> None:
    """Confirm a year; twice is once."""
    await db.execute(delete(CALENDAR_YEARS).where(CALENDAR_YEARS.c.year == year))
    await db.execute(insert(CALENDAR_YEARS).values(year=year, by=by, at=seconds(now)))
