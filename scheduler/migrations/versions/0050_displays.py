"""Room displays: devices that join by a key of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; before it no device had a key."""
    op.create_table(
        "displays",
        sa.Column("device", sa.String(32), sa.ForeignKey("devices.id"), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("sends", sa.Boolean, nullable=False),
        sa.Column("paired", sa.BigInteger, nullable=False),
    )
    op.create_index("displays_key", "displays", ["key"], unique=True)


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_index("displays_key", "displays")
    op.drop_table("displays")
