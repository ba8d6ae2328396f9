"""The picture of a recording may be composed afterwards."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; recordings so far were composed live."""
    op.add_column("recordings", sa.Column("composed", sa.String(16), nullable=False, server_default="live"))


def downgrade() -> None:
    """Drop the column; an older server cannot compose tracks."""
    op.drop_column("recordings", "composed")
