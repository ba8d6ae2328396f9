"""Votes are cancelled when their question was a mistake."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add whether a vote was cancelled; none was before."""
    op.add_column("votes", sa.Column("cancelled", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_column("votes", "cancelled")
