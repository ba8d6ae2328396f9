"""SQL tables of closing: ticks, kinds of meetings, handovers, documents, access requests.

Times are whole seconds since 1970 in UTC.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table

from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp

TICKS = Table(  # ticks of closing checklists; place is a point, or empty for the centre
    "closing_ticks",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("place", String(64), primary_key=True),
    Column("item", String(32), primary_key=True),
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
)

CLOSINGS = Table(
    "closings",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("kind", String(32)),
    Column("reminded", Timestamp),
)

HANDOVERS = Table(  # handovers of recordings to hosts (R-102, A27)
    "handovers",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("unit", String(64), ForeignKey("units.id"), nullable=False),
    Column("ended", Timestamp, nullable=False),
    Column("due", Timestamp, nullable=False, index=True),
    Column("told", Timestamp, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("received", Timestamp),
    Column("received_by", String(200), nullable=False),
    Column("keep_until", Timestamp),
    Column("reminded", Timestamp),
    Column("warned", Timestamp),
    Column("deleted", Timestamp),
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
    Column("at", Timestamp, nullable=False),
)

GRANTS = Table(  # requests for documents or the recording, with the host's replies
    "material_grants",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False, index=True),
    Column("subject", String(32), nullable=False),
    Column("unit", String(64), ForeignKey("units.id"), nullable=False, index=True),
    Column("asked_by", String(200), nullable=False),
    Column("asked", Timestamp, nullable=False),
    Column("text", String(1000), nullable=False),
    Column("answer", String(16), nullable=False),
    Column("answered_by", String(200), nullable=False),
    Column("answered", Timestamp),
    Column("until", Timestamp),
)
