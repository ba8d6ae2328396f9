"""SQL tables of the costs of a session, as load tests measured them, of calendar links, and of approvals."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

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

APPROVALS = Table(  # requests that a second person decides; those that were decided stay
    "approvals",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("action", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("victims", Text, nullable=False),  # ids of sessions, as JSON
    Column("roles_before", String(200), nullable=False, server_default=""),  # of an account, as in `accounts`
    Column("roles", String(200), nullable=False, server_default=""),
    Column("override", Boolean, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("asked", Timestamp, nullable=False),
    Column("expires", Timestamp, nullable=False),
    Column("state", String(16), nullable=False),
    Column("decided_by", String(64), nullable=False),
    Column("decided", Timestamp),
    Index("approvals_state", "state", "expires"),
)
