"""Add the account and the reason to each history row of a session."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; of what happened before nobody knows."""
    op.add_column("happenings", sa.Column("by", sa.String(200), nullable=False, server_default=""))
    op.add_column("happenings", sa.Column("reason", sa.String(500), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_column("happenings", "reason")
    op.drop_column("happenings", "by")
