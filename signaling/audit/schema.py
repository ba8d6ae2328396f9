"""SQL tables of the audit log: its entries, and how far they were sent to a syslog server."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from scheduler.core.sql_types import Timestamp
from signaling.core.schema import METADATA

AUDIT = Table(
    "audit",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Timestamp, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("detail", String(1000), nullable=False),
    Column("address", String(64), nullable=False),
    Column("port", Integer, nullable=False),
    Column("profile", String(64), nullable=False, server_default=""),  # in force, as id/version
    Column(
        "seal", String(64), nullable=False, server_default=""
    ),  # see signaling.audit.hash_chain; triggers refuse any change
    Index("audit_at", "at"),
    Index("audit_action", "action"),
)

SYSLOG_POSITION = Table(  # one row
    "syslog_position",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("entry", BigInteger, nullable=False),  # the number of the last entry that was sent
)
