"""SQL tables of votes. Nothing in them joins a point with its secret ballot (decision 84).

The rows of `voters` are written in the order of the session when a vote is opened, and have neither a time nor a number
of their own.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint, false

from scheduler.core.schema import METADATA
from scheduler.core.sql_types import Timestamp

VOTES = Table(  # question and choices are erased when the profile says so (I-10)
    "votes",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("question", String(1000), nullable=False),
    Column("choices", Text, nullable=False),  # JSON
    Column("secret", Boolean, nullable=False),
    Column("quorum", String(16), nullable=False),
    Column("majority", String(16), nullable=False),
    Column("base", String(16), nullable=False),
    Column("item", String(32)),
    Column("opened", Timestamp, nullable=False),
    Column("by", String(200), nullable=False),
    Column("deadline", Timestamp),
    Column("closed", Timestamp),
    Column("closed_by", String(200), nullable=False),
    Column("announced", Timestamp),
    Column("counts", Text),  # JSON, once it is closed
    Column("sealed", Text),  # the encrypted counts of a secret vote, until it is closed
    Column("cancelled", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("session", "number"),
)

VOTERS = Table(  # the points entitled to vote; `choice` stays empty in a secret vote
    "voters",
    METADATA,
    Column("vote", String(32), ForeignKey("votes.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("point", String(64), ForeignKey("points.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("label", String(250), nullable=False),
    Column("voted", Boolean, nullable=False),
    Column("choice", Integer),
    Column("aloud", Boolean, nullable=False),
    UniqueConstraint("vote", "point"),
)
