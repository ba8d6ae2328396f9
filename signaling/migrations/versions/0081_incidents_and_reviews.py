"""Security incidents, the yearly reports on them, and reviews of accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "security_incidents",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("found", sa.BigInteger, nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("reported", sa.BigInteger),
        sa.Column("reported_to", sa.String(200), nullable=False),
        sa.Column("reported_by", sa.String(64), nullable=False),
        sa.Column("closed", sa.BigInteger),
        sa.Column("closed_by", sa.String(64), nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
    )
    op.create_index("ix_security_incidents_found", "security_incidents", ["found"])
    op.create_table(
        "security_reports",
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("to", sa.String(200), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
    )
    op.create_table(
        "account_reviews",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("accounts", sa.Integer, nullable=False),
        sa.Column("disabled", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("remark", sa.String(1000), nullable=False),
    )


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("account_reviews")
    op.drop_table("security_reports")
    op.drop_table("security_incidents")
