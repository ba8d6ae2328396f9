"""Webhooks and their deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "webhooks",
        sa.Column("name", sa.String(58), primary_key=True),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("events", sa.String(500), nullable=False),
        sa.Column("sealed", sa.String(200), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("paused", sa.BigInteger),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("message", sa.String(36), nullable=False, unique=True),
        sa.Column("webhook", sa.String(58), sa.ForeignKey("webhooks.name", ondelete="CASCADE"), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("error", sa.String(200), nullable=False),
        sa.Column("sent", sa.BigInteger),
    )
    op.create_index("webhook_deliveries_due", "webhook_deliveries", ["state", "webhook", "due"])


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
