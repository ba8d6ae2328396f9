"""Tables of official letters."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp

LETTERS = Table(  # letters to the official mailbox and the decision on each; unique by Message-ID and sender
    "letters_received",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("message_id", String(500), nullable=False),
    Column("sender", String(254), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("arrived", Timestamp, nullable=False, server_default="0"),  # at the mail server
    Column("draft", String(32), ForeignKey("drafts.id", name="letter_draft")),
    Column("size", BigInteger, nullable=False),
    Column("validity", BigInteger, nullable=False),  # UIDVALIDITY and UID: where it lies (RFC 3501 §2.3.1)
    Column("uid", BigInteger, nullable=False),
    Column("unit", String(64), ForeignKey("units.id")),
    Column("verdict", String(8), nullable=False),
    Column("authentication", String(300), nullable=False),
    Column("fate", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("handled", Timestamp),
    Column("handled_by", String(64), nullable=False),
    UniqueConstraint("message_id", "sender", name="letter_once"),
    Index("letters_received_place", "validity", "uid"),
    Index("letters_received_fate", "fate", "at"),
)


LETTERS_RAW = Table(  # raw bytes, for the person who confirms the extracted draft
    "letters_raw",
    METADATA,
    Column("letter", BigInteger, ForeignKey("letters_received.id", ondelete="CASCADE"), primary_key=True),
    Column("raw", LargeBinary, nullable=False),
)
