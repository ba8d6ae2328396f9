"""Marks in recordings: a title from a time on, which become chapters of the file."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; recordings made before have no marks."""
    op.create_table(
        "marks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("recording", sa.String(64), sa.ForeignKey("recordings.id"), nullable=False),
        sa.Column("milliseconds", sa.BigInteger, nullable=False),
        sa.Column("title", sa.String(1000), nullable=False),
    )
    op.create_index("ix_marks_recording", "marks", ["recording"])


def downgrade() -> None:
    """Drop the marks; remuxed files keep their chapters."""
    op.drop_table("marks")
