"""Reports of test calls, kept with the record of the call."""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; earlier calls were no test calls."""
    op.add_column("call_records", sa.Column("report", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_column("call_records", "report")
