"""Floor times in meetings: account, start and end."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; of meetings held before nothing is known."""
    op.create_table(
        "speeches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("point", sa.String(64), sa.ForeignKey("points.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("topic", sa.String(200), nullable=False),
        sa.Column("began", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger),
    )
    op.create_index("speeches_session", "speeches", ["session"])


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_index("speeches_session", "speeches")
    op.drop_table("speeches")
