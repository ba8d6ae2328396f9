"""Table of what came of transcripts; the words lie in encrypted files beside the recordings."""

from sqlalchemy import Column, ForeignKey, String, Table

from scheduler.core.sql_types import Timestamp
from signaling.core.schema import METADATA

TRANSCRIPTS = Table(  # a part without a row waits for its transcript
    "transcripts",
    METADATA,
    Column("recording", String(64), ForeignKey("recordings.id"), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("reason", String(32)),
    Column("model", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
)
