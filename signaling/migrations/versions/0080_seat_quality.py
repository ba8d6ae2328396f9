"""The quality of seats' connections over time."""

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "seat_quality",
        sa.Column("session", sa.String(64), primary_key=True),
        sa.Column("seat", sa.String(64), primary_key=True),
        sa.Column("begin", sa.BigInteger, primary_key=True),
        sa.Column("point", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("product", sa.String(200), nullable=False),
        sa.Column("series", sa.LargeBinary, nullable=False),
    )
    op.create_index("seat_quality_begin", "seat_quality", ["begin"])


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("seat_quality")
