"""Entry point of Alembic: runs the versions on the connection that :func:`signaling.migrations.upgrade` hands over."""

from alembic import context

from signaling.core.schema import METADATA
from signaling.migrations import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
context.run_migrations()
