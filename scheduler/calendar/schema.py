"""Tables of the working calendar."""

from sqlalchemy import Boolean, Column, Date, Integer, String, Table

from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp

CALENDAR_DAYS = Table(  # corrections by an administrator, on top of those shipped
    "calendar_days",
    METADATA,
    Column("day", Date, primary_key=True),
    Column("working", Boolean, nullable=False),
    Column("number", String(100), nullable=False),  # of the document
    Column("dated", Date),
    Column("by", String(200), nullable=False),
)


CALENDAR_YEARS = Table(  # years an administrator has confirmed
    "calendar_years",
    METADATA,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
)
