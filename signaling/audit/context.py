"""The parts of the server that endpoints of the audit log use."""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from signaling.audit.log import AuditLog


@dataclass(frozen=True, slots=True)
class AuditContext:
    """The parts of the server that endpoints of the audit log use."""

    audit: AuditLog
    scheduler: Scheduler


AUDIT_LOG = web.AppKey("AuditContext", AuditContext)
