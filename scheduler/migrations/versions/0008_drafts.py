"""Registrations that wait in a unit's inbox."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add their table."""
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("number", sa.String(32), nullable=False, unique=True),
        sa.Column("unit", sa.String(64), sa.ForeignKey("units.id"), nullable=False, index=True),
        sa.Column("origin", sa.String(64), sa.ForeignKey("units.id"), index=True),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("source", sa.String(320), nullable=False),
        sa.Column("thread", sa.String(998), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("arrived", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("settled", sa.BigInteger),
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id")),
    )


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("drafts")
