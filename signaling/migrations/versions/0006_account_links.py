"""Accounts can be disabled, and are issued by one-time links."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the table of links; no account is disabled."""
    op.add_column("accounts", sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "account_links",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column(
            "account",
            sa.String(64),
            sa.ForeignKey("accounts.account", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("issued_by", sa.String(64), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger),
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("account_links")
    op.drop_column("accounts", "disabled")
