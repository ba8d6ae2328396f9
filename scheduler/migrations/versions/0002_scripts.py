"""Scripts of sessions: ordered items with point, layout and planned minutes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the items; sessions registered before have none."""
    op.create_table(
        "script_items",
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), primary_key=True),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("title", sa.String(1000), nullable=False),
        sa.Column("point", sa.String(64), sa.ForeignKey("points.id")),
        sa.Column("layout", sa.String(32)),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
    )


def downgrade() -> None:
    """Drop the scripts."""
    op.drop_table("script_items")
