"""One table of refused registrations instead of two, one row for each attempt."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# Refusals for want of capacity were counted before every refusal was kept: those are in the first table alone.
ALONE = """
INSERT INTO denials (at, unit, host_point, title, klass, start, "end", word, detail, "by", profile)
SELECT refusals.at, points.unit, refusals.host_point, '', 'thuong', refusals.start, refusals."end", 'capacity',
    refusals."limit" || ': ' || refusals.needed || ' > ' || refusals.usable || ', +' || refusals.legs, '', ''
FROM refusals JOIN points ON points.id = refusals.host_point
WHERE NOT EXISTS (
    SELECT 1 FROM denials WHERE denials.word = 'capacity' AND denials.host_point = refusals.host_point
    AND denials.start = refusals.start AND denials."end" = refusals."end" AND denials.at >= refusals.at
)
ORDER BY refusals.at
"""
COUNTED = """
INSERT INTO refusals (host_point, start, "end", at, legs, "limit", needed, usable)
SELECT host_point, start, "end", max(at), 0, 'points', 0, 0 FROM denials WHERE word = 'capacity'
GROUP BY host_point, start, "end"
"""


def upgrade() -> None:
    """Keep every refusal of the first table that is not in the second, which takes its name."""
    op.execute(ALONE)
    op.drop_table("refusals")
    op.drop_index("ix_denials_at", "denials")
    op.rename_table("denials", "refusals")
    op.create_index("ix_refusals_at", "refusals", ["at"])


def downgrade() -> None:
    """Count those for want of capacity apart again; how much was needed is no longer known."""
    op.drop_index("ix_refusals_at", "refusals")
    op.rename_table("refusals", "denials")
    op.create_index("ix_denials_at", "denials", ["at"])
    op.create_table(
        "refusals",
        sa.Column("host_point", sa.String(64), sa.ForeignKey("points.id"), primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("end", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False, index=True),
        sa.Column("legs", sa.Integer, nullable=False),
        sa.Column("limit", sa.String(16), nullable=False),
        sa.Column("needed", sa.Integer, nullable=False),
        sa.Column("usable", sa.Integer, nullable=False),
    )
    op.execute(COUNTED)
