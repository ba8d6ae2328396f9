"""SQL tables of reports: uptime, emergency reviews, correction requests. Times are whole seconds since 1970 in UTC."""

from sqlalchemy import Column, ForeignKey, String, Table, Text

from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp

UPTIME = Table(  # stretches for which a server ran
    "uptime",
    METADATA,
    Column("began", Timestamp, primary_key=True, autoincrement=False),
    Column("seen", Timestamp, nullable=False),
)

REVIEWS = Table(  # reviews of emergencies
    "reviews",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("at", Timestamp, nullable=False),
    Column("by", String(200), nullable=False),
    Column("remark", String(1000), nullable=False),
)

FIGURE_REQUESTS = Table(  # requests that units check their figures of a period
    "figure_requests",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("title", String(1000), nullable=False),
    Column("start", Timestamp, nullable=False),
    Column("end", Timestamp, nullable=False),
    Column("due", Timestamp, nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("reminded", Timestamp),
)

FIGURE_ANSWERS = Table(  # the counted figures of each unit that was asked, and its reply
    "figure_answers",
    METADATA,
    Column("request", String(32), ForeignKey("figure_requests.id"), primary_key=True),
    Column("unit", String(64), ForeignKey("units.id"), primary_key=True),
    Column("counted", Text, nullable=False),  # JSON
    Column("said", Text),  # JSON
    Column("remark", String(1000), nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", Timestamp),
)
