"""A recording says why its file could not be made."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, which is empty for recordings so far: `reason` says why they are broken."""
    op.add_column("recordings", sa.Column("failure", sa.String(32)))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("recordings", "failure")
