"""The number of the last entry of the audit log that was sent to a syslog server."""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "syslog_position",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entry", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("syslog_position")
