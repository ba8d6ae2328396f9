"""Accounts whose people a provider of OpenID Connect, or a directory, knows."""

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    account = sa.ForeignKey("accounts.account", ondelete="CASCADE")
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(400), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("account", sa.String(64), account, nullable=False, unique=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("login", sa.String(255), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("identities")
