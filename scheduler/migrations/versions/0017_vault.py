"""Codes are stored as marks, and encrypted while they are live (R-051); existing codes get both."""

import sqlalchemy as sa
from alembic import op

from scheduler.core.code_encryption import EPHEMERAL, OPTION

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Encrypt every live code; of all others keep the keyed hash by which they are known again."""
    op.add_column("codes", sa.Column("sealed", sa.String(120)))
    connection = op.get_bind()
    cipher = connection.get_execution_options().get(OPTION, EPHEMERAL)
    for row in connection.execute(sa.text("SELECT code, session, died FROM codes")).all():
        sealed = cipher.encrypt(row.code, row.session) if row.died is None else None
        change = {"code": row.code, "mark": cipher.mark(row.code), "sealed": sealed}
        connection.execute(sa.text("UPDATE codes SET code = :mark, sealed = :sealed WHERE code = :code"), change)
        connection.execute(sa.text("UPDATE sessions SET code = :mark WHERE code = :code"), change)
    for table in ("codes", "sessions"):
        op.execute(f"ALTER TABLE {table} RENAME COLUMN code TO mark")


def downgrade() -> None:
    """Write live codes as they are; dead ones are lost, and stay unused only by their marks."""
    for table in ("codes", "sessions"):
        op.execute(f"ALTER TABLE {table} RENAME COLUMN mark TO code")
    connection = op.get_bind()
    cipher = connection.get_execution_options().get(OPTION, EPHEMERAL)
    for row in connection.execute(sa.text("SELECT code, session, sealed FROM codes WHERE sealed IS NOT NULL")).all():
        change = {"mark": row.code, "code": cipher.decrypt(row.sealed, row.session)}
        connection.execute(sa.text("UPDATE codes SET code = :code WHERE code = :mark"), change)
        connection.execute(sa.text("UPDATE sessions SET code = :code WHERE code = :mark"), change)
    op.drop_column("codes", "sealed")
