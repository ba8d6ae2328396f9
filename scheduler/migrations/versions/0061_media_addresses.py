"""Addresses from which a device's media may come besides its own (RFC 7362)."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; until now media came from the address in the SDP alone."""
    op.add_column("devices", sa.Column("media_addresses", sa.String(200), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("devices", "media_addresses")
