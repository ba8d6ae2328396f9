"""Drafts that letters became, and when a letter came to its server."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; letters so far came when they were read."""
    with op.batch_alter_table("letters_received") as table:
        table.add_column(sa.Column("arrived", sa.BigInteger, nullable=False, server_default="0"))
        table.add_column(sa.Column("draft", sa.String(32)))
        table.create_foreign_key("letter_draft", "drafts", ["draft"], ["id"])
    op.execute("UPDATE letters_received SET arrived = at")


def downgrade() -> None:
    """Drop what the upgrade added."""
    with op.batch_alter_table("letters_received") as table:
        table.drop_constraint("letter_draft", type_="foreignkey")
        table.drop_column("draft")
        table.drop_column("arrived")
