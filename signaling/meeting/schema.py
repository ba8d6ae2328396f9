"""SQL table of running meetings."""

from sqlalchemy import BigInteger, Column, String, Table, Text

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
