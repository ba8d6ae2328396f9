"""SQL tables of accounts, one-time links and sign-ins. Times are seconds since 1970 in UTC."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    false,
)

from scheduler.core.sql_types import Timestamp
from signaling.core.schema import METADATA

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("account", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("password", String(200), nullable=False),
    Column("roles", String(200), nullable=False),
    Column("unit", String(64)),
    Column("point", String(64)),
    Column("language", String(8), nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("created", Timestamp, nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=false()),
    Column("provider", String(32)),
)

ACCOUNT_LINKS = Table(  # one-time links by which a first password is set; their secret is nowhere
    "account_links",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("account", String(64), ForeignKey("accounts.account", ondelete="CASCADE"), nullable=False, index=True),
    Column("issued_by", String(64), nullable=False),
    Column("created", Timestamp, nullable=False),
    Column("expires", Timestamp, nullable=False),
    Column("used", Timestamp),
)

LOGINS = Table(
    "logins",
    METADATA,
    Column("token", String(64), primary_key=True),
    Column("account", String(64), ForeignKey("accounts.account", ondelete="CASCADE"), nullable=False),
    Column("created", Timestamp, nullable=False),
    Column("expires", Timestamp, nullable=False),
    Column("address", String(64), nullable=False, server_default=""),  # where it was signed in, and by which browser
    Column("browser", String(200), nullable=False, server_default=""),
    Index("logins_account", "account"),
)
