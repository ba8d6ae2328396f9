"""The audit log becomes a hash chain to which entries are only appended (I-08); older entries are chained unchanged."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from signaling.audit.hash_chain import GENESIS, PRUNE, entry_hash
from signaling.core.audit_entry import AuditEntry

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

REFUSAL = "the audit log only grows"
GONE = f"(SELECT max(CAST(subject AS BIGINT)) FROM audit WHERE action = '{PRUNE}')"  # noqa: S608 - our own constant
SQLITE = (
    f"CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    f"CREATE TRIGGER audit_delete BEFORE DELETE ON audit WHEN OLD.id > coalesce({GONE}, 0) "
    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
)
POSTGRESQL = (
    "CREATE FUNCTION audit_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF TG_OP = 'DELETE' AND OLD.id <= {GONE} THEN RETURN OLD; END IF; "
    f"RAISE EXCEPTION '{REFUSAL}'; END $$",
    "CREATE TRIGGER audit_update BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_grows()",
    "CREATE TRIGGER audit_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_grows()",
)


def upgrade() -> None:
    """Add the columns profile and seal, chain existing entries, and forbid changes from now on."""
    op.add_column("audit", sa.Column("profile", sa.String(64), nullable=False, server_default=""))
    op.add_column("audit", sa.Column("seal", sa.String(64), nullable=False, server_default=""))
    op.create_index("audit_at", "audit", ["at"])
    op.create_index("audit_action", "audit", ["action"])
    _chain(op.get_bind())
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(sa.text(statement))


def _chain(connection: sa.Connection) -> None:
    columns = "id, at, actor, action, subject, detail, address, port"
    head = GENESIS
    for row in connection.execute(sa.text(f"SELECT {columns} FROM audit ORDER BY id")).all():  # noqa: S608
        entry = AuditEntry(datetime.fromtimestamp(row.at, UTC), *row[2:])
        head = entry_hash(head, row.id, entry, "")
        connection.execute(sa.text("UPDATE audit SET seal = :seal WHERE id = :id"), {"seal": head, "id": row.id})


def downgrade() -> None:
    """Drop the columns."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_truncate ON audit")
        op.execute("DROP TRIGGER audit_update ON audit")
        op.execute("DROP FUNCTION audit_grows")
    else:
        op.execute("DROP TRIGGER audit_update")
        op.execute("DROP TRIGGER audit_delete")
    op.drop_index("audit_action", "audit")
    op.drop_index("audit_at", "audit")
    op.drop_column("audit", "seal")
    op.drop_column("audit", "profile")
