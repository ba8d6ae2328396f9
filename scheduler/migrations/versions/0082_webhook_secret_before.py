"""The secret of a webhook before the present one, which signs beside it for a day."""

import sqlalchemy as sa
from alembic import op

revision = "0082"
down_revision = "0077"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("webhooks", sa.Column("sealed_before", sa.String(200)))
    op.add_column("webhooks", sa.Column("before_until", sa.BigInteger))


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_column("webhooks", "before_until")
    op.drop_column("webhooks", "sealed_before")
