"""SQL of the calendar's corrections. Every function runs in the caller's transaction."""

from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.calendar.day_corrections import SHIPPED, CalendarCorrections, DayCorrection
from scheduler.calendar.schema import CALENDAR_DAYS, CALENDAR_YEARS


async def corrections(db: AsyncConnection) -> CalendarCorrections:
    """Return the shipped corrections, with those and the confirmations of administrators over them."""
    days = await db.execute(select(CALENDAR_DAYS))
    years = await db.execute(select(CALENDAR_YEARS.c.year))
    return SHIPPED.over([DayCorrection(**row) for row in days.mappings()], years.scalars())


async def set_day(db: AsyncConnection, note: DayCorrection) -> None:
    """Correct a day; an earlier correction of it is replaced."""
    await unset_day(db, note.day)
    await db.execute(insert(CALENDAR_DAYS).values(**asdict(note)))


async def unset_day(db: AsyncConnection, day: date) -> None:
    """Delete a correction; the shipped one for the day is valid again."""
    await db.execute(delete(CALENDAR_DAYS).where(CALENDAR_DAYS.c.day == day))


async def confirm(db: AsyncConnection, year: int, by: str, now: datetime) -> None:
    """Confirm a year; a second confirmation replaces the first."""
    await db.execute(delete(CALENDAR_YEARS).where(CALENDAR_YEARS.c.year == year))
    await db.execute(insert(CALENDAR_YEARS).values(year=year, by=by, at=now))
