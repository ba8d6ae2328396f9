"""The days of units, and every profile that decisions were taken under."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them: units known so far have no first or last day; sessions so far have version 1 of their profile."""
    op.add_column("units", sa.Column("valid_from", sa.Date))
    op.add_column("units", sa.Column("valid_to", sa.Date))
    op.add_column("units", sa.Column("successor", sa.String(64)))
    op.create_table(
        "profiles",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("recorded", sa.BigInteger, nullable=False),
    )
    op.execute("UPDATE sessions SET profile = profile || '/1'")


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.execute("UPDATE sessions SET profile = substr(profile, 1, length(profile) - 2) WHERE profile LIKE '%/1'")
    op.drop_table("profiles")
    for column in ("successor", "valid_to", "valid_from"):
        op.drop_column("units", column)
