"""The path of an RTSP camera's stream, which stood in the column of the number that is called by SIP."""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it, and move there what cameras have in the other column."""
    op.add_column("devices", sa.Column("stream_path", sa.String(200), nullable=False, server_default=""))
    op.execute("UPDATE devices SET stream_path = sip_user, sip_user = '' WHERE protocol = 'RTSP'")


def downgrade() -> None:
    """Move them back, as far as the column takes them."""
    op.execute("UPDATE devices SET sip_user = substr(stream_path, 1, 64) WHERE protocol = 'RTSP'")
    op.drop_column("devices", "stream_path")
