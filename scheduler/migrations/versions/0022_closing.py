"""Closing checklists, handovers of recordings, documents, and requests for them."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "closing_ticks",
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), primary_key=True),
        sa.Column("place", sa.String(64), primary_key=True),
        sa.Column("item", sa.String(32), primary_key=True),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "closings",
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), primary_key=True),
        sa.Column("kind", sa.String(32)),
        sa.Column("reminded", sa.BigInteger),
    )
    op.create_table(
        "handovers",
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), primary_key=True),
        sa.Column("unit", sa.String(64), sa.ForeignKey("units.id"), nullable=False),
        sa.Column("ended", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False, index=True),
        sa.Column("told", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("received", sa.BigInteger),
        sa.Column("received_by", sa.String(200), nullable=False),
        sa.Column("keep_until", sa.BigInteger),
        sa.Column("reminded", sa.BigInteger),
        sa.Column("warned", sa.BigInteger),
        sa.Column("deleted", sa.BigInteger),
    )
    op.create_table(
        "documents",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), nullable=False, index=True),
        sa.Column("name", sa.String(250), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("path", sa.String(64), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "material_grants",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), nullable=False, index=True),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("unit", sa.String(64), sa.ForeignKey("units.id"), nullable=False, index=True),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("asked", sa.BigInteger, nullable=False),
        sa.Column("text", sa.String(1000), nullable=False),
        sa.Column("answer", sa.String(16), nullable=False),
        sa.Column("answered_by", sa.String(200), nullable=False),
        sa.Column("answered", sa.BigInteger),
        sa.Column("until", sa.BigInteger),
    )


def downgrade() -> None:
    """Drop what the upgrade added."""
    for table in ("material_grants", "documents", "handovers", "closings", "closing_ticks"):
        op.drop_table(table)
