"""Classes of sessions, revoked codes, plans held for the operator, and the history of sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; all sessions so far are ordinary, and codes no session has any more are dead since they were issued."""
    op.add_column("sessions", sa.Column("klass", sa.String(16), nullable=False, server_default="thuong"))
    op.add_column("codes", sa.Column("died", sa.BigInteger))
    op.execute("UPDATE codes SET died = issued WHERE code NOT IN (SELECT code FROM sessions WHERE code IS NOT NULL)")
    op.create_table(
        "held_plans",
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("victims", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "happenings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("cause", sa.String(32), sa.ForeignKey("sessions.id")),
    )
    op.create_index("sessions_state", "sessions", ["state"])


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_index("sessions_state", "sessions")
    op.drop_table("happenings")
    op.drop_table("held_plans")
    op.drop_column("codes", "died")
    op.drop_column("sessions", "klass")
