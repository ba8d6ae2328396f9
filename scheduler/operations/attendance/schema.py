"""SQL tables of attendance: stays, floor, speaking and item times, chat, explanations, reconnections, attendee lists.

Times are whole seconds since 1970 in UTC.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp

STAYS = Table(  # stretches for which points were connected; an open one was last confirmed at `seen`
    "stays",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False),
    Column("point", String(64), ForeignKey("points.id"), nullable=False),
    Column("joined", Timestamp, nullable=False),
    Column("seen", Timestamp, nullable=False),
    Column("left", Timestamp),
    Index(
        "stays_session", "session", "point", "joined", "left"
    ),  # covers all that a report of a year reads of 300,000 rows
    Index("stays_left", "left"),  # open stays are read every few seconds
)

SPEECHES = Table(  # floor times; `ended` is empty while the device has the floor
    "speeches",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False),
    Column("point", String(64), ForeignKey("points.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("place", Integer, nullable=False),
    Column("topic", String(200), nullable=False),
    Column("began", Timestamp, nullable=False),
    Column("ended", Timestamp),
    Index("speeches_session", "session"),
)

SPEAKING = Table(  # for how long each point was the active speaker in the official slot
    "speaking",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("point", String(64), ForeignKey("points.id"), primary_key=True),
    Column("seconds", Integer, nullable=False),
)

ITEM_TIMES = Table(  # when items of the script were the current one; `ended` is empty while one is
    "item_times",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False),
    Column("item", String(32), nullable=False),
    Column("title", String(1000), nullable=False),
    Column("point", String(64), ForeignKey("points.id")),  # empty: the host
    Column("minutes", Integer, nullable=False),
    Column("began", Timestamp, nullable=False),
    Column("ended", Timestamp),
    Index("item_times_session", "session"),
)

CHAT = Table(  # chat messages; texts are erased when the profile says so (I-10)
    "chat",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("point", String(64), ForeignKey("points.id")),  # empty: the centre without a point
    Column("name", String(200), nullable=False),
    Column("chair", Boolean, nullable=False),
    Column("recipient", String(64), ForeignKey("points.id")),  # empty: everyone, or from a point the chair
    Column("text", String(500), nullable=False),
    Index("chat_session", "session"),
)

EXPLANATIONS = Table(  # how a point explains its interruption that began at `start`
    "explanations",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("point", String(64), ForeignKey("points.id"), primary_key=True),
    Column("start", Timestamp, primary_key=True, autoincrement=False),
    Column("cause", String(1000), nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
)


REDIALS = Table(  # lost connections of points and attempts to reconnect
    "redials",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False),
    Column("point", String(64), ForeignKey("points.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at", Timestamp, nullable=False),
    Index("redials_session", "session"),
)


ROLLS = Table(  # sessions whose host asked for attendee lists
    "rolls",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("asked", Timestamp, nullable=False),
    Column("by", String(200), nullable=False),
)

LISTS = Table(  # attendee lists of points; names are erased when the profile says so (I-10)
    "lists",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("point", String(64), ForeignKey("points.id"), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("people", Text, nullable=False),  # JSON
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
)
