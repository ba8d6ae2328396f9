"""Recordings get a mark that their files are encrypted; the server encrypts older ones when there is space."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; no file is encrypted yet."""
    op.add_column("recordings", sa.Column("sealed", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Drop the column; an older server cannot open the encrypted files."""
    op.drop_column("recordings", "sealed")
