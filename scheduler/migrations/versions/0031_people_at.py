"""The number of people expected at each point (Điều 13.1)."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; what was registered before counted all points together."""
    op.add_column("sessions", sa.Column("people_at", sa.Text, nullable=False, server_default="{}"))


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_column("sessions", "people_at")
