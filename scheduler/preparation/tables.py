"""The tables of preparation and attendance, beside the scheduler's. Times are whole seconds since 1970 in UTC."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from scheduler.tables import METADATA

STAYS = Table(  # when a point was connected; an open one was alive at `seen`
    "stays",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("session", String(32), ForeignKey("sessions.id"), nullable=False),
    Column("point", String(64), ForeignKey("points.id"), nullable=False),
    Column("joined", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("left", BigInteger),
    Index("stays_session", "session", "point"),
    Index("stays_left", "left"),  # the open ones are looked through every few seconds
)

EXPLANATIONS = Table(  # what a point says of an interruption that began then
    "explanations",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("point", String(64), ForeignKey("points.id"), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("cause", String(1000), nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
)
