"""Servers that stand by know the system and the address of the one that leads."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, unless the server that migrates has done so with the lease that it holds."""
    present = {each["name"] for each in sa.inspect(op.get_bind()).get_columns("server_lease")}
    for column in (
        sa.Column("system", sa.String(32), nullable=False, server_default=""),
        sa.Column("address", sa.String(100), nullable=False, server_default=""),
    ):
        if column.name not in present:
            op.add_column("server_lease", column)


def downgrade() -> None:
    """Drop what the upgrade added."""
    with op.batch_alter_table("server_lease") as batch:
        batch.drop_column("address")
        batch.drop_column("system")
