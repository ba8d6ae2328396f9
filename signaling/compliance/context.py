"""Dependencies of the endpoints of compliance."""

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
    """What the endpoints of feedback, unit summaries and personal data may use."""

    feedback: FeedbackService
    scheduler: Scheduler
    audit: AuditLog
    accounts: AccountStore
    personal: PersonalData
    people: People
    directory: Directory
    equipment: Equipment


COMPLIANCE = web.AppKey("ComplianceContext", ComplianceContext)
