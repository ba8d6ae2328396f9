"""SQL table of the costs of a session on this machine, as load tests measured it."""

from sqlalchemy import Column, Float, Integer, String, Table

from scheduler.core.sql_types import Timestamp
from signaling.core.schema import METADATA

SESSION_COSTS = Table(  # CPU in percent of a core; the newest row counts
    "session_costs",
    METADATA,
    Column("measured", Timestamp, primary_key=True),
    Column("machine", String(200), nullable=False),
    Column("cores", Integer, nullable=False),
    Column("points", Integer, nullable=False),
    Column("forwarded_pct", Float, nullable=False),
    Column("composed_pct", Float, nullable=False),
    Column("recorded_pct", Float, nullable=False),
)
