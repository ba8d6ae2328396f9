"""Alembic's environment: runs the migrations on the connection from :func:`scheduler.migrations.upgrade`."""

from alembic import context

# Each schema adds its tables to METADATA.
import scheduler.booking.admission.schema
import scheduler.booking.registration.schema
import scheduler.booking.sessions.schema
import scheduler.calendar.schema
import scheduler.compliance.schema
import scheduler.directory.schema
import scheduler.inbound_mail.schema
import scheduler.notifications.schema
import scheduler.operations.attendance.schema
import scheduler.operations.closing.schema
import scheduler.operations.incidents.schema
import scheduler.operations.readiness.schema
import scheduler.operations.votes.schema
import scheduler.policy.schema
import scheduler.reports.schema
import scheduler.webhooks.schema  # noqa: F401
from scheduler.core.schema import METADATA
from scheduler.migrations import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
context.run_migrations()
