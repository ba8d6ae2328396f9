"""Column types: what is written is read again, and compared in SQL, on both databases.

Also tests `sql_values.py`.
"""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from scheduler.calendar.schema import CALENDAR_YEARS
from scheduler.core import database
from scheduler.core.model import PointState, State
from scheduler.core.schema import POINTS, SESSIONS
from scheduler.core.sql_types import MillisecondTimestamp, Timestamp, enumerated, in_seconds
from scheduler.core.sql_values import EPOCH

TYPE, DIALECT = Timestamp(), sqlite.dialect()
MILLISECONDS = MillisecondTimestamp()
ZONES = st.integers(-720, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.integers(-(10**15), 7 * 10**15), ZONES)
def test_a_moment_is_stored_in_whole_seconds_and_read_in_utc(microseconds: int, zone: timezone) -> None:
    moment = (EPOCH + timedelta(microseconds=microseconds)).astimezone(zone)
    read = TYPE.process_result_value(TYPE.process_bind_param(moment, DIALECT), DIALECT)
    assert read == moment.replace(microsecond=0) and read.tzinfo is UTC


def test_null_stays_null() -> None:
    assert TYPE.process_bind_param(None, DIALECT) is None
    assert TYPE.process_result_value(None, DIALECT) is None


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


@given(st.integers(0, 7 * 10**12))
def test_milliseconds_are_read_as_they_were_written(milliseconds: int) -> None:
    read = MILLISECONDS.process_result_value(milliseconds, DIALECT)
    assert read == EPOCH + timedelta(milliseconds=milliseconds) == datetime.fromtimestamp(milliseconds / 1000, UTC)
    assert MILLISECONDS.process_bind_param(read, DIALECT) == milliseconds


def test_milliseconds_may_be_null() -> None:
    assert MILLISECONDS.process_bind_param(None, DIALECT) is None
    assert MILLISECONDS.process_result_value(None, DIALECT) is None


async def test_moments_are_compared_with_seconds_and_subtracted(seeded_url: str) -> None:
    engine = database.connect(seeded_url)
    moment, at, year = datetime(2023, 4, 5, tzinfo=UTC), CALENDAR_YEARS.c.at, CALENDAR_YEARS.c.year
    async with database.writing(engine) as db:
        for number, later in ((2023, 0), (2024, 90)):
            row = {"year": number, "by": "x", "at": moment + timedelta(seconds=later)}
            await db.execute(sa.insert(CALENDAR_YEARS).values(row))
        assert list(await db.scalars(sa.select(year).where(at > 1_680_652_800))) == [2024]
        assert await db.scalar(sa.select(in_seconds(sa.func.max(at)) - in_seconds(sa.func.min(at)))) == 90
    await engine.dispose()


async def test_enums_are_text_in_the_table_and_members_in_python(seeded_url: str) -> None:
    engine = database.connect(seeded_url)
    async with database.writing(engine) as db:
        assert await db.scalar(sa.select(POINTS.c.state).limit(1)) is PointState.ACTIVE
        assert await db.scalar(sa.text("SELECT state FROM points LIMIT 1")) == "active"
        await db.execute(sa.update(POINTS).values(state=PointState.SUSPENDED))
        assert await db.scalar(sa.text("SELECT DISTINCT state FROM points")) == "suspended"
        assert await db.scalar(sa.select(sa.func.count()).where(POINTS.c.state == "suspended")) == 169
        await db.execute(sa.text("UPDATE points SET state = 'unheard of'"))
        with pytest.raises(LookupError):
            await db.scalar(sa.select(POINTS.c.state).limit(1))
    await engine.dispose()


def test_enums_are_plain_text_columns() -> None:
    types = (enumerated(State, 16), SESSIONS.c.state.type, POINTS.c.state.type)
    assert [str(each.compile(dialect=DIALECT)) for each in types] == ["VARCHAR(16)"] * 3
    assert not any(isinstance(each, sa.CheckConstraint) for each in POINTS.constraints)
