"""SQL tables of the costs of a session on this machine, as load tests measured it, and of calendar links."""

from sqlalchemy import Column, Float, ForeignKey, Integer, String, Table

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

CALENDAR_LINKS = Table(  # secret links of calendar feeds, each of one account or one unit
    "calendar_links",
    METADATA,
    Column("token", String(64), primary_key=True),  # SHA-256 of the token, which is nowhere
    Column("account", String(64), ForeignKey("accounts.account", ondelete="CASCADE"), unique=True),
    Column("unit", String(64), unique=True),
    Column("created", Timestamp, nullable=False),
    Column("made_by", String(64), nullable=False),
)
