"""Isolated tracks of points beside a recording: a file for each."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; recordings made before have none."""
    op.create_table(
        "solos",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("recording", sa.String(64), sa.ForeignKey("recordings.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("path", sa.String(1000), nullable=False),
        sa.Column("name", sa.String(1000), nullable=False),
        sa.Column("milliseconds", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    op.create_index("ix_solos_recording", "solos", ["recording"])


def downgrade() -> None:
    """Drop the table; the files stay on the disk."""
    op.drop_table("solos")
