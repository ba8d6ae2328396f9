"""The port and the transport on which a device takes calls (Điều 11.7)."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; all were called on 5060, and by what fits from now on."""
    op.add_column("devices", sa.Column("port", sa.Integer))
    op.add_column("devices", sa.Column("transport", sa.String(8), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_column("devices", "transport")
    op.drop_column("devices", "port")
