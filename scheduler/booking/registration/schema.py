"""Tables of registrations: drafts, refusals, replies owed, emergencies noted."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from scheduler.core.model import DraftState
from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp, enumerated

ANSWERS = Table(  # replies owed to units, and when each was given
    "answers",
    METADATA,
    Column("subject", String(32), primary_key=True),  # a draft or a session
    Column("kind", String(8), nullable=False),
    Column("number", String(32), nullable=False),
    Column("unit", String(64), nullable=False),
    Column("klass", String(16), nullable=False),
    Column("received", Timestamp, nullable=False),
    Column("effective", Timestamp, nullable=False),
    Column("due", Timestamp, nullable=False),
    Column("start", Timestamp),
    Column("answered", Timestamp),
    Column("told", Integer, nullable=False),  # the last share of the time, in percent, with a reminder
    Column("happening", Integer),  # the last history row of the session that was processed
    Index("answers_answered_due", "answered", "due"),
    Index("answers_happening", "happening"),
)


EMERGENCIES_SEEN = Table(  # the account that acknowledged each emergency
    "emergencies_seen",
    METADATA,
    Column("subject", String(32), primary_key=True),  # a draft or a session
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
)


DRAFTS = Table(  # registrations that wait in a unit's inbox
    "drafts",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("unit", String(64), ForeignKey("units.id"), nullable=False, index=True),
    Column("origin", String(64), ForeignKey("units.id"), index=True),
    Column("channel", String(16), nullable=False),
    Column("source", String(320), nullable=False),
    Column("thread", String(998), nullable=False),
    Column("content", Text, nullable=False),  # JSON
    Column("arrived", Timestamp, nullable=False),
    Column("state", enumerated(DraftState, 16), nullable=False),
    Column("reason", String(1000), nullable=False),
    Column("by", String(200), nullable=False),
    Column("settled", Timestamp),
    Column("session", String(32), ForeignKey("sessions.id")),
)


REFUSALS = Table(  # registrations that were refused, with the rule; one row for every attempt
    "refusals",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Timestamp, nullable=False, index=True),
    Column("unit", String(64), ForeignKey("units.id"), nullable=False),
    Column("host_point", String(64), ForeignKey("points.id"), nullable=False),
    Column("title", String(1000), nullable=False),
    Column("klass", String(16), nullable=False),
    Column("start", Timestamp, nullable=False),
    Column("end", Timestamp, nullable=False),
    Column("word", String(16), nullable=False),
    Column("detail", String(1000), nullable=False),
    Column("by", String(200), nullable=False),
    Column("profile", String(64), nullable=False),
)
