"""Neighbouring systems, and what is reserved between them and this one."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "neighbours",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("point", sa.String(64), nullable=False, unique=True),
        sa.Column("our_point", sa.String(64), nullable=False),
        sa.Column("url", sa.String(200), nullable=False),
        sa.Column("authority", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sealed", sa.String(200), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "cascade_reservations",
        sa.Column("neighbour", sa.String(32), primary_key=True),
        sa.Column("session", sa.String(64), primary_key=True),
        sa.Column("ours", sa.String(32), nullable=False, server_default=""),
        sa.Column("told", sa.String(64), nullable=False, server_default=""),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("number", sa.String(40), nullable=False, server_default=""),
        sa.Column("detail", sa.String(500), nullable=False, server_default=""),
        sa.Column("sealed", sa.String(200), nullable=False, server_default=""),
        sa.Column("ends", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("cascade_reservations")
    op.drop_table("neighbours")
