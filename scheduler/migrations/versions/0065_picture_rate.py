"""The bitrate that the picture of a device may take, either way."""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; until now all had that of their make's profile, and go on having it."""
    op.add_column("devices", sa.Column("picture_kbps", sa.Integer))


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_column("devices", "picture_kbps")
