"""SQL table of the Idempotency-Keys."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from scheduler.core.sql_types import Timestamp
from signaling.core.schema import METADATA

IDEMPOTENCY = Table(  # requests that are carried out once, see signaling.http.idempotency
    "idempotency",
    METADATA,
    Column("account", String(64), ForeignKey("accounts.account", ondelete="CASCADE"), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("token", String(32), nullable=False),
    Column("created", Timestamp, nullable=False, index=True),
    Column("done", Boolean, nullable=False),  # something was committed
    Column("status", Integer),
    Column("answer", Text),  # sealed, for it may hold a code
)
