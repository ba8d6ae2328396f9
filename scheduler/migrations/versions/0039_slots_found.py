"""Indexes by which the slots of a time are found without reading all before or after it."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes: the longest slot says how far before a time one may begin that reaches into it."""
    op.create_index("slots_start_end", "slots", ["start", "end"])
    op.create_index("slots_length", "slots", [sa.text('("end" - start)')])


def downgrade() -> None:
    """Look through all of them."""
    op.drop_index("slots_length", "slots")
    op.drop_index("slots_start_end", "slots")
