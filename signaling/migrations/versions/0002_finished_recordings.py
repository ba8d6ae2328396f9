"""Recordings are remuxed after they are closed: facts of the remuxed file, who recorded, and why it ended."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLE = sa.table(
    "recordings",
    *(sa.column(name) for name in ("state", "reason")),
    *(sa.column(name, sa.BigInteger) for name in ("seconds", "milliseconds")),
)
FORWARD = {
    "running": ("recording", None),
    "finished": ("finishing", None),
    "interrupted": ("finishing", "interrupted"),
    "failed": ("finishing", "failed"),
}
"""Every closed file is remuxed once at the next start."""
BACK = {"recording": "running", "finishing": "finished", "ready": "finished", "broken": "failed"}


def upgrade() -> None:
    """Add the columns; a length is now stored in milliseconds."""
    op.add_column("recordings", sa.Column("milliseconds", sa.BigInteger))
    op.add_column("recordings", sa.Column("first", sa.BigInteger))
    op.add_column("recordings", sa.Column("sha256", sa.String(64)))
    op.add_column("recordings", sa.Column("reason", sa.String(32)))
    for name in ("started_by", "stopped_by"):
        op.add_column("recordings", sa.Column(name, sa.String(64), nullable=False, server_default=""))
    op.execute(sa.update(TABLE).values(milliseconds=TABLE.c.seconds * 1000))
    for old, (state, reason) in FORWARD.items():
        op.execute(sa.update(TABLE).where(TABLE.c.state == old).values(state=state, reason=reason))
    op.drop_column("recordings", "seconds")


def downgrade() -> None:
    """Drop the new columns; joined files stay on the disk, but no row names them any more."""
    op.add_column("recordings", sa.Column("seconds", sa.Integer))
    op.execute("DELETE FROM recordings WHERE part = 0")
    op.execute(sa.update(TABLE).values(seconds=TABLE.c.milliseconds / 1000))
    for state, old in BACK.items():
        op.execute(sa.update(TABLE).where(TABLE.c.state == state).values(state=old))
    for name in ("milliseconds", "first", "sha256", "reason", "started_by", "stopped_by"):
        op.drop_column("recordings", name)
