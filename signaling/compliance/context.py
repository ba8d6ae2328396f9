"""Defines what handlers of compliance endpoints get: feedback, personal data, security incidents, the directory.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(COMPLIANCE)`.
"""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.compliance.feedback import FeedbackService
from scheduler.compliance.personal_data import PersonalData
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.people.service import People
from scheduler.directory.points.service import Directory
from scheduler.reports.service import Reports
from signaling.accounts.store import AccountStore
from signaling.audit.log import AuditLog
from signaling.compliance.security_incidents_store import SecurityIncidentStore


@dataclass(frozen=True, slots=True)
class ComplianceContext:
    """Services behind the endpoints of feedback, unit summaries, personal data and security incidents."""

    feedback: FeedbackService
    scheduler: Scheduler
    audit: AuditLog
    accounts: AccountStore
    personal_data: PersonalData
    people: People
    directory: Directory
    equipment: Equipment
    security_incidents: SecurityIncidentStore
    reports: Reports


COMPLIANCE = web.AppKey("ComplianceContext", ComplianceContext)
