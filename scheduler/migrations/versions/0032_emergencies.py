"""Acknowledgements of emergencies (Điều 12.3)."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody took note of any."""
    op.create_table(
        "emergencies_seen",
        sa.Column("subject", sa.String(32), primary_key=True),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("emergencies_seen")
