"""The database says which earlier releases still work on its tables."""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; the migration that this one is part of fills it."""
    op.create_table(
        "table_versions",
        sa.Column("part", sa.String(16), primary_key=True),
        sa.Column("oldest", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("table_versions")
