"""Last sign-ins, ages and history of passwords, and the break-glass account, for the policy of accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0076"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("accounts", sa.Column("last_login", sa.BigInteger))
    op.add_column("accounts", sa.Column("password_changed", sa.BigInteger))
    op.add_column("accounts", sa.Column("break_glass", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("logins", sa.Column("used", sa.BigInteger))
    op.create_table(
        "former_passwords",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("account", sa.String(64), sa.ForeignKey("accounts.account", ondelete="CASCADE"), nullable=False),
        sa.Column("password", sa.String(200), nullable=False),
    )
    op.create_index("ix_former_passwords_account", "former_passwords", ["account"])


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("former_passwords")
    with op.batch_alter_table("logins") as batch:
        batch.drop_column("used")
    with op.batch_alter_table("accounts") as batch:
        for column in ("last_login", "password_changed", "break_glass"):
            batch.drop_column(column)
