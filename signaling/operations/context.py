"""Dependencies of the endpoints of operations."""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.directory.equipment.service import Equipment
from scheduler.operations.attendance.attendee_lists import AttendeeLists
from scheduler.operations.attendance.service import Attendance
from scheduler.operations.closing.checklist_service import ClosingService
from scheduler.operations.closing.document_service import DocumentService
from scheduler.operations.incidents.provider_view import ProviderView
from scheduler.operations.incidents.service import IncidentService
from scheduler.operations.readiness.duty_service import Duties
from scheduler.operations.readiness.power_on_steps import PowerOnSteps
from scheduler.operations.readiness.self_test_service import SelfTests
from scheduler.operations.readiness.service import ReadinessService
from signaling.accounts.store import AccountStore
from signaling.mail.outbox_sender import OutboxSender
from signaling.meeting.incident_reports import IncidentReports
from signaling.meeting.line_monitor import LineMonitor


@dataclass(frozen=True, slots=True)
class ReadinessContext:
    """What the endpoints of checks, duties and self-tests may use."""

    readiness: ReadinessService
    duties: Duties
    self_tests: SelfTests
    steps: PowerOnSteps
    scheduler: Scheduler
    accounts: AccountStore


READINESS = web.AppKey("ReadinessContext", ReadinessContext)


@dataclass(frozen=True, slots=True)
class AttendanceContext:
    """What the endpoints of attendance may use."""

    attendance: Attendance
    attendee_lists: AttendeeLists
    scheduler: Scheduler
    outbox: OutboxSender


ATTENDANCE = web.AppKey("AttendanceContext", AttendanceContext)


@dataclass(frozen=True, slots=True)
class IncidentsContext:
    """What the endpoints of incidents may use."""

    incidents: IncidentService
    scheduler: Scheduler
    incident_reports: IncidentReports
    equipment: Equipment


INCIDENTS = web.AppKey("IncidentsContext", IncidentsContext)


@dataclass(frozen=True, slots=True)
class ProviderContext:
    """What the endpoints for telecom providers may use."""

    provider_view: ProviderView
    duties: Duties
    incidents: IncidentService
    incident_reports: IncidentReports
    scheduler: Scheduler
    line_monitor: LineMonitor


PROVIDER = web.AppKey("ProviderContext", ProviderContext)


@dataclass(frozen=True, slots=True)
class ClosingContext:
    """What the endpoints of closing lists may use."""

    closing: ClosingService
    scheduler: Scheduler


CLOSING = web.AppKey("ClosingContext", ClosingContext)


@dataclass(frozen=True, slots=True)
class DocumentsContext:
    """What the endpoints of documents may use."""

    documents: DocumentService
    outbox: OutboxSender
    scheduler: Scheduler


DOCUMENTS = web.AppKey("DocumentsContext", DocumentsContext)
