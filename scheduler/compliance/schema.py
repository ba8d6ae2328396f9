"""SQL table of feedback."""

from sqlalchemy import Column, ForeignKey, String, Table, Text

from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp

FEEDBACK = Table(  # feedback of units about difficulties
    "feedback",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("unit", String(64), ForeignKey("units.id"), nullable=False, index=True),
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("text", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("answer", Text, nullable=False),
    Column("answered_by", String(200), nullable=False),
    Column("answered", Timestamp),
)
