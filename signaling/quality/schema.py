"""SQL table of the quality of seats' connections."""

from sqlalchemy import Column, Index, LargeBinary, String, Table

from scheduler.core.sql_types import Timestamp
from signaling.core.schema import METADATA

SEAT_QUALITY = Table(  # an hour of one seat in a row, at most
    "seat_quality",
    METADATA,
    Column("session", String(64), primary_key=True),
    Column("seat", String(64), primary_key=True),
    Column("begin", Timestamp, primary_key=True),
    Column("point", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("product", String(200), nullable=False),
    Column("series", LargeBinary, nullable=False),  # signaling.quality.model
    Index("seat_quality_begin", "begin"),
)
