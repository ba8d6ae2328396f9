"""The register of controls with evidence."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "controls",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("checklist", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("item", sa.String(32), nullable=False),
        sa.Column("unit", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("remark", sa.String(1000), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("due", sa.Date, nullable=False),
    )
    op.create_index("controls_subject", "controls", ["subject", "checklist", "item"], unique=True)


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_index("controls_subject", "controls")
    op.drop_table("controls")
