"""History rows of sessions name the profile they were decided under (R-001)."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("happenings", sa.Column("profile", sa.String(64), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("happenings", "profile")
