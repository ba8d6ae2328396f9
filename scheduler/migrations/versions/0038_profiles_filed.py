"""Profiles that an administrator uploaded (R-108)."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table: no profile is filed yet."""
    op.create_table(
        "profiles_filed",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop the table; what the profiles said stays kept."""
    op.drop_table("profiles_filed")
