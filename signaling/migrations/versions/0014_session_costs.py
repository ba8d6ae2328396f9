"""The costs of a session on this machine are kept with the capacity."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "session_costs",
        sa.Column("measured", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("machine", sa.String(200), nullable=False),
        sa.Column("cores", sa.Integer, nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("forwarded_pct", sa.Float, nullable=False),
        sa.Column("composed_pct", sa.Float, nullable=False),
        sa.Column("recorded_pct", sa.Float, nullable=False),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("session_costs")
