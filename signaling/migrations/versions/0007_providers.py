"""Accounts of people of a telecom enterprise."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; no account belongs to a provider yet."""
    op.add_column("accounts", sa.Column("provider", sa.String(32)))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("accounts", "provider")
