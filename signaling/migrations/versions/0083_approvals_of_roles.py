"""The roles that an account had and is to have, of requests that a second person decides."""

import sqlalchemy as sa
from alembic import op

revision = "0083"
down_revision = "0081"
branch_labels = None
depends_on = None
COLUMNS = "roles_before", "roles"


def upgrade() -> None:
    """Add the columns."""
    for name in COLUMNS:
        op.add_column("approvals", sa.Column(name, sa.String(200), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop what the upgrade added."""
    with op.batch_alter_table("approvals") as table:
        for name in COLUMNS:
            table.drop_column(name)
