"""Technical checks of points and persons on duty."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "checks",
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("point", sa.String(64), sa.ForeignKey("points.id"), primary_key=True),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("words", sa.String(1000), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "duties",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), nullable=False, index=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("point", sa.String(64), sa.ForeignKey("points.id")),
        sa.Column("unit", sa.String(64), sa.ForeignKey("units.id")),
        sa.Column("account", sa.String(64)),
        sa.Column("name", sa.String(500), nullable=False),
        sa.Column("phone", sa.String(16), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("arrived", sa.BigInteger),
    )


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("duties")
    op.drop_table("checks")
