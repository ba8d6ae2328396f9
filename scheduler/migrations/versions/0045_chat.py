"""Chat messages of meetings."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; before it nobody could write."""
    op.create_table(
        "chat",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("point", sa.String(64), sa.ForeignKey("points.id")),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("chair", sa.Boolean, nullable=False),
        sa.Column("recipient", sa.String(64), sa.ForeignKey("points.id")),
        sa.Column("text", sa.String(500), nullable=False),
    )
    op.create_index("chat_session", "chat", ["session"])


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_index("chat_session", "chat")
    op.drop_table("chat")
