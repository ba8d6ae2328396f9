"""Defines what handlers of audit log endpoints get: the log, and the scheduler, whose policy names the time zone.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(AUDIT_LOG)`.
"""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from signaling.audit.log import AuditLog


@dataclass(frozen=True, slots=True)
class AuditContext:
    """Services behind the endpoints that search, verify and export the audit log."""

    audit: AuditLog
    scheduler: Scheduler


AUDIT_LOG = web.AppKey("AuditContext", AuditContext)
