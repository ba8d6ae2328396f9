"""Files of recordings are named relative to the directory of recordings, so that a data directory can be moved."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FILES = [sa.table(name, sa.column("id", sa.String), sa.column("path", sa.String)) for name in ("recordings", "solos")]


def upgrade() -> None:
    """Cut what lies before the folder of the session: every release recorded into `<recordings>/<session>/<file>`."""
    connection = op.get_bind()
    for files in FILES:
        for row in connection.execute(sa.select(files)).all():
            relative = "/".join(row.path.split("/")[-2:])
            connection.execute(files.update().where(files.c.id == row.id).values(path=relative))


def downgrade() -> None:
    """Change nothing: an older server looks for the relative paths in the directory in which it is started."""
