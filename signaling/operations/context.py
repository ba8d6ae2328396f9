"""Defines what handlers of operations endpoints get: one context for each group of endpoints.

`signaling.app.contexts` builds all when the server starts; a handler reads its own by `request.context(KEY)`.
"""

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
from scheduler.operations.votes.service import Votes
from signaling.accounts.store import AccountStore
from signaling.mail.outbox_sender import OutboxSender
from signaling.meeting.incident_reports import IncidentReports
from signaling.meeting.line_monitor import LineMonitor
from signaling.meeting.manager import MeetingManager
from signaling.quality.recorder import QualityRecorder
from signaling.quality.store import QualityStore
from signaling.recording.store import RecordingStore
from signaling.transcript.service import TranscriptService


@dataclass(frozen=True, slots=True)
class ReadinessContext:
    """Services behind the endpoints of technical checks, duties, power-on steps and self-tests."""

    readiness: ReadinessService
    duties: Duties
    self_tests: SelfTests
    power_on_steps: PowerOnSteps
    scheduler: Scheduler
    accounts: AccountStore


READINESS = web.AppKey("ReadinessContext", ReadinessContext)


@dataclass(frozen=True, slots=True)
class AttendanceContext:
    """Services behind the endpoints of attendance and attendee lists."""

    attendance: Attendance
    attendee_lists: AttendeeLists
    scheduler: Scheduler
    outbox: OutboxSender


ATTENDANCE = web.AppKey("AttendanceContext", AttendanceContext)


@dataclass(frozen=True, slots=True)
class MinutesContext:
    """Services behind the endpoint of minutes: all that a meeting recorded."""

    attendance: Attendance
    attendee_lists: AttendeeLists
    incidents: IncidentService
    votes: Votes
    recordings: RecordingStore
    transcripts: TranscriptService
    scheduler: Scheduler


MINUTES = web.AppKey("MinutesContext", MinutesContext)


@dataclass(frozen=True, slots=True)
class VotesContext:
    """Services behind the endpoints of votes."""

    votes: Votes
    scheduler: Scheduler


VOTES = web.AppKey("VotesContext", VotesContext)


@dataclass(frozen=True, slots=True)
class IncidentsContext:
    """Services behind the endpoints of incidents; `incident_reports` tells running meetings of changes."""

    incidents: IncidentService
    scheduler: Scheduler
    incident_reports: IncidentReports
    equipment: Equipment


INCIDENTS = web.AppKey("IncidentsContext", IncidentsContext)


@dataclass(frozen=True, slots=True)
class QualityContext:
    """The samples of connections, as stored and as they are now, and the directory, which knows the lines."""

    store: QualityStore
    recorder: QualityRecorder
    equipment: Equipment
    meetings: MeetingManager


QUALITY = web.AppKey("QualityContext", QualityContext)


@dataclass(frozen=True, slots=True)
class ProviderContext:
    """Services behind the endpoints for people of telecom providers."""

    provider_view: ProviderView
    duties: Duties
    incidents: IncidentService
    incident_reports: IncidentReports
    scheduler: Scheduler
    line_monitor: LineMonitor


PROVIDER = web.AppKey("ProviderContext", ProviderContext)


@dataclass(frozen=True, slots=True)
class ClosingContext:
    """Services behind the endpoints of closing checklists."""

    closing: ClosingService
    scheduler: Scheduler


CLOSING = web.AppKey("ClosingContext", ClosingContext)


@dataclass(frozen=True, slots=True)
class DocumentsContext:
    """Services behind the endpoints of documents and of units' requests for access."""

    documents: DocumentService
    outbox: OutboxSender
    scheduler: Scheduler


DOCUMENTS = web.AppKey("DocumentsContext", DocumentsContext)
