"""SQL tables of security incidents and of the yearly reports on them."""

from sqlalchemy import Column, Integer, String, Table, Text

from scheduler.core.sql_types import Timestamp
from signaling.core.schema import METADATA

SECURITY_INCIDENTS = Table(
    "security_incidents",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("found", Timestamp, nullable=False, index=True),
    Column("severity", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("reported", Timestamp),
    Column("reported_to", String(200), nullable=False),
    Column("reported_by", String(64), nullable=False),
    Column("closed", Timestamp),
    Column("closed_by", String(64), nullable=False),
    Column("outcome", Text, nullable=False),
)

SECURITY_REPORTS = Table(  # the yearly report, one row a year
    "security_reports",
    METADATA,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("at", Timestamp, nullable=False),
    Column("to", String(200), nullable=False),
    Column("by", String(64), nullable=False),
)
