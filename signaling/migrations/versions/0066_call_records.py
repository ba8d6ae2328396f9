"""Records of calls with room systems."""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; earlier calls left no record."""
    op.create_table(
        "call_records",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("began", sa.BigInteger, nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("point", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("transport", sa.String(8), nullable=False),
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("answered", sa.BigInteger),
        sa.Column("ended", sa.BigInteger),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("sound", sa.String(32), nullable=False),
        sa.Column("picture", sa.String(32), nullable=False),
        sa.Column("protection", sa.String(16), nullable=False),
        sa.Column("lost_up", sa.Float),
        sa.Column("lost_down", sa.Float),
        sa.Column("round_trip", sa.Float),
    )
    op.create_index("call_records_began", "call_records", ["began"])
    op.create_index("call_records_device", "call_records", ["device"])


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_index("call_records_device", "call_records")
    op.drop_index("call_records_began", "call_records")
    op.drop_table("call_records")
