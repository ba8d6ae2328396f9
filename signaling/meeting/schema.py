"""SQL tables of running meetings, and of what their records have."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from scheduler.core.sql_types import Timestamp
from signaling.core.schema import METADATA

MEETINGS = Table(  # running ones; `epoch` is raised by each process that takes over
    "conferences",
    METADATA,
    Column("session", String(64), primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("record", Text, nullable=False),
    Column("changed", Timestamp, nullable=False),
)

STORED_FACTS = Table(  # one row: the last fact of the records of meetings that the server that leads stored
    "stored_facts",
    METADATA,
    Column("writer", String(32), primary_key=True),
    Column("number", Integer, nullable=False),
)
