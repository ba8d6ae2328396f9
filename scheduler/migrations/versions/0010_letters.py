"""Letters that came to the official mailbox."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "letters_received",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("message_id", sa.String(500), nullable=False),
        sa.Column("sender", sa.String(254), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("validity", sa.BigInteger, nullable=False),
        sa.Column("uid", sa.BigInteger, nullable=False),
        sa.Column("unit", sa.String(64), sa.ForeignKey("units.id")),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("authentication", sa.String(300), nullable=False),
        sa.Column("fate", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("handled", sa.BigInteger),
        sa.Column("handled_by", sa.String(64), nullable=False),
        sa.UniqueConstraint("message_id", "sender", name="letter_once"),
    )
    op.create_index("letters_received_place", "letters_received", ["validity", "uid"])
    op.create_index("letters_received_fate", "letters_received", ["fate", "at"])
    op.create_table(
        "letters_raw",
        sa.Column("letter", sa.BigInteger, sa.ForeignKey("letters_received.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("raw", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("letters_raw")
    op.drop_table("letters_received")
