"""Media workers that administrators want empty."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "worker_drains",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("rooms", sa.Integer, nullable=False),
        sa.Column("seats", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("worker_drains")
