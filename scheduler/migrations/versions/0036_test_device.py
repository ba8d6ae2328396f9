"""The device of a self-test; whoever controls needs a laptop (Điều 10.2.b)."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; nobody said so before."""
    op.add_column("self_tests", sa.Column("device", sa.String(16), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_column("self_tests", "device")
