"""SQL table of the keys of media workers on other machines."""

from sqlalchemy import Column, String, Table

from scheduler.core.sql_types import Timestamp
from signaling.core.schema import METADATA

WORKER_KEYS = Table(  # by which media workers of other machines are known; a key itself is nowhere
    "worker_keys",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("created", Timestamp, nullable=False),
)
