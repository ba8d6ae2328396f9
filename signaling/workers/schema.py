"""SQL tables of the keys of media workers on other machines, and of workers that are drained."""

from sqlalchemy import Column, Integer, String, Table

from scheduler.core.sql_types import Timestamp
from signaling.core.schema import METADATA

WORKER_KEYS = Table(  # by which media workers of other machines are known; a key itself is nowhere
    "worker_keys",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("created", Timestamp, nullable=False),
)

WORKER_DRAINS = Table(  # workers, or machines with all of theirs, that administrators want empty
    "worker_drains",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("rooms", Integer, nullable=False),
    Column("seats", Integer, nullable=False),
)
