"""Points imported as active from a units file are marked as taken over: their assessment is still due."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_TAKE_OVER = """
UPDATE points SET taken_over = :now WHERE state = 'active'
AND id NOT IN (SELECT point FROM assessments) AND id NOT IN (SELECT point FROM point_moves)
"""


def upgrade() -> None:
    """Take over, as of now, what is active and was neither assessed nor moved."""
    op.add_column("points", sa.Column("taken_over", sa.BigInteger))
    op.get_bind().execute(sa.text(_TAKE_OVER), {"now": int(time.time())})


def downgrade() -> None:
    """Drop which they were."""
    op.drop_column("points", "taken_over")
