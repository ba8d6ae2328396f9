"""Whether a controller may move the camera of a room system, which a technician of the centre allows."""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; until now nobody could."""
    op.add_column("devices", sa.Column("camera_control", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_column("devices", "camera_control")
