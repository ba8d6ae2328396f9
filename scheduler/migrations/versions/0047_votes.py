"""Votes of meetings."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; before them nobody could vote."""
    op.create_table(
        "votes",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("question", sa.String(1000), nullable=False),
        sa.Column("choices", sa.Text, nullable=False),
        sa.Column("secret", sa.Boolean, nullable=False),
        sa.Column("quorum", sa.String(16), nullable=False),
        sa.Column("majority", sa.String(16), nullable=False),
        sa.Column("base", sa.String(16), nullable=False),
        sa.Column("item", sa.String(32)),
        sa.Column("opened", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("deadline", sa.BigInteger),
        sa.Column("closed", sa.BigInteger),
        sa.Column("closed_by", sa.String(200), nullable=False),
        sa.Column("announced", sa.BigInteger),
        sa.Column("counts", sa.Text),
        sa.Column("sealed", sa.Text),
        sa.UniqueConstraint("session", "number"),
    )
    op.create_table(
        "voters",
        sa.Column("vote", sa.String(32), sa.ForeignKey("votes.id"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("point", sa.String(64), sa.ForeignKey("points.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("label", sa.String(250), nullable=False),
        sa.Column("voted", sa.Boolean, nullable=False),
        sa.Column("choice", sa.Integer),
        sa.Column("aloud", sa.Boolean, nullable=False),
        sa.UniqueConstraint("vote", "point"),
    )


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("voters")
    op.drop_table("votes")
