"""Second factors of accounts: authenticator apps, security keys, recovery codes."""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

TABLES = ("totp_secrets", "recovery_codes", "security_keys", "second_factor_challenges")


def _of_account(*, primary_key: bool = False) -> "sa.Column[str]":
    reference = sa.ForeignKey("accounts.account", ondelete="CASCADE")
    return sa.Column("account", sa.String(64), reference, primary_key=primary_key, nullable=False)


def upgrade() -> None:
    """Add the tables, and the column that tells sign-ins with a second factor from others."""
    op.add_column("logins", sa.Column("second_factor", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "totp_secrets",
        _of_account(primary_key=True),
        sa.Column("sealed", sa.String(200), nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "recovery_codes",
        _of_account(primary_key=True),
        sa.Column("mark", sa.String(32), primary_key=True),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "security_keys",
        sa.Column("id", sa.String(32), primary_key=True),
        _of_account(),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("rp_id", sa.String(255), nullable=False),
        sa.Column("credential", sa.Text, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("last_used", sa.BigInteger),
    )
    op.create_table(
        "second_factor_challenges",
        sa.Column("id", sa.String(64), primary_key=True),
        _of_account(),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    for table in ("security_keys", "second_factor_challenges"):
        op.create_index(f"ix_{table}_account", table, ["account"])


def downgrade() -> None:
    """Drop what the upgrade added."""
    for table in TABLES:
        op.drop_table(table)
    with op.batch_alter_table("logins") as batch:
        batch.drop_column("second_factor")
