"""The roof's own tables. Times are seconds since 1970 in UTC, where nothing else is said."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

METADATA = MetaData()

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
    Column("created", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=false()),
    Column("provider", String(32)),
)

ACCOUNT_LINKS = Table(  # one-time links by which a first password is set; their secret is nowhere
    "account_links",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("account", String(64), ForeignKey("accounts.account", ondelete="CASCADE"), nullable=False, index=True),
    Column("issued_by", String(64), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used", BigInteger),
)

LOGINS = Table(
    "logins",
    METADATA,
    Column("token", String(64), primary_key=True),
    Column("account", String(64), ForeignKey("accounts.account", ondelete="CASCADE"), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("logins_account", "account"),
)

IDEMPOTENCY = Table(  # requests that are carried out once, see signaling.http.idempotency
    "idempotency",
    METADATA,
    Column("account", String(64), ForeignKey("accounts.account", ondelete="CASCADE"), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("token", String(32), nullable=False),
    Column("created", BigInteger, nullable=False, index=True),
    Column("done", Boolean, nullable=False),  # something was committed
    Column("status", Integer),
    Column("answer", Text),  # sealed, for it may hold a code
)

WORKER_KEYS = Table(  # by which media workers of other machines are known; a key itself is nowhere
    "worker_keys",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("created", BigInteger, nullable=False),
)

CONFERENCES = Table(  # running ones; `epoch` is raised by each process that takes over
    "conferences",
    METADATA,
    Column("session", String(64), primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("record", Text, nullable=False),
    Column("changed", BigInteger, nullable=False),
)

SERVER_LEASE = Table(  # one row: which server works on the database, and until when (see signaling.app.lease)
    "server_lease",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("server", String(100), nullable=False),
    Column("holder", String(300), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),  # milliseconds since 1970, by the clock of the database
)

RECORDINGS = Table(
    "recordings",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("session", String(64), nullable=False),
    Column("part", Integer, nullable=False),
    Column("path", String(1000), nullable=False, unique=True),
    Column("title", String(1000), nullable=False),
    Column("host", String(200), nullable=False),
    Column("host_unit", String(64), nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("milliseconds", BigInteger),
    Column("bytes", BigInteger),
    Column("state", String(16), nullable=False),
    Column("first", BigInteger),  # milliseconds since 1970
    Column("sha256", String(64)),
    Column("reason", String(32)),
    Column("started_by", String(64), nullable=False, server_default=""),
    Column("stopped_by", String(64), nullable=False, server_default=""),
    Column("sealed", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("session", "part"),
    Index("recordings_host_unit", "host_unit"),
)

MARKS = Table(
    "marks",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("recording", String(64), ForeignKey("recordings.id"), nullable=False, index=True),
    Column("milliseconds", BigInteger, nullable=False),
    Column("title", String(1000), nullable=False),
)

SOLOS = Table(
    "solos",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("recording", String(64), ForeignKey("recordings.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("path", String(1000), nullable=False),
    Column("name", String(1000), nullable=False),
    Column("milliseconds", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
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
