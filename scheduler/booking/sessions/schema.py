"""Tables of sessions beside those of `scheduler.core.schema`: scripts, presets, codes, history, numbers.

Times are whole seconds since 1970 in UTC, so that every comparison is exact.
"""

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
)

from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp

PRESETS = Table(  # layouts that controllers prepared for a session, as JSON that is opaque here
    "layout_presets",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("layout", Text, nullable=False),
)

SCRIPT_ITEMS = Table(
    "script_items",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("title", String(1000), nullable=False),
    Column("point", String(64), ForeignKey("points.id")),
    Column("layout", String(32)),
    Column("minutes", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
)

CODES = Table(  # every code ever issued, so that none is issued twice (I10)
    "codes",
    METADATA,
    Column("mark", String(18), primary_key=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False),
    Column("issued", Timestamp, nullable=False),
    Column("died", Timestamp),
    Column("sealed", String(120)),  # the encrypted code, until it dies
)


HAPPENINGS = Table(  # history of sessions; each row is written in the transaction of the change
    "happenings",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", Timestamp, nullable=False),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("cause", String(32), ForeignKey("sessions.id")),
    Column("by", String(200), nullable=False, server_default=""),  # empty: the system
    Column("reason", String(500), nullable=False, server_default=""),
    Column("profile", String(64), nullable=False, server_default=""),  # of the decision; empty in older rows
)


REGISTRATION_COUNTER = Table(  # the last number given in each year of the province's calendar
    "registration_counter",
    METADATA,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)
