"""Particulars of registrations: class, purpose, kind, form, support; their deadlines; refusals."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TIMES = ("received", "effective", "reply_due", "check_due")
TEXTS = {"ground": 32, "reason": 1000, "support": 500, "support_note": 1000, "second_name": 500, "second_phone": 16}
CODES = {"purpose": "khac", "kind": "khac", "form": "truc_tuyen"}


def upgrade() -> None:
    """Add them; what was registered before was received when it was created and is of other purpose and kind."""
    for name in TIMES:
        op.add_column("sessions", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("sessions", sa.Column("provisional", sa.Boolean, nullable=False, server_default=sa.true()))
    for name, code in CODES.items():
        op.add_column("sessions", sa.Column(name, sa.String(32), nullable=False, server_default=code))
    for name, length in TEXTS.items():
        op.add_column("sessions", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.add_column("sessions", sa.Column("people", sa.Integer))
    # Reply within 3 hours, check 2 hours before (Điều 13.2.b): nobody counted office hours for these.
    op.execute("UPDATE sessions SET received = created, effective = created, reply_due = created + 10800")
    op.execute(
        "UPDATE sessions SET check_due = (SELECT min(slots.start) - 7200 FROM slots WHERE slots.session = sessions.id)"
    )
    op.create_table(
        "denials",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False, index=True),
        sa.Column("unit", sa.String(64), sa.ForeignKey("units.id"), nullable=False),
        sa.Column("host_point", sa.String(64), sa.ForeignKey("points.id"), nullable=False),
        sa.Column("title", sa.String(1000), nullable=False),
        sa.Column("klass", sa.String(16), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("word", sa.String(16), nullable=False),
        sa.Column("detail", sa.String(1000), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("profile", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """Drop what the upgrade added."""
    op.drop_table("denials")
    for name in ("people", *TEXTS, *CODES, "provisional", *TIMES):
        op.drop_column("sessions", name)
