"""Official mailboxes of units, and notices that wait to be sent."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; decisions taken before are told to nobody."""
    op.create_table(
        "mailboxes",
        sa.Column("unit", sa.String(64), sa.ForeignKey("units.id"), primary_key=True),
        sa.Column("address", sa.String(254), nullable=False, unique=True),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(500), nullable=False, unique=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("unit", sa.String(64), sa.ForeignKey("units.id")),
        sa.Column("session", sa.String(32), index=True),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("thread", sa.String(998), nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("error", sa.String(200), nullable=False),
        sa.Column("sent", sa.BigInteger),
    )
    op.create_index("outbox_state_due", "outbox", ["state", "due"])


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("outbox")
    op.drop_table("mailboxes")
