"""The directory: states of points, rooms, devices one by one, lines, people, assessments, changes."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def point(primary_key: bool = False, index: bool = False) -> sa.Column[str]:
    """Return a column that names a point."""
    key = sa.ForeignKey("points.id")
    return sa.Column("point", sa.String(64), key, primary_key=primary_key, nullable=False, index=index)


def upgrade() -> None:
    """Add them; every point so far is active, and its devices get rows of their own, to be described."""
    op.add_column("points", sa.Column("state", sa.String(16), nullable=False, server_default="active"))
    _points()
    _rooms()
    _equipment()
    _people()
    _split_devices()
    op.drop_column("points", "devices")


def _split_devices() -> None:
    connection = op.get_bind()
    devices = sa.table("devices", *map(sa.column, ("id", "point", "number", *_TEXTS, "dial_out")))
    rows = [
        {"id": uuid4().hex, "point": point, "number": number, **dict.fromkeys(_TEXTS, ""), "dial_out": False}
        for point, count in connection.execute(sa.text("SELECT id, devices FROM points")).all()
        for number in range(1, count + 1)
    ]
    if rows:
        connection.execute(sa.insert(devices), rows)


_TEXTS = (
    *("kind", "model", "serial", "protocol", "firmware", "security_owner"),
    *("asset_number", "asset_source", "user_agent"),
)


def _points() -> None:
    op.create_table(
        "point_aliases",
        sa.Column("slug", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        point(index=True),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "point_moves",
        sa.Column("id", sa.Integer, primary_key=True),
        point(index=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("move", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("profile", sa.String(64), nullable=False),
    )
    op.create_table(
        "quota_exceptions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("unit", sa.String(64), sa.ForeignKey("units.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("extra", sa.Integer, nullable=False),
        sa.Column("number", sa.String(100), nullable=False),
        sa.Column("dated", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.Column("by", sa.String(200), nullable=False),
    )


def _rooms() -> None:
    op.create_table(
        "rooms",
        point(primary_key=True),
        sa.Column("address", sa.String(300), nullable=False),
        sa.Column("seats", sa.Integer),
        sa.Column("managing_unit", sa.String(64), sa.ForeignKey("units.id")),
        sa.Column("security_owner", sa.String(200), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
    )
    op.create_table(
        "assessments",
        sa.Column("id", sa.Integer, primary_key=True),
        point(index=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("assessor", sa.String(200), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("items", sa.Text, nullable=False),
        sa.Column("reference", sa.String(500), nullable=False),
        sa.Column("expires", sa.BigInteger),
        sa.Column("profile", sa.String(64), nullable=False),
    )


def _equipment() -> None:
    op.create_table(
        "providers",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False, unique=True),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("phone", sa.String(16), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
    )
    op.create_table(
        "lines",
        sa.Column("id", sa.String(32), primary_key=True),
        point(index=True),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("provider", sa.String(32), sa.ForeignKey("providers.id")),
        sa.Column("subscribed_kbps", sa.Integer, nullable=False),
        sa.Column("dedicated", sa.Boolean, nullable=False),
        sa.Column("ranges", sa.String(500), nullable=False),
        sa.Column("up_kbps", sa.Integer),
        sa.Column("down_kbps", sa.Integer),
        sa.Column("measured", sa.BigInteger),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.String(32), primary_key=True),
        point(index=True),
        sa.Column("number", sa.Integer, sa.CheckConstraint("number BETWEEN 1 AND 99"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("serial", sa.String(100), nullable=False),
        sa.Column("address", sa.String(45), unique=True),
        sa.Column("protocol", sa.String(16), nullable=False),
        sa.Column("firmware", sa.String(100), nullable=False),
        sa.Column("patched", sa.Date),
        sa.Column("dial_out", sa.Boolean, nullable=False),
        sa.Column("security_owner", sa.String(200), nullable=False),
        sa.Column("asset_number", sa.String(100), nullable=False),
        sa.Column("asset_year", sa.Integer),
        sa.Column("asset_source", sa.String(200), nullable=False),
        sa.Column("user_agent", sa.String(500), nullable=False),
    )
    op.create_index("devices_point_number", "devices", ["point", "number"], unique=True)


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("unit", sa.String(64), sa.ForeignKey("units.id"), nullable=False, index=True),
        sa.Column("point", sa.String(64), sa.ForeignKey("points.id"), index=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("phone", sa.String(16), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("trained", sa.Date),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("replaces", sa.String(32), sa.ForeignKey("people.id")),
        sa.Column("account", sa.String(64)),
        sa.Column("updated", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer, primary_key=True),
        point(index=True),
        sa.Column("device", sa.String(32), sa.ForeignKey("devices.id")),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("old", sa.String(500), nullable=False),
        sa.Column("new", sa.String(500), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("decided", sa.BigInteger),
        sa.Column("decided_by", sa.String(200), nullable=False),
    )
    op.create_index("changes_state", "changes", ["state"])


def downgrade() -> None:
    """Drop what the upgrade added, but keep how many devices a point has."""
    op.add_column("points", sa.Column("devices", sa.Integer, nullable=False, server_default="1"))
    op.execute("UPDATE points SET devices = (SELECT count(*) FROM devices WHERE devices.point = points.id)")
    for name in ("changes", "people", "devices", "lines", "providers", "assessments", "rooms"):
        op.drop_table(name)
    for name in ("quota_exceptions", "point_moves", "point_aliases"):
        op.drop_table(name)
    op.drop_column("points", "state")
