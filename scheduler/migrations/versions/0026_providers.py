"""Contacts, line minutes and incidents name the provider of the line by its id."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

OF_POINT = (
    "UPDATE line_minutes SET provider = (SELECT provider FROM lines WHERE lines.point = line_minutes.point"
    " AND provider IS NOT NULL ORDER BY lines.id LIMIT 1)"
)
TO_ID = "UPDATE incidents SET provider = (SELECT id FROM providers WHERE providers.name = incidents.provider)"
TO_NAME = "UPDATE incidents SET provider = (SELECT name FROM providers WHERE providers.id = incidents.provider)"


def upgrade() -> None:
    """Add the columns: minutes counted so far belong to the provider whose line the point has now."""
    op.add_column("duties", sa.Column("provider", sa.String(32)))
    op.add_column("line_minutes", sa.Column("provider", sa.String(32)))
    op.execute(OF_POINT)
    op.execute(TO_ID)


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.execute(TO_NAME)
    op.drop_column("line_minutes", "provider")
    op.drop_column("duties", "provider")
