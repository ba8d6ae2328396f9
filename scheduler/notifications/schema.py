"""Tables of notices: official mailboxes of units, and the outbox."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp

MAILBOXES = Table(  # official mailboxes of units
    "mailboxes",
    METADATA,
    Column("unit", String(64), ForeignKey("units.id"), primary_key=True),
    Column("address", String(254), nullable=False, unique=True),
)


OUTBOX = Table(  # notices, one row for each channel
    "outbox",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("key", String(500), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("unit", String(64), ForeignKey("units.id")),
    Column("session", String(32), index=True),
    Column("recipient", String(254), nullable=False),
    Column("thread", String(998), nullable=False),
    Column("facts", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("created", Timestamp, nullable=False),
    Column("due", Timestamp, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("error", String(200), nullable=False),
    Column("sent", Timestamp),
    Index("outbox_state_due", "state", "due"),
)
