"""Tables of policy profiles."""

from sqlalchemy import Column, Integer, String, Table, Text

from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp

PROFILES = Table(  # every version of a profile that was in use here, for the decisions under it
    "profiles",
    METADATA,
    Column("id", String(48), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("content", Text, nullable=False),  # JSON
    Column("recorded", Timestamp, nullable=False),
)


PROFILES_FILED = Table(  # uploaded profiles, beside the configured ones
    "profiles_filed",
    METADATA,
    Column("id", String(48), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
)
