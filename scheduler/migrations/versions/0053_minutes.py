"""Speaking times of points, and when items of scripts were the current one."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; sessions held before have neither."""
    op.create_table(
        "speaking",
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), primary_key=True),
        sa.Column("point", sa.String(64), sa.ForeignKey("points.id"), primary_key=True),
        sa.Column("seconds", sa.Integer, nullable=False),
    )
    op.create_table(
        "item_times",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("item", sa.String(32), nullable=False),
        sa.Column("title", sa.String(1000), nullable=False),
        sa.Column("point", sa.String(64), sa.ForeignKey("points.id")),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("began", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger),
    )
    op.create_index("item_times_session", "item_times", ["session"])


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_index("item_times_session", "item_times")
    op.drop_table("item_times")
    op.drop_table("speaking")
