"""Tables of recordings, their chapters and isolated tracks."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint, false

from scheduler.core.sql_types import MillisecondTimestamp, Timestamp
from signaling.core.schema import METADATA

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
    Column("started", Timestamp, nullable=False),
    Column("milliseconds", BigInteger),
    Column("bytes", BigInteger),
    Column("state", String(16), nullable=False),
    Column("first", MillisecondTimestamp),  # milliseconds since 1970
    Column("sha256", String(64)),
    Column("reason", String(32)),
    Column("started_by", String(64), nullable=False, server_default=""),
    Column("stopped_by", String(64), nullable=False, server_default=""),
    Column("sealed", Boolean, nullable=False, server_default=false()),
    Column("composed", String(16), nullable=False, server_default="live"),
    Column("failure", String(32)),
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
