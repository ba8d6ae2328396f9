"""The codecs that a device announces (Điều 11.5)."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; none was registered before."""
    op.add_column("devices", sa.Column("codecs", sa.String(500), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_column("devices", "codecs")
