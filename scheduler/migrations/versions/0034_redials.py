"""Lost connections of points, and each attempt to reconnect."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; of meetings held before nothing is known."""
    op.create_table(
        "redials",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("point", sa.String(64), sa.ForeignKey("points.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("redials_session", "redials", ["session"])


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_index("redials_session", "redials")
    op.drop_table("redials")
