"""Replies that are owed to units, and when each was given."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; the clerk fills it with what happened so far."""
    op.create_table(
        "answers",
        sa.Column("subject", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("unit", sa.String(64), nullable=False),
        sa.Column("klass", sa.String(16), nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("effective", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("start", sa.BigInteger),
        sa.Column("answered", sa.BigInteger),
        sa.Column("told", sa.Integer, nullable=False),
        sa.Column("happening", sa.Integer),
    )
    op.create_index("answers_answered_due", "answers", ["answered", "due"])
    op.create_index("answers_happening", "answers", ["happening"])


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("answers")
