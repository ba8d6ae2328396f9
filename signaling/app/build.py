"""Composition root: builds the parts of the server over its services and a media engine."""

import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from pathlib import Path

from redis.asyncio import Redis

import web as pages_package
from mediaserver.api import MediaEngine, RoomOptions
from mediaserver.captions.model import CaptionModel, look
from mediaserver.recording import disk_space
from scheduler.inbound_mail.service import InboundMail
from signaling.accounts.api_tokens import TokenCheck
from signaling.accounts.password_links import PasswordLinks
from signaling.accounts.passwords import Passwords
from signaling.accounts.second_factors import SecondFactors
from signaling.accounts.second_step import SecondStep
from signaling.accounts.sign_in import SignIn
from signaling.accounts.sso.external_accounts import ExternalAccounts
from signaling.accounts.sso.ldap_directory import LdapDirectory
from signaling.accounts.sso.oidc_provider import OidcProvider
from signaling.accounts.sso.oidc_sign_in import OidcSignIn
from signaling.accounts.sso.settings import SsoSettings
from signaling.accounts.throttle import Throttle
from signaling.accounts.upkeep import AccountUpkeep
from signaling.app import backup, server_facts
from signaling.app.periodic_jobs import Job, PeriodicJobs
from signaling.app.readings import Readings
from signaling.app.server import Server
from signaling.app.services import Services
from signaling.app.settings import Settings
from signaling.audit.syslog.forwarder import SyslogForwarder, signing_key
from signaling.calls.recorder import CallRecorder
from signaling.cameras.rtsp import RtspCameras
from signaling.cameras.seating import DeviceSeating
from signaling.cameras.whip import WhipService
from signaling.cascade.booking import CascadeBooking
from signaling.cascade.channel import CascadeChannel
from signaling.cascade.client import BelowClient
from signaling.cascade.contacts import Contacts
from signaling.compliance.security_incident_reminders import SecurityIncidentReminders
from signaling.core.loop_lag import LoopLag
from signaling.core.server_id import owner_of
from signaling.directory.jobs import fall_due, warn_of_endings, warn_of_first_assessments
from signaling.displays.pairing import PairingCodes
from signaling.displays.remote import RemoteControl
from signaling.http.clamd import Scanner
from signaling.http.metrics import Metrics
from signaling.http.page_files import PageFiles
from signaling.mail import chat_groups
from signaling.mail.config import Mail
from signaling.mail.inbox_watcher import InboxWatcher
from signaling.mail.outbox_sender import OutboxSender
from signaling.mail.smtp import SmtpSender, tls_context
from signaling.meeting.capacity_guard import CapacityGuard
from signaling.meeting.connected_devices import ConnectedDevices
from signaling.meeting.dispatcher import Dispatcher
from signaling.meeting.incident_reports import IncidentReports
from signaling.meeting.join import JoinService
from signaling.meeting.line_monitor import LineMonitor
from signaling.meeting.manager import MeetingManager
from signaling.meeting.record_writer import RecordWriter
from signaling.meeting.room_moves import RoomMoves
from signaling.meeting.runner import MeetingDependencies
from signaling.meeting.sign_out import SignOutMonitor
from signaling.meeting.state_writer import MeetingStateWriter
from signaling.meeting.stored_facts import StoredFacts
from signaling.meeting.votes import MeetingVotes
from signaling.quality.recorder import QualityRecorder
from signaling.recording.catalog import RecordingCatalog, load_key
from signaling.recording.composing_queue import ComposingQueue
from signaling.recording.handover import RecordingHandover
from signaling.recording.remux_queue import RemuxQueue
from signaling.sip.bridge.admission import SipAdmission
from signaling.sip.bridge.bridge import SipBridge
from signaling.sip.bridge.inbound_auth import InboundCallAuth
from signaling.sip.bridge.password_check import PasswordCheck
from signaling.sip.bridge.power_check import PowerCheck
from signaling.sip.bridge.reachability import Reachability
from signaling.sip.bridge.registrar import Registrar
from signaling.sip.bridge.saved_traces import SavedTraces
from signaling.transcript.queue import TranscriptQueue
from signaling.transcript.service import TranscriptService
from signaling.transcript.store import TranscriptStore
from signaling.webhooks.client import WebhookClient
from signaling.webhooks.sender import WebhookSender
from signaling.workers.pool import WorkerPool

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Measure = Callable[[Path], disk_space.Space]


@dataclass(frozen=True, slots=True)
class _Recordings:
    """The catalog of recordings, and the queues that work on finished ones."""

    catalog: RecordingCatalog
    remux_queue: RemuxQueue
    composing_queue: ComposingQueue
    transcript_queue: TranscriptQueue
    transcripts: TranscriptService


def build(
    settings: Settings, services: Services, engine: MediaEngine, redis: Redis, clock: Clock, measure: Measure
) -> Server:
    """Return the server; nothing of it works before it is started."""
    throttle, connected_devices, metrics = Throttle(redis), ConnectedDevices(redis), Metrics()
    key = load_key(settings.data / "ticket.key")
    recordings = _recordings(settings, services, key, clock, measure)
    recorder = QualityRecorder(services.quality_store)
    record_writer = RecordWriter(StoredFacts(services.database))
    line_monitor = LineMonitor(engine, services.incidents, record_writer, services.scheduler, recorder)
    password_links = PasswordLinks(services.database, key)
    caption_model = _caption_model(settings)
    votes = MeetingVotes(services.votes, engine, services.audit)
    dependencies = MeetingDependencies(
        engine,
        services.scheduler,
        connected_devices,
        MeetingStateWriter(services.meeting_store, clock),
        record_writer,
        recordings.catalog,
        services.incidents,
        services.attendance,
        services.audit,
        clock,
        RoomOptions(hold_s=settings.speaker_hold, mixed=settings.mixed_voices),
        settings.asr_model if caption_model.runs else None,
    )
    meetings = MeetingManager(services.scheduler, dependencies, line_monitor, votes)
    recordings.composing_queue.told = meetings.composing
    incident_reports = IncidentReports(meetings, services.incidents, line_monitor, services.audit)
    capacity_guard = CapacityGuard(services.scheduler, connected_devices)
    join_service = _join_service(services, meetings, capacity_guard, throttle)
    contacts = Contacts(clock)
    below = services.neighbours, services.reservations, BelowClient(contacts)
    sip_bridge = _sip_bridge(services, meetings, capacity_guard, throttle, clock)
    saved_traces = SavedTraces(settings.data / "traces.json", clock)
    seating = _seating(services, meetings, capacity_guard)
    reachability = Reachability(services.equipment, sip_bridge)
    outbox = _outbox(settings, services, password_links, clock)
    inbox_watcher = _inbox_watcher(settings.mail, services.inbound_mail, clock, outbox)
    syslog = _syslog(settings, services, clock)
    cascade_booking = CascadeBooking(
        services.scheduler, *below, services.audit, services.notifications, outbox.wake, clock
    )
    sip_bridge.outbound.reserved_code = cascade_booking.code
    sign_out = SignOutMonitor(meetings, services.accounts, services.displays, clock)
    external = _external(settings.sso, services, sign_out)
    sign_in = _sign_in(services, throttle, password_links, sign_out, external)
    return Server(
        **{each.name: getattr(services, each.name) for each in fields(services)},
        password_links=password_links,
        redis=redis,
        throttle=throttle,
        pairing_codes=PairingCodes(),
        remote_control=RemoteControl(clock),
        sign_in=sign_in,
        external=external,
        oidc=OidcSignIn(_provider(settings.sso), sign_in, throttle, services.audit),
        second_step=SecondStep(sign_in, services.factors, throttle, services.audit),
        second_factors=SecondFactors(sign_in, services.factors, services.audit, sign_out.ended),
        token_check=TokenCheck(services.api_tokens, throttle, services.directory.operator),
        meetings=meetings,
        sign_out=sign_out,
        line_monitor=line_monitor,
        quality_recorder=recorder,
        incident_reports=incident_reports,
        sip_bridge=sip_bridge,
        saved_traces=saved_traces,
        room_moves=_room_moves(settings, engine, services, meetings, sip_bridge),
        whip=WhipService(meetings, services.equipment, seating, throttle, services.audit),
        rtsp_cameras=RtspCameras(meetings, services.equipment, seating, settings.dscp.signalling),
        cascade_booking=cascade_booking,
        neighbour_contacts=contacts,
        cascade_channel=CascadeChannel(meetings, *below, lambda now: services.scheduler.policy(now).door.warn, clock),
        reachability=reachability,
        dispatcher=Dispatcher(meetings, join_service, incident_reports, votes, recorder, sip_bridge.redial, metrics),
        recordings=recordings.catalog,
        remux_queue=recordings.remux_queue,
        composing_queue=recordings.composing_queue,
        transcript_queue=recordings.transcript_queue,
        transcripts=recordings.transcripts,
        caption_model=caption_model,
        periodic_jobs=PeriodicJobs(
            _periodic_jobs(services, meetings, sign_out, sip_bridge, reachability) | {"traces": saved_traces.save},
            clock,
        ),
        outbox=outbox,
        inbox_watcher=inbox_watcher,
        syslog=syslog,
        webhook_sender=WebhookSender(services.webhooks, WebhookClient(settings.webhooks), services.audit, clock),
        webhook_networks=settings.webhooks.networks,
        administration=None if settings.administration is None else settings.administration.address,
        metrics=metrics,
        readings=_readings(settings, services, redis, recordings, outbox, inbox_watcher, syslog, capacity_guard, clock),
        loop_lag=LoopLag(metrics.lagged),
        document_folder=settings.documents,
        scanner=None if settings.clamd is None else Scanner(settings.clamd, metrics.scanned),
        signer=settings.signature,
        security_contact=settings.security_contact,
        turn=settings.turn,
        server_facts=partial(server_facts.read, settings),
        owner=owner_of(settings.data),
        pages=PageFiles(Path(pages_package.__file__ or "").parent),
        clock=clock,
    )


def _syslog(settings: Settings, services: Services, clock: Clock) -> SyslogForwarder | None:
    if settings.syslog is None:
        return None
    key = signing_key(services.cipher.key)
    return SyslogForwarder(settings.syslog, services.database, services.audit, key, clock, socket.gethostname())


def _readings(
    settings: Settings,
    services: Services,
    redis: Redis,
    recordings: _Recordings,
    outbox: OutboxSender,
    inbox: InboxWatcher | None,
    syslog: SyslogForwarder | None,
    capacity_guard: CapacityGuard,
    clock: Clock,
) -> Readings:
    certificates = {"https": settings.data / "tls"}
    if settings.sip is not None and settings.sip.tls is not None:
        certificates["sip"] = settings.sip.tls
    if settings.signature is not None:
        certificates["signature"] = settings.signature.directory
    return Readings(
        services.accounts,
        redis,
        services.notifications,
        recordings.catalog,
        services.recording_store,
        recordings.transcript_queue,
        outbox,
        inbox,
        syslog,
        services.webhooks,
        capacity_guard,
        settings.data,
        certificates,
        partial(server_facts.read, settings),
        partial(backup.stored_at, settings),
        clock,
    )


def _recordings(settings: Settings, services: Services, key: bytes, clock: Clock, measure: Measure) -> _Recordings:
    store, cipher = services.recording_store, services.cipher
    remux_queue = RemuxQueue(store, cipher, clock)
    composing_queue = ComposingQueue(store, cipher, clock, remux_queue, services.handovers.reminder_of)
    transcripts = TranscriptStore(services.database, cipher)
    transcript_queue = TranscriptQueue(store, transcripts, cipher, clock, settings.transcript_model)
    remux_queue.encrypted = transcript_queue.wake

    def closed() -> None:
        remux_queue.wake()
        composing_queue.wake()

    catalog = RecordingCatalog(store, settings.recordings, key, closed, measure)
    service = TranscriptService(store, transcripts, transcript_queue)
    return _Recordings(catalog, remux_queue, composing_queue, transcript_queue, service)


def _caption_model(settings: Settings) -> CaptionModel:
    """Return what captions come from, and log what administrators must know of it."""
    found = look(settings.asr_model)
    if found.missing:
        log.warning("x there are no captions: %s is missing", found.missing)
    if found.kind == "script":
        log.warning("- captions come from a script: nothing is recognized")
    return found


def _join_service(
    services: Services, meetings: MeetingManager, capacity_guard: CapacityGuard, throttle: Throttle
) -> JoinService:
    return JoinService(
        services.scheduler,
        services.equipment,
        services.displays,
        services.guest_access,
        meetings,
        capacity_guard,
        throttle,
        services.audit,
    )


def _external(sso: SsoSettings | None, services: Services, sign_out: SignOutMonitor) -> ExternalAccounts:
    async def units() -> set[str]:
        return {unit.id for unit in await services.scheduler.units()}

    directory = None if sso is None or sso.ldap is None else LdapDirectory(sso.ldap)
    return ExternalAccounts(services.identities, services.accounts, services.audit, directory, units, sign_out.ended)


def _provider(sso: SsoSettings | None) -> OidcProvider | None:
    return None if sso is None or sso.oidc is None else OidcProvider(sso.oidc)


def _sign_in(
    services: Services,
    throttle: Throttle,
    password_links: PasswordLinks,
    sign_out: SignOutMonitor,
    external: ExternalAccounts,
) -> SignIn:
    return SignIn(
        services.accounts,
        services.factors,
        services.audit,
        Passwords(),
        throttle,
        password_links,
        services.directory.operator,
        services.scheduler.policy,
        sign_out.ended,
        sign_out.connected,
        external,
    )


def _sip_bridge(
    services: Services, meetings: MeetingManager, capacity_guard: CapacityGuard, throttle: Throttle, clock: Clock
) -> SipBridge:
    passwords = PasswordCheck(services.equipment, throttle, services.audit)
    inbound_auth = InboundCallAuth(
        services.scheduler, services.equipment, services.guest_access, passwords, throttle, services.audit
    )
    admission = SipAdmission(services.equipment, capacity_guard, services.audit)
    registrar = Registrar(services.equipment, passwords)
    recorder = CallRecorder(services.call_records, meetings.dependencies.record_writer, clock)
    return SipBridge(
        meetings,
        services.scheduler,
        services.equipment,
        services.guest_access,
        admission,
        inbound_auth,
        registrar,
        recorder,
    )


def _room_moves(
    settings: Settings, engine: MediaEngine, services: Services, meetings: MeetingManager, sip_bridge: SipBridge
) -> RoomMoves | None:
    """Return what moves rooms between media workers, which from now on ask the meetings how many seats are reserved,
    and carry as many as the system is rated for."""
    if not isinstance(engine, WorkerPool):
        return None
    engine.reserved, engine.most_seats = meetings.reserved_seats, settings.max_points
    meetings.leave_recorder, meetings.clock_ahead = engine.leave_recorder, engine.clock_ahead
    return RoomMoves(engine, services.worker_drains, meetings, sip_bridge.prepare_move)


def _seating(services: Services, meetings: MeetingManager, capacity_guard: CapacityGuard) -> DeviceSeating:
    admission = SipAdmission(services.equipment, capacity_guard, services.audit)
    return DeviceSeating(meetings, services.scheduler, services.guest_access, admission)


def _periodic_jobs(
    services: Services,
    meetings: MeetingManager,
    sign_out: SignOutMonitor,
    sip_bridge: SipBridge,
    reachability: Reachability,
) -> dict[str, Job]:
    account_upkeep = AccountUpkeep(
        services.accounts, services.scheduler.policy, services.audit, meetings.seated, sign_out.ended
    )
    return {
        "uptime": services.reports.alive,
        "figures": services.correction_requests.remind,
        "profiles": services.policy_uploads.refresh,
        "answers": services.reply_deadlines.work,
        "calls": services.check_reminders.work,
        "happenings": services.audit.cover,
        "audit": services.audit.daily,
        "attendance": services.attendance.notify_of_ended_slots,
        "readiness": services.readiness.alarm,
        "personal": services.personal_data.forget,
        "directory": lambda now: fall_due(
            services.directory,
            services.people,
            services.notifications,
            services.accounts,
            services.audit,
            sign_out,
            now,
        ),
        "first-assessments": lambda now: warn_of_first_assessments(services.directory, services.notifications, now),
        "endings": lambda now: warn_of_endings(services.directory, services.notifications, services.accounts, now),
        "closing": services.closing.remind,
        "power": PowerCheck(services.device_shutdown, sip_bridge).work,
        "recordings": RecordingHandover(
            services.scheduler, services.handovers, services.recording_store, services.audit
        ).work,
        "providers": services.provider_notices.work,
        "patches": services.patch_reminders.work,
        "summaries": services.monthly_summary.work,
        "reachability": reachability.work,
        "call-records": services.call_records.prune,
        "webhooks": services.webhooks.prune,
        "accounts": account_upkeep.work,
        "quality": services.quality_store.prune,
        "security-incidents": SecurityIncidentReminders(
            services.security_incidents, services.reports, services.directory, services.notifications
        ).work,
    }


def _outbox(settings: Settings, services: Services, password_links: PasswordLinks, clock: Clock) -> OutboxSender:
    smtp = None if settings.mail is None else SmtpSender(settings.mail)
    groups = chat_groups.load(settings.groups)
    return OutboxSender(services.notifications, services.scheduler.live_code, smtp, groups, clock, password_links)


def _inbox_watcher(
    mail: Mail | None, inbound_mail: InboundMail, clock: Clock, outbox: OutboxSender
) -> InboxWatcher | None:
    if mail is None or mail.imap is None:
        return None
    return InboxWatcher(inbound_mail, mail.imap, tls_context(mail), clock, outbox.wake)
