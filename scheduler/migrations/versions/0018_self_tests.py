"""Self-tests of points."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "self_tests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("point", sa.String(64), sa.ForeignKey("points.id"), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("camera", sa.Boolean, nullable=False),
        sa.Column("mic_dbfs", sa.Integer),
        sa.Column("luma", sa.Integer),
        sa.Column("down_kbps", sa.Integer),
        sa.Column("up_kbps", sa.Integer),
        sa.Column("latency_ms", sa.Integer),
        sa.Column("browser", sa.String(500), nullable=False),
        sa.Column("screen", sa.String(100), nullable=False),
        sa.Column("ticks", sa.Text, nullable=False),
        sa.Column("failed", sa.Text, nullable=False),
    )
    op.create_index("self_tests_point", "self_tests", ["point", "at"])


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_index("self_tests_point", "self_tests")
    op.drop_table("self_tests")
