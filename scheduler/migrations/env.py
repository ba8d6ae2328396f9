"""Alembic's entry: runs the versions on the connection that :func:`scheduler.migrations.upgrade` hands over."""

from alembic import context

import scheduler.operations.closing.schema  # noqa: F401  (they are part of METADATA)
from scheduler.core.schema import METADATA
from scheduler.migrations import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
context.run_migrations()
