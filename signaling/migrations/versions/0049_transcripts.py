"""Recordings have transcripts."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; recordings so far wait for their transcripts, as new ones do."""
    op.create_table(
        "transcripts",
        sa.Column("recording", sa.String(64), sa.ForeignKey("recordings.id"), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop the table; the files stay beside the recordings until these are deleted."""
    op.drop_table("transcripts")
