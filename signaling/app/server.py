"""The server's parts, built once in `signaling.app.build`; endpoints get only the few they use (`context.py`)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from redis.asyncio import Redis

from mediaserver.captions.model import CaptionModel
from signaling.accounts.api_tokens import TokenCheck
from signaling.accounts.password_links import PasswordLinks
from signaling.accounts.second_factors import SecondFactors
from signaling.accounts.second_step import SecondStep
from signaling.accounts.sign_in import SignIn
from signaling.accounts.sso.external_accounts import ExternalAccounts
from signaling.accounts.sso.oidc_sign_in import OidcSignIn
from signaling.accounts.throttle import Throttle
from signaling.app.periodic_jobs import PeriodicJobs
from signaling.app.readings import Readings
from signaling.app.services import Services
from signaling.audit.syslog.forwarder import SyslogForwarder
from signaling.cameras.rtsp import RtspCameras
from signaling.cameras.whip import WhipService
from signaling.cascade.booking import CascadeBooking
from signaling.cascade.channel import CascadeChannel
from signaling.cascade.contacts import Contacts
from signaling.core.loop_lag import LoopLag
from signaling.displays.pairing import PairingCodes
from signaling.displays.remote import RemoteControl
from signaling.displays.wire import Command, Report
from signaling.http.clamd import Scanner
from signaling.http.metrics import Metrics
from signaling.http.page_files import PageFiles
from signaling.http.security_contact import SecurityContact
from signaling.http.signer import Signer
from signaling.mail.inbox_watcher import InboxWatcher
from signaling.mail.outbox_sender import OutboxSender
from signaling.meeting.dispatcher import Dispatcher
from signaling.meeting.incident_reports import IncidentReports
from signaling.meeting.line_monitor import LineMonitor
from signaling.meeting.manager import MeetingManager
from signaling.meeting.room_moves import RoomMoves
from signaling.meeting.sign_out import SignOutMonitor
from signaling.quality.recorder import QualityRecorder
from signaling.recording.catalog import RecordingCatalog
from signaling.recording.composing_queue import ComposingQueue
from signaling.recording.remux_queue import RemuxQueue
from signaling.sip.bridge.bridge import SipBridge
from signaling.sip.bridge.reachability import Reachability
from signaling.sip.bridge.saved_traces import SavedTraces
from signaling.today.setup_steps import ServerFacts
from signaling.transcript.queue import TranscriptQueue
from signaling.transcript.service import TranscriptService
from signaling.webhooks.addresses import Network
from signaling.webhooks.sender import WebhookSender
from signaling.workers.turn import TurnSettings


@dataclass(frozen=True, slots=True)
class Server(Services):
    """The services, and the parts that run over them."""

    password_links: PasswordLinks
    redis: Redis
    throttle: Throttle
    sign_in: SignIn
    external: ExternalAccounts
    oidc: OidcSignIn
    second_step: SecondStep
    second_factors: SecondFactors
    token_check: TokenCheck
    meetings: MeetingManager
    sign_out: SignOutMonitor
    pairing_codes: PairingCodes
    remote_control: RemoteControl[Report, Command]
    line_monitor: LineMonitor
    quality_recorder: QualityRecorder
    incident_reports: IncidentReports
    sip_bridge: SipBridge
    saved_traces: SavedTraces
    room_moves: RoomMoves | None
    """None: there are no media workers to move rooms between."""
    whip: WhipService
    rtsp_cameras: RtspCameras
    cascade_booking: CascadeBooking
    neighbour_contacts: Contacts
    cascade_channel: CascadeChannel
    reachability: Reachability
    dispatcher: Dispatcher
    recordings: RecordingCatalog
    remux_queue: RemuxQueue
    composing_queue: ComposingQueue
    transcript_queue: TranscriptQueue
    transcripts: TranscriptService
    caption_model: CaptionModel
    outbox: OutboxSender
    periodic_jobs: PeriodicJobs
    inbox_watcher: InboxWatcher | None
    syslog: SyslogForwarder | None
    webhook_sender: WebhookSender
    webhook_networks: tuple[Network, ...]
    administration: tuple[str, int] | None
    metrics: Metrics
    readings: Readings
    loop_lag: LoopLag
    pages: PageFiles
    document_folder: Path
    scanner: Scanner | None
    signer: Signer | None
    """What scans uploaded files; None: nothing does."""
    security_contact: SecurityContact | None
    """Whom weaknesses are reported to; None: nobody is named."""
    turn: TurnSettings | None
    server_facts: Callable[[], ServerFacts]
    """Returns what settings and files of the server say now."""
    owner: str
    """The id of the data directory, by which media workers know it."""
    clock: Callable[[], datetime]
