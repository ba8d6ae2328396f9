"""SQL tables of incidents and of line quality."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp

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
    Column("opened", Timestamp, nullable=False, index=True),
    Column("measured", Text),  # JSON
    Column("state", String(16), nullable=False),
    Column("assignee", String(200), nullable=False),
    Column("provider", String(64)),  # the id of the provider
    Column("resolved", Timestamp),
    Index("incidents_state", "state"),
)


INCIDENT_STEPS = Table(
    "incident_steps",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("incident", String(32), ForeignKey("incidents.id"), nullable=False, index=True),
    Column("at", Timestamp, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("by", String(200), nullable=False),
    Column("text", String(1000), nullable=False),
)


LINE_MINUTES = Table(  # line quality of each point in each session (R-039, R-116)
    "line_minutes",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("point", String(64), ForeignKey("points.id"), primary_key=True),
    Column("minutes", Integer, nullable=False),
    Column("lossy", Integer, nullable=False),
    Column("provider", String(32)),  # the provider of the line at that time
)
