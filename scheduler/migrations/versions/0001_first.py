"""Units, points, sessions with their slots and codes, capacity steps."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    _registry()
    _sessions()
    _counters()


def downgrade() -> None:
    """Drop everything, children first."""
    for table in (
        "registration_counter",
        "capacity_steps",
        "codes",
        "slots",
        "session_points",
        "sessions",
        "points",
        "units",
    ):
        op.drop_table(table)


def _registry() -> None:
    op.create_table(
        "units",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("level", sa.String(32), nullable=False),
        sa.Column("parent", sa.String(64), sa.ForeignKey("units.id")),
        sa.Column("abbr", sa.String(2)),
        sa.Column("position", sa.Integer, nullable=False, unique=True),
    )
    op.create_table(
        "points",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("unit", sa.String(64), sa.ForeignKey("units.id"), nullable=False, index=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("slug", sa.String(64), nullable=False, unique=True),
        sa.Column("label", sa.String(250), nullable=False),
        sa.Column("devices", sa.Integer, sa.CheckConstraint("devices BETWEEN 1 AND 99"), nullable=False),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("seq", sa.Integer, nullable=False, unique=True),
        sa.Column("number", sa.String(32), nullable=False, unique=True),
        sa.Column("title", sa.String(1000), nullable=False),
        sa.Column("host_point", sa.String(64), sa.ForeignKey("points.id"), nullable=False),
        sa.Column("contact_name", sa.String(500), nullable=False),
        sa.Column("contact_phone", sa.String(16), nullable=False),
        sa.Column("recording", sa.Boolean, nullable=False),
        sa.Column("legs", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("code", sa.String(18), unique=True),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("profile", sa.String(64), nullable=False),
        sa.Column("submitted_by", sa.String(200), nullable=False),
        sa.CheckConstraint("(state = 'issued') = (code IS NOT NULL)", name="live_code_iff_issued"),
    )
    op.create_table(
        "session_points",
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), primary_key=True),
        sa.Column("point", sa.String(64), sa.ForeignKey("points.id"), primary_key=True, index=True),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_table(
        "slots",
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("legs", sa.Integer, nullable=False),
    )
    op.create_index("slots_end_start", "slots", ["end", "start"])
    op.create_table(
        "codes",
        sa.Column("code", sa.String(18), primary_key=True),
        sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("issued", sa.BigInteger, nullable=False),
    )


def _counters() -> None:
    op.create_table(
        "capacity_steps",
        sa.Column("since", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("sessions", sa.Integer, nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
    )
    op.create_table(
        "registration_counter",
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
    )
