"""Tables of admission: plans shown to the operator, and the maximum over time."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp

HELD_PLANS = Table(  # plans shown to the operator, with the time until which they may be confirmed
    "held_plans",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("victims", Text, nullable=False),  # session ids as JSON
    Column("until", Timestamp, nullable=False),
)


CAPACITY_STEPS = Table(
    "capacity_steps",
    METADATA,
    Column("since", Timestamp, primary_key=True, autoincrement=False),
    Column("sessions", Integer, nullable=False),
    Column("points", Integer, nullable=False),
)
