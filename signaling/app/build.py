"""Composition root: builds and starts the parts of the server in order, and stops them in reverse."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import fields
from datetime import datetime
from functools import partial
from pathlib import Path

from aiohttp import web
from redis.asyncio import Redis

import web as pages_package
from mediaserver.api import MediaEngine, RoomOptions
from mediaserver.captions.model import CaptionModel, look
from mediaserver.recording import disk_space
from mediaserver.rpc.client import RemoteEngine, ask_to_end
from scheduler.inbound_mail.service import InboundMail
from signaling.accounts.password_links import PasswordLinks
from signaling.accounts.passwords import Passwords
from signaling.accounts.sign_in import SignIn
from signaling.accounts.throttle import Throttle
from signaling.app import contexts, health, private_files, server_facts
from signaling.app.api_table import MODELS, PREFIX, ROUTES
from signaling.app.lease import Lease
from signaling.app.periodic_jobs import Job, PeriodicJobs
from signaling.app.server import Server
from signaling.app.services import Services, utc_now
from signaling.app.settings import Settings
from signaling.app.worker_command import worker_command
from signaling.booking import calendar_feed
from signaling.calls.recorder import CallRecorder
from signaling.cameras import whip_rest
from signaling.cameras.rtsp import RtspCameras
from signaling.cameras.seating import DeviceSeating
from signaling.cameras.whip import WhipService
from signaling.cascade.booking import CascadeBooking
from signaling.core import valkey
from signaling.core.server_id import owner_of
from signaling.directory.jobs import fall_due, warn_of_endings, warn_of_first_assessments
from signaling.displays.pairing import PairingCodes
from signaling.displays.remote import RemoteControl
from signaling.h323.agent.agent import Agent as H323Agent
from signaling.h323.combined_agent import CombinedAgent
from signaling.http import middleware, pages, router
from signaling.http.metrics import Metrics
from signaling.mail import chat_groups
from signaling.mail.config import Mail
from signaling.mail.inbox_watcher import InboxWatcher
from signaling.mail.outbox_sender import OutboxSender
from signaling.mail.smtp import SmtpSender, tls_context
from signaling.meeting import websocket
from signaling.meeting.capacity_guard import CapacityGuard
from signaling.meeting.connected_devices import ConnectedDevices
from signaling.meeting.dispatcher import Dispatcher
from signaling.meeting.incident_reports import IncidentReports
from signaling.meeting.join import JoinService
from signaling.meeting.line_monitor import LineMonitor
from signaling.meeting.manager import MeetingManager
from signaling.meeting.room_moves import RoomMoves
from signaling.meeting.runner import MeetingDependencies
from signaling.meeting.sign_out import SignOutMonitor
from signaling.meeting.state_writer import MeetingStateWriter
from signaling.meeting.votes import MeetingVotes
from signaling.recording.catalog import RecordingCatalog, load_key
from signaling.recording.composing_queue import ComposingQueue
from signaling.recording.handover import RecordingHandover
from signaling.recording.remux_queue import RemuxQueue
from signaling.sip.agent.agent import Agent
from signaling.sip.bridge.admission import SipAdmission
from signaling.sip.bridge.bridge import SipBridge
from signaling.sip.bridge.inbound_auth import InboundCallAuth
from signaling.sip.bridge.power_check import PowerCheck
from signaling.sip.bridge.reachability import Reachability
from signaling.sip.bridge.registrar import Registrar
from signaling.transcript.queue import TranscriptQueue
from signaling.transcript.service import TranscriptService
from signaling.transcript.store import TranscriptStore
from signaling.workers import remote_endpoint
from signaling.workers.pool import WorkerPool
from signaling.workers.supervisor import Supervisor

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64 * 1024
"""Size of a request body; the endpoints that take files read larger ones themselves."""
REMOTE_WORKER_SECONDS = 12.0
"""Time for a worker of another machine to dial a new server, and to bring the rooms that it holds."""

Clock = Callable[[], datetime]
Measure = Callable[[Path], disk_space.Space]


@asynccontextmanager
async def media(settings: Settings) -> AsyncIterator[Supervisor]:
    """Run the media workers of this machine until the context ends."""
    owner = owner_of(settings.data)
    supervisor = Supervisor(
        WorkerPool(),
        settings.workers,
        settings.sockets,
        worker_command(settings) if settings.start_workers else None,
        lambda path: RemoteEngine.dial(str(path), owner),
        lambda path: ask_to_end(str(path), owner),
    )
    try:
        await supervisor.start()
        yield supervisor
    except BaseException:  # an error of this server ends no meeting: the next server continues it
        await supervisor.leave()
        raise
    await supervisor.stop()


@asynccontextmanager
async def running(
    settings: Settings,
    services: Services,
    engine: MediaEngine,
    clock: Clock = utc_now,
    measure: Measure = disk_space.measure,
) -> AsyncIterator[Server]:
    """Build the server over services and a media engine, and run it until the context ends."""
    async with valkey.connect(settings.redis_url, settings.run) as redis:
        server = _build(settings, services, engine, redis, clock, measure)
        with suppress(TimeoutError):  # the thread goes on
            await server.recordings.folder.run(lambda: private_files.restrict_folder(settings.recordings))
        await server.meetings.recover(REMOTE_WORKER_SECONDS if await services.worker_keys.names() else 0)
        server.remux_queue.start()
        server.composing_queue.start()
        server.transcript_queue.start()
        server.outbox.start()
        server.periodic_jobs.start()
        if server.inbox_watcher is not None:
            server.inbox_watcher.start()
        server.meetings.start()
        server.sign_out.start()
        server.whip.start()
        server.rtsp_cameras.start()
        server.cascade_booking.start()
        try:
            await _start_gateway(settings, server.sip_bridge)
            if server.room_moves is not None:
                server.room_moves.start()
            yield server
        except BaseException:  # an error of this server ends no meeting: the next server continues it
            await leave(server)
            raise
        if not server.meetings.left:
            await _stop(server)


async def leave(server: Server) -> None:
    """Leave the meetings to the next server, once; nothing of this one works by itself any more."""
    if server.meetings.left:
        return
    if server.room_moves is not None:
        await server.room_moves.stop()
    await server.sip_bridge.leave()
    await server.meetings.leave()
    await server.rtsp_cameras.stop()
    await server.whip.stop()
    await server.sign_out.stop()
    await _stop_jobs(server)


async def _stop(server: Server) -> None:
    if server.room_moves is not None:
        await server.room_moves.stop()
    await server.sip_bridge.stop()
    await server.rtsp_cameras.stop()
    await server.whip.stop()
    await server.sign_out.stop()
    await server.meetings.stop()
    await _stop_jobs(server)


async def _stop_jobs(server: Server) -> None:
    await server.cascade_booking.stop()
    await server.recordings.stop()
    await server.periodic_jobs.stop()
    if server.inbox_watcher is not None:
        await server.inbox_watcher.stop()
    await server.outbox.stop()
    await server.transcript_queue.stop()
    await server.composing_queue.stop()
    await server.remux_queue.stop()


async def _start_gateway(settings: Settings, sip_bridge: SipBridge) -> None:
    """Let the gateway speak the protocols that the settings name, if any. Raises OSError."""
    if settings.sip is not None and settings.h323 is not None:
        agents = Agent(settings.sip, sip_bridge), H323Agent(settings.h323, sip_bridge)
        at = settings.h323.gatekeeper
        gatekeeper = None if at is None else (at.host, at.port)
        await sip_bridge.start(CombinedAgent(*agents), ("SIP", "H323"), gatekeeper)
    elif settings.sip is not None:
        await sip_bridge.start(Agent(settings.sip, sip_bridge))
    else:
        await sip_bridge.run_without_gateway()


def _caption_model(settings: Settings) -> CaptionModel:
    """Return what captions come from, and log what administrators must know of it."""
    found = look(settings.asr_model)
    if found.missing:
        log.warning("x there are no captions: %s is missing", found.missing)
    if found.kind == "script":
        log.warning("- captions come from a script: nothing is recognized")
    return found


def _build(
    settings: Settings, services: Services, engine: MediaEngine, redis: Redis, clock: Clock, measure: Measure
) -> Server:
    throttle, connected_devices, metrics = Throttle(redis), ConnectedDevices(redis), Metrics()
    remux_queue = RemuxQueue(services.recording_store, services.cipher, clock)
    composing_queue = ComposingQueue(
        services.recording_store, services.cipher, clock, remux_queue, services.handovers.reminder_of
    )
    transcripts = TranscriptStore(services.database, services.cipher)
    transcript_queue = TranscriptQueue(
        services.recording_store, transcripts, services.cipher, clock, settings.transcript_model
    )
    remux_queue.encrypted = transcript_queue.wake
    key = load_key(settings.data / "ticket.key")

    def closed() -> None:
        remux_queue.wake()
        composing_queue.wake()

    recordings = RecordingCatalog(services.recording_store, settings.recordings, key, closed, measure)
    line_monitor = LineMonitor(engine, services.incidents, services.scheduler)
    password_links = PasswordLinks(services.database, key)
    rooms = RoomOptions(hold_s=settings.speaker_hold, mixed=settings.mixed_voices)
    writer = MeetingStateWriter(services.meeting_store, clock)
    caption_model = _caption_model(settings)
    dependencies = MeetingDependencies(
        engine,
        services.scheduler,
        connected_devices,
        writer,
        recordings,
        services.incidents,
        services.attendance,
        services.audit,
        clock,
        rooms,
        settings.asr_model if caption_model.runs else None,
    )
    votes = MeetingVotes(services.votes, services.audit)
    meetings = MeetingManager(services.scheduler, dependencies, line_monitor, votes)
    composing_queue.told = meetings.composing
    incident_reports = IncidentReports(meetings, services.incidents, line_monitor, services.audit)
    capacity_guard = CapacityGuard(services.scheduler, connected_devices)
    join_service = JoinService(
        services.scheduler,
        services.equipment,
        services.displays,
        services.guest_access,
        meetings,
        capacity_guard,
        throttle,
        services.audit,
    )
    cascade_booking = CascadeBooking(
        services.scheduler, services.neighbours, services.reservations, services.audit, clock
    )
    sip_bridge = _sip_bridge(services, meetings, capacity_guard, throttle, clock)
    sip_bridge.outbound.reserved_code = cascade_booking.code
    seating = _seating(services, meetings, capacity_guard)
    reachability = Reachability(services.equipment, sip_bridge)
    room_moves = None
    if isinstance(engine, WorkerPool):
        engine.reserved = meetings.reserved_seats
        room_moves = RoomMoves(engine, services.worker_drains, meetings, sip_bridge.prepare_move)
    smtp = None if settings.mail is None else SmtpSender(settings.mail)
    outbox = OutboxSender(
        services.notifications,
        services.scheduler.live_code,
        smtp,
        chat_groups.load(settings.groups),
        clock,
        password_links,
    )
    sign_out = SignOutMonitor(meetings, services.accounts, services.displays, clock)
    return Server(
        **{each.name: getattr(services, each.name) for each in fields(services)},
        password_links=password_links,
        redis=redis,
        throttle=throttle,
        pairing_codes=PairingCodes(),
        remote_control=RemoteControl(clock),
        sign_in=SignIn(
            services.accounts,
            services.audit,
            Passwords(),
            throttle,
            password_links,
            services.directory.operator,
            sign_out.ended,
        ),
        meetings=meetings,
        sign_out=sign_out,
        line_monitor=line_monitor,
        incident_reports=incident_reports,
        sip_bridge=sip_bridge,
        room_moves=room_moves,
        whip=WhipService(meetings, services.equipment, seating, throttle, services.audit),
        rtsp_cameras=RtspCameras(meetings, services.equipment, seating),
        cascade_booking=cascade_booking,
        reachability=reachability,
        dispatcher=Dispatcher(meetings, join_service, incident_reports, votes, sip_bridge.redial, metrics),
        recordings=recordings,
        remux_queue=remux_queue,
        composing_queue=composing_queue,
        transcript_queue=transcript_queue,
        transcripts=TranscriptService(services.recording_store, transcripts, transcript_queue),
        caption_model=caption_model,
        periodic_jobs=PeriodicJobs(_periodic_jobs(services, sign_out, sip_bridge, reachability), clock),
        outbox=outbox,
        inbox_watcher=_inbox_watcher(settings.mail, services.inbound_mail, clock, outbox),
        metrics=metrics,
        document_folder=settings.documents,
        server_facts=partial(server_facts.read, settings),
        owner=owner_of(settings.data),
        pages=Path(pages_package.__file__ or "").parent,
        clock=clock,
    )


def _sip_bridge(
    services: Services, meetings: MeetingManager, capacity_guard: CapacityGuard, throttle: Throttle, clock: Clock
) -> SipBridge:
    inbound_auth = InboundCallAuth(
        services.scheduler, services.equipment, services.guest_access, throttle, services.audit
    )
    admission = SipAdmission(services.equipment, capacity_guard, services.audit)
    registrar = Registrar(services.equipment, throttle, services.audit)
    recorder = CallRecorder(services.call_records, clock)
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


def _seating(services: Services, meetings: MeetingManager, capacity_guard: CapacityGuard) -> DeviceSeating:
    admission = SipAdmission(services.equipment, capacity_guard, services.audit)
    return DeviceSeating(meetings, services.scheduler, services.guest_access, admission)


def _periodic_jobs(
    services: Services, sign_out: SignOutMonitor, sip_bridge: SipBridge, reachability: Reachability
) -> dict[str, Job]:
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
    }


def _inbox_watcher(
    mail: Mail | None, inbound_mail: InboundMail, clock: Clock, outbox: OutboxSender
) -> InboxWatcher | None:
    if mail is None or mail.imap is None:
        return None
    return InboxWatcher(inbound_mail, mail.imap, tls_context(mail), clock, outbox.wake)


def application(server: Server, workers: WorkerPool | None = None, lease: Lease | None = None) -> web.Application:
    """Return the HTTP application; media workers of other machines join `workers`, and know who leads by the lease."""
    app = web.Application(
        middlewares=[middleware.problems, middleware.plain, middleware.admitting],
        client_max_size=MAX_BODY_BYTES,
        handler_args={"auto_decompress": False},
    )
    contexts.provide(app, server)
    app.on_response_prepare.append(middleware.add_headers)
    if workers is not None:
        endpoint = remote_endpoint.RemoteWorkerEndpoint(
            workers,
            server.worker_keys,
            Throttle(server.redis),
            server.recordings,
            server.audit,
            server.owner,
            server.clock,
            *(() if lease is None else (lease.epoch, lease.suspect)),
        )
        remote_endpoint.add(app, endpoint)
    app.add_routes(
        [
            web.get(f"{PREFIX}/display/socket", websocket.handle_display),
            *router.routes(PREFIX, ROUTES, MODELS),
            *health.ROUTES,
            web.get("/calendar/{token}.ics", calendar_feed.handle),
            web.get("/ws", websocket.handle),
            *whip_rest.ROUTES,
            web.get("/display", pages.display),
            web.get("/{path:.*}", pages.handle),
        ]
    )
    return app
