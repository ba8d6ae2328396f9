"""The index of stays holds what reports need of them, so that they read no row of 300,000 a year."""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index from when until when, too."""
    op.drop_index("stays_session", "stays")
    op.create_index("stays_session", "stays", ["session", "point", "joined", "left"])


def downgrade() -> None:
    """Index sessions and points alone."""
    op.drop_index("stays_session", "stays")
    op.create_index("stays_session", "stays", ["session", "point"])
