"""Secret links of calendar feeds; a sign-in says where it was made."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the columns; earlier sign-ins keep theirs empty."""
    op.create_table(
        "calendar_links",
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(64), sa.ForeignKey("accounts.account", ondelete="CASCADE"), unique=True),
        sa.Column("unit", sa.String(64), unique=True),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
    )
    op.add_column("logins", sa.Column("address", sa.String(64), nullable=False, server_default=""))
    op.add_column("logins", sa.Column("browser", sa.String(200), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_column("logins", "browser")
    op.drop_column("logins", "address")
    op.drop_table("calendar_links")
