"""The tables of a session's conduct. Times are whole seconds since 1970 in UTC."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from scheduler.booking.sessions.schema import METADATA

INCIDENTS = Table(
    "incidents",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False, index=True),
    Column("point", String(64), ForeignKey("points.id")),
    Column("kind", String(16), nullable=False),
    Column("level", Integer, nullable=False),
    Column("text", String(1000), nullable=False),
    Column("reporter", String(200), nullable=False),
    Column("opened", BigInteger, nullable=False, index=True),
    Column("measured", Text),  # JSON
    Column("state", String(16), nullable=False),
    Column("assignee", String(200), nullable=False),
    Column("provider", String(64)),  # its id
    Column("resolved", BigInteger),
    Index("incidents_state", "state"),
)

INCIDENT_STEPS = Table(
    "incident_steps",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("incident", String(32), ForeignKey("incidents.id"), nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("by", String(200), nullable=False),
    Column("text", String(1000), nullable=False),
)

LINE_MINUTES = Table(  # how each point's line was in each session
    "line_minutes",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("point", String(64), ForeignKey("points.id"), primary_key=True),
    Column("minutes", Integer, nullable=False),
    Column("lossy", Integer, nullable=False),
    Column("provider", String(32)),  # whose line it was
)

TICKS = Table(  # what was done of the closing lists; place is a point, or empty for the centre
    "closing_ticks",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("place", String(64), primary_key=True),
    Column("item", String(32), primary_key=True),
    Column("by", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
)

CLOSINGS = Table(
    "closings",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("kind", String(32)),
    Column("reminded", BigInteger),
)

HANDOVERS = Table(  # recordings that hosts are owed, and what became of them (R-102, A27)
    "handovers",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("unit", String(64), ForeignKey("units.id"), nullable=False),
    Column("ended", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False, index=True),
    Column("told", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("received", BigInteger),
    Column("received_by", String(200), nullable=False),
    Column("keep_until", BigInteger),
    Column("reminded", BigInteger),
    Column("warned", BigInteger),
    Column("deleted", BigInteger),
)

DOCUMENTS = Table(
    "documents",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False, index=True),
    Column("name", String(250), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("path", String(64), nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
)

GRANTS = Table(  # who asked for a document or the recording, and what the host answered
    "material_grants",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False, index=True),
    Column("subject", String(32), nullable=False),
    Column("unit", String(64), ForeignKey("units.id"), nullable=False, index=True),
    Column("asked_by", String(200), nullable=False),
    Column("asked", BigInteger, nullable=False),
    Column("text", String(1000), nullable=False),
    Column("answer", String(16), nullable=False),
    Column("answered_by", String(200), nullable=False),
    Column("answered", BigInteger),
    Column("until", BigInteger),
)

FEEDBACK = Table(  # difficulties that units report
    "feedback",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("unit", String(64), ForeignKey("units.id"), nullable=False, index=True),
    Column("by", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("answer", Text, nullable=False),
    Column("answered_by", String(200), nullable=False),
    Column("answered", BigInteger),
)
