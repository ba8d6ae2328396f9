"""Defines what handlers of compliance endpoints get: feedback, personal data, accounts, the directory.

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
from signaling.accounts.store import AccountStore
from signaling.audit.log import AuditLog


@dataclass(frozen=True, slots=True)
class ComplianceContext:
    """Services behind the endpoints of feedback, unit summaries and personal data."""

    feedback: FeedbackService
    scheduler: Scheduler
    audit: AuditLog
    accounts: AccountStore
    personal_data: PersonalData
    people: People
    directory: Directory
    equipment: Equipment


COMPLIANCE = web.AppKey("ComplianceContext", ComplianceContext)
