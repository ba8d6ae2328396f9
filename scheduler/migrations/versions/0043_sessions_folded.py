"""Sessions are searched for by number and title, with or without diacritics."""

import sqlalchemy as sa
from alembic import op

from scheduler.units import naming

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep both folded, also of the sessions there are."""
    op.add_column("sessions", sa.Column("folded", sa.Text, nullable=False, server_default=""))
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, number, title FROM sessions")).all()
    folded = [{"id": row.id, "folded": naming.key(f"{row.number} {row.title}")} for row in rows]
    if folded:
        connection.execute(sa.text("UPDATE sessions SET folded = :folded WHERE id = :id"), folded)


def downgrade() -> None:
    """Drop what is searched."""
    op.drop_column("sessions", "folded")
