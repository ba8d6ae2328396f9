"""Correction requests: units check their figures; their replies."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "figure_requests",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("title", sa.String(1000), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("reminded", sa.BigInteger),
    )
    op.create_table(
        "figure_answers",
        sa.Column("request", sa.String(32), sa.ForeignKey("figure_requests.id"), primary_key=True),
        sa.Column("unit", sa.String(64), sa.ForeignKey("units.id"), primary_key=True),
        sa.Column("counted", sa.Text, nullable=False),
        sa.Column("said", sa.Text),
        sa.Column("remark", sa.String(1000), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger),
    )


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("figure_answers")
    op.drop_table("figure_requests")
