"""SQL table of the records of calls."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text

from scheduler.core.sql_types import Timestamp
from signaling.core.schema import METADATA

CALL_RECORDS = Table(
    "call_records",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("began", Timestamp, nullable=False),
    Column("device", String(32), nullable=False),  # a record outlives the device
    Column("point", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("direction", String(8), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("address", String(64), nullable=False),
    Column("transport", String(8), nullable=False),
    Column("session", String(64), nullable=False),
    Column("number", String(64), nullable=False),
    Column("answered", Timestamp),
    Column("ended", Timestamp),
    Column("outcome", String(32), nullable=False),
    Column("status", Integer, nullable=False),
    Column("sound", String(32), nullable=False),
    Column("picture", String(32), nullable=False),
    Column("protection", String(16), nullable=False),
    Column("lost_up", Float),
    Column("lost_down", Float),
    Column("round_trip", Float),
    Column("report", Text, nullable=False, server_default=""),  # JSON
    Index("call_records_began", "began"),
    Index("call_records_device", "device"),
)
