"""Accounts, logins, recordings, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    _people()
    _recordings()
    _audit()


def downgrade() -> None:
    """Drop everything, children first."""
    for table in ("audit", "recordings", "logins", "accounts"):
        op.drop_table(table)


def _people() -> None:
    op.create_table(
        "accounts",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("password", sa.String(200), nullable=False),
        sa.Column("roles", sa.String(200), nullable=False),
        sa.Column("unit", sa.String(64)),
        sa.Column("point", sa.String(64)),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("must_change", sa.Boolean, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    account = sa.ForeignKey("accounts.account", ondelete="CASCADE")
    op.create_table(
        "logins",
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(64), account, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("logins_account", "logins", ["account"])


def _recordings() -> None:
    op.create_table(
        "recordings",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("path", sa.String(1000), nullable=False, unique=True),
        sa.Column("title", sa.String(1000), nullable=False),
        sa.Column("host", sa.String(200), nullable=False),
        sa.Column("host_unit", sa.String(64), nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Integer),
        sa.Column("bytes", sa.BigInteger),
        sa.Column("state", sa.String(16), nullable=False),
        sa.UniqueConstraint("session", "part"),
    )
    op.create_index("recordings_host_unit", "recordings", ["host_unit"])


def _audit() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "audit",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("detail", sa.String(1000), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("port", sa.Integer, nullable=False),
    )
