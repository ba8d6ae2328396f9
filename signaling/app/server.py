"""The server's parts, built once in `signaling.app.build`; endpoints get only the few they use (`context.py`)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from redis.asyncio import Redis

from signaling.accounts.password_links import PasswordLinks
from signaling.accounts.sign_in import SignIn
from signaling.app.periodic_jobs import PeriodicJobs
from signaling.app.services import Services
from signaling.http.metrics import Metrics
from signaling.mail.inbox_watcher import InboxWatcher
from signaling.mail.outbox_sender import OutboxSender
from signaling.meeting.dispatcher import Dispatch
from signaling.meeting.incident_reports import IncidentReports
from signaling.meeting.line_monitor import LineMonitor
from signaling.meeting.manager import MeetingManager
from signaling.meeting.sign_out import Logins
from signaling.recording.catalog import RecordingCatalog
from signaling.recording.remux_queue import RemuxQueue
from signaling.sip.bridge.bridge import SipBridge


@dataclass(frozen=True, slots=True)
class Server(Services):
    """The record, and the parts that run over it."""

    links: PasswordLinks
    redis: Redis
    auth: SignIn
    hub: MeetingManager
    logins: Logins
    lines: LineMonitor
    faults: IncidentReports
    gateway: SipBridge
    dispatch: Dispatch
    recordings: RecordingCatalog
    finisher: RemuxQueue
    deliverer: OutboxSender
    clerk: PeriodicJobs
    intake: InboxWatcher | None
    metrics: Metrics
    pages: Path
    documents: Path
    owner: str
    """The id of the data directory, by which media workers know it."""
    clock: Callable[[], datetime]
