"""SQL tables of neighbouring systems, and of what was reserved between them and this one."""

from sqlalchemy import Column, String, Table, Text

from scheduler.core.sql_types import Timestamp
from signaling.core.schema import METADATA

NEIGHBOURS = Table(  # one below has a URL and the key it gave us, encrypted; one above the hash of the key we gave it
    "neighbours",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("point", String(64), nullable=False, unique=True),  # which stands for it in our sessions
    Column("our_point", String(64), nullable=False),  # our point in sessions of one above; empty for one below
    Column("url", String(200), nullable=False),  # empty for one above
    Column("authority", Text, nullable=False),  # PEM, beside the system's authorities
    Column("digest", String(64), nullable=False),
    Column("sealed", String(200), nullable=False),
    Column("created", Timestamp, nullable=False),
)

RESERVATIONS = Table(  # sessions that are held with a neighbour, by the id of the session at the system above
    "cascade_reservations",
    METADATA,
    Column("neighbour", String(32), primary_key=True),
    Column("session", String(64), primary_key=True),
    Column("ours", String(32), nullable=False, server_default=""),  # the session here that one above reserved
    Column("told", String(64), nullable=False, server_default=""),  # hash of what the answer is about
    Column("state", String(16), nullable=False),
    Column("number", String(40), nullable=False, server_default=""),  # of the session below
    Column("detail", String(500), nullable=False, server_default=""),
    Column("sealed", String(200), nullable=False, server_default=""),  # the code of the session below, encrypted
    Column("ends", Timestamp, nullable=False),
    Column("at", Timestamp, nullable=False),
)
