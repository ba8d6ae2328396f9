"""Incidents with their steps, and the quality of lines."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), nullable=False, index=True),
        sa.Column("point", sa.String(64), sa.ForeignKey("points.id")),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("text", sa.String(1000), nullable=False),
        sa.Column("reporter", sa.String(200), nullable=False),
        sa.Column("opened", sa.BigInteger, nullable=False, index=True),
        sa.Column("measured", sa.Text),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("assignee", sa.String(200), nullable=False),
        sa.Column("provider", sa.String(64)),
        sa.Column("resolved", sa.BigInteger),
    )
    op.create_index("incidents_state", "incidents", ["state"])
    op.create_table(
        "incident_steps",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("incident", sa.String(32), sa.ForeignKey("incidents.id"), nullable=False, index=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("text", sa.String(1000), nullable=False),
    )
    op.create_table(
        "line_minutes",
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), primary_key=True),
        sa.Column("point", sa.String(64), sa.ForeignKey("points.id"), primary_key=True),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("lossy", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop what the upgrade added."""
    for table in ("line_minutes", "incident_steps", "incidents"):
        op.drop_table(table)
