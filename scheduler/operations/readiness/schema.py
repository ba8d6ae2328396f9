"""SQL tables of what precedes a session: checks, duties, self-tests, link tests, power-on steps."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp

CHECKS = Table(  # the latest technical check of a point for the slot that begins at `start`
    "checks",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("point", String(64), ForeignKey("points.id"), primary_key=True),
    Column("start", Timestamp, nullable=False),
    Column("result", String(16), nullable=False),
    Column("words", String(1000), nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
)


DUTIES = Table(  # persons on duty for a session
    "duties",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("point", String(64), ForeignKey("points.id")),
    Column("unit", String(64), ForeignKey("units.id")),
    Column("account", String(64)),
    Column("name", String(500), nullable=False),
    Column("phone", String(16), nullable=False),
    Column("by", String(200), nullable=False),
    Column("arrived", Timestamp),
    Column("provider", String(32)),
)


SELF_TESTS = Table(  # self-tests of points
    "self_tests",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("point", String(64), ForeignKey("points.id"), nullable=False),
    Column("account", String(64), nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("camera", Boolean, nullable=False),
    Column("mic_dbfs", Integer),
    Column("luma", Integer),
    Column("down_kbps", Integer),
    Column("up_kbps", Integer),
    Column("latency_ms", Integer),
    Column("browser", String(500), nullable=False),
    Column("screen", String(100), nullable=False),
    Column("ticks", Text, nullable=False),  # JSON
    Column("failed", Text, nullable=False),  # JSON
    Column("device", String(16), nullable=False, server_default=""),
    Index("self_tests_point", "point", "at"),
)


LINK_TESTS = Table(  # tests of the link to the Government's system for the slot that begins at `start`
    "link_tests",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("start", Timestamp, nullable=False),
    Column("good", Boolean, nullable=False),
    Column("words", String(1000), nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
)


STEPS = Table(  # power-on and power-off steps that a point has done for a session
    "steps",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("point", String(64), ForeignKey("points.id"), primary_key=True),
    Column("step", String(64), primary_key=True),
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
)
