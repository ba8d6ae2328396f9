"""What is kept for reports alone. Times are whole seconds since 1970 in UTC."""

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table

from scheduler.tables import METADATA

UPTIME = Table(  # stretches that a server ran
    "uptime",
    METADATA,
    Column("began", BigInteger, primary_key=True, autoincrement=False),
    Column("seen", BigInteger, nullable=False),
)

REVIEWS = Table(  # emergencies that were looked at afterwards
    "reviews",
    METADATA,
    Column("session", String(32), ForeignKey("sessions.id"), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by", String(200), nullable=False),
    Column("remark", String(1000), nullable=False),
)
