"""Column types: what is written is read again, and compared in SQL, on both databases."""

from datetime import UTC, datetime, timedelta, timezone

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from scheduler.calendar.schema import CALENDAR_YEARS
from scheduler.core import database
from scheduler.core.sql_types import Timestamp
from scheduler.core.sql_values import EPOCH

TYPE, DIALECT = Timestamp(), sqlite.dialect()
ZONES = st.integers(-720, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.integers(-(10**15), 7 * 10**15), ZONES)
def test_a_moment_is_stored_in_whole_seconds_and_read_in_utc(microseconds: int, zone: timezone) -> None:
    moment = (EPOCH + timedelta(microseconds=microseconds)).astimezone(zone)
    read = TYPE.process_result_value(TYPE.process_bind_param(moment, DIALECT), DIALECT)
    assert read == moment.replace(microsecond=0) and read.tzinfo is UTC


def test_null_stays_null() -> None:
    assert TYPE.process_bind_param(None, DIALECT) is TYPE.process_result_value(None, DIALECT) is None


async def test_moments_are_written_compared_and_read(seeded_url: str) -> None:
    engine = database.connect(seeded_url)
    moment = datetime(2023, 4, 5, 1, 2, 3, 456_789, UTC)
    async with database.writing(engine) as db:
        await db.execute(sa.insert(CALENDAR_YEARS).values(year=2023, by="x", at=moment))
        at = CALENDAR_YEARS.c.at
        for since, found in ((moment, 1), (moment + timedelta(seconds=1), 0)):
            assert len((await db.execute(sa.select(at).where(at >= since))).all()) == found
        assert await db.scalar(sa.select(sa.func.max(at))) == moment.replace(microsecond=0)
        assert await db.scalar(sa.text("SELECT at FROM calendar_years")) == 1_680_656_523
    await engine.dispose()
