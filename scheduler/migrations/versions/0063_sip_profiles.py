"""The profile by which a room system is offered what its make takes."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; until now all were offered the same."""
    op.add_column("devices", sa.Column("sip_profile", sa.String(16), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_column("devices", "sip_profile")
