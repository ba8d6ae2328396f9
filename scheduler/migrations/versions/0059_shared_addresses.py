"""Devices behind one SBC or NAT share its address, and are told apart by their names (RFC 3261 §22, RFC 5853)."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let devices share an address."""
    _rebuild(unique=False)


def downgrade() -> None:
    """Let each address be that of one device again; of several only the first keeps it."""
    op.execute(
        "UPDATE devices SET address = NULL, dial_out = FALSE WHERE EXISTS "
        "(SELECT 1 FROM devices AS other WHERE other.address = devices.address AND other.id < devices.id)"
    )
    _rebuild(unique=True)


def _rebuild(*, unique: bool) -> None:
    """Add or drop the constraint. SQLite has it in the table alone, which is made anew while its references wait."""
    if op.get_bind().dialect.name == "postgresql":
        if unique:
            op.create_unique_constraint("devices_address_key", "devices", ["address"])
        else:
            op.drop_constraint("devices_address_key", "devices", type_="unique")
        return
    op.execute("PRAGMA defer_foreign_keys=ON")
    op.execute("CREATE TABLE devices_kept AS SELECT * FROM devices")
    op.drop_table("devices")
    table = op.create_table(
        "devices",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("point", sa.String(64), sa.ForeignKey("points.id"), nullable=False),
        sa.Column("number", sa.Integer, sa.CheckConstraint("number BETWEEN 1 AND 99"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("serial", sa.String(100), nullable=False),
        sa.Column("address", sa.String(45), unique=unique),
        sa.Column("protocol", sa.String(16), nullable=False),
        sa.Column("firmware", sa.String(100), nullable=False),
        sa.Column("patched", sa.Date),
        sa.Column("dial_out", sa.Boolean, nullable=False),
        sa.Column("security_owner", sa.String(200), nullable=False),
        sa.Column("asset_number", sa.String(100), nullable=False),
        sa.Column("asset_year", sa.Integer),
        sa.Column("asset_source", sa.String(200), nullable=False),
        sa.Column("user_agent", sa.String(500), nullable=False),
        sa.Column("codecs", sa.String(500), nullable=False, server_default=""),
        sa.Column("port", sa.Integer),
        sa.Column("transport", sa.String(8), nullable=False, server_default=""),
        sa.Column("sip_user", sa.String(64), nullable=False, server_default=""),
        sa.Column("auth_user", sa.String(64), nullable=False, server_default=""),
    )
    names = ", ".join(column.name for column in table.columns)
    op.execute(f"INSERT INTO devices ({names}) SELECT {names} FROM devices_kept")  # noqa: S608 - names of ours
    op.drop_table("devices_kept")
    op.create_index("ix_devices_point", "devices", ["point"])
    op.create_index("devices_point_number", "devices", ["point", "number"], unique=True)
