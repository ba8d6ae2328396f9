"""SQL tables of webhooks, and of what they were told or are to be told. Times are seconds since 1970 in UTC."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp

WEBHOOKS = Table(
    "webhooks",
    METADATA,
    Column("name", String(58), primary_key=True),
    Column("url", String(500), nullable=False),
    Column("events", String(500), nullable=False),  # types with commas between
    Column("sealed", String(200), nullable=False),  # the secret that signs, encrypted
    Column("created", Timestamp, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("paused", Timestamp),  # since a delivery was given up, or somebody paused it
    Column("sealed_before", String(200)),  # the secret before, which signs too until then
    Column("before_until", Timestamp),
)

WEBHOOK_DELIVERIES = Table(
    "webhook_deliveries",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("message", String(36), nullable=False, unique=True),  # the webhook-id, by which a repeated one is known
    Column("webhook", String(58), ForeignKey("webhooks.name", ondelete="CASCADE"), nullable=False),
    Column("event", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("created", Timestamp, nullable=False),
    Column("due", Timestamp, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("error", String(200), nullable=False),  # of the last try
    Column("sent", Timestamp),
    Index("webhook_deliveries_due", "state", "webhook", "due"),
)
