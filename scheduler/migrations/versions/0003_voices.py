"""The wish to keep the sound of each point beside a session's recording."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the wish; nobody had it before."""
    op.add_column("sessions", sa.Column("voices", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_column("sessions", "voices")
