"""Whether the media of a device are encrypted (RFC 4568)."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the policy; until now no room system was encrypted."""
    op.add_column("devices", sa.Column("encryption", sa.String(16), nullable=False, server_default="off"))


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_column("devices", "encryption")
