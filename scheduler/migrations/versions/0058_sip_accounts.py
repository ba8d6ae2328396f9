"""User part and PIN by which a device is dialled, user name and password of digest (RFC 3261 §19.1.1, §22)."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; until now no user part was dialled, and no password given."""
    op.add_column("devices", sa.Column("sip_user", sa.String(64), nullable=False, server_default=""))
    op.add_column("devices", sa.Column("auth_user", sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "sip_secrets",
        sa.Column("device", sa.String(32), sa.ForeignKey("devices.id"), primary_key=True),
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("sealed", sa.String(1000), nullable=False),
    )


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("sip_secrets")
    op.drop_column("devices", "auth_user")
    op.drop_column("devices", "sip_user")
