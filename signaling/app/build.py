"""The composition root: builds the roof's parts in order, and takes them down in reverse."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import fields
from datetime import datetime
from pathlib import Path

from aiohttp import web
from redis.asyncio import Redis

import web as pages_package
from mediaserver.api import MediaEngine, RoomOptions
from mediaserver.recording import disk_space
from mediaserver.rpc.client import RemoteEngine, ask_to_end
from scheduler.inbound_mail.service import InboundMail
from signaling.accounts.password_links import PasswordLinks
from signaling.accounts.passwords import Passwords
from signaling.accounts.sign_in import SignIn
from signaling.accounts.throttle import Throttle
from signaling.app import contexts, health, private_files
from signaling.app.api_table import MODELS, PREFIX, ROUTES
from signaling.app.periodic_jobs import Duty, PeriodicJobs
from signaling.app.server import Server
from signaling.app.services import Services, utc_now
from signaling.app.settings import Settings
from signaling.app.worker_command import worker_command
from signaling.core import valkey
from signaling.core.server_id import owner_of
from signaling.directory.jobs import fall_due, warn_of_endings, warn_of_first_assessments
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
from signaling.meeting.dispatcher import Dispatch
from signaling.meeting.incident_reports import IncidentReports
from signaling.meeting.join import JoinService
from signaling.meeting.line_monitor import LineMonitor
from signaling.meeting.manager import MeetingManager
from signaling.meeting.runner import MeetingDependencies
from signaling.meeting.sign_out import Logins
from signaling.meeting.state_keeper import ConferenceKeeper
from signaling.messages.server import MAX_BYTES
from signaling.recording.catalog import RecordingCatalog, load_key
from signaling.recording.handover import RecordingHandover
from signaling.recording.remux_queue import RemuxQueue
from signaling.sip.agent.agent import Agent
from signaling.sip.bridge.admission import SipAdmission
from signaling.sip.bridge.bridge import SipBridge
from signaling.sip.bridge.inbound_auth import InboundCallAuth
from signaling.sip.bridge.power_check import PowerCheck
from signaling.workers import remote_endpoint
from signaling.workers.pool import WorkerPool
from signaling.workers.supervisor import Supervisor

MACHINE_SECONDS = 12.0
"""So long a worker of another machine may take to dial a new server, and bring the rooms that it holds."""

Clock = Callable[[], datetime]
Measure = Callable[[Path], disk_space.Space]


@asynccontextmanager
async def media(settings: Settings) -> AsyncIterator[Supervisor]:
    """Run the media workers."""
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
    except BaseException:  # what keeps a server from serving ends no meeting: the next one leads it on
        await supervisor.leave()
        raise
    await supervisor.stop()


@asynccontextmanager
async def running(
    settings: Settings,
    kept: Services,
    engine: MediaEngine,
    clock: Clock = utc_now,
    measure: Measure = disk_space.measure,
) -> AsyncIterator[Server]:
    """Build the roof over a record and an engine, running until the context ends."""
    async with valkey.connect(settings.redis_url, settings.run) as redis:
        built = _build(settings, kept, engine, redis, clock, measure)
        with suppress(TimeoutError):  # it goes on
            await built.recordings.folder.run(lambda: private_files.mend_folder(settings.recordings))
        await built.hub.recover(MACHINE_SECONDS if await kept.worker_keys.names() else 0)
        built.finisher.start()
        built.deliverer.start()
        built.clerk.start()
        if built.intake is not None:
            built.intake.start()
        built.hub.start()
        built.logins.start()
        try:
            if settings.sip is not None:
                await built.gateway.start(Agent(settings.sip, built.gateway))
            else:
                await built.gateway.forgo()
            yield built
        except BaseException:  # what keeps a server from serving ends no meeting: the next one leads it on
            if not built.hub.left:
                await built.gateway.leave()
                await built.hub.leave()
            raise
        finally:
            if not built.hub.left:
                await built.gateway.stop()
            await built.logins.stop()
            if not built.hub.left:
                await built.hub.stop()
            await built.recordings.stop()
            await built.clerk.stop()
            if built.intake is not None:
                await built.intake.stop()
            await built.deliverer.stop()
            await built.finisher.stop()


def _build(
    settings: Settings, kept: Services, engine: MediaEngine, redis: Redis, clock: Clock, measure: Measure
) -> Server:
    limits, presence, metrics = Throttle(redis), ConnectedDevices(redis), Metrics()
    finisher = RemuxQueue(kept.recorded, kept.safe)
    key = load_key(settings.data / "ticket.key")
    recordings = RecordingCatalog(kept.recorded, settings.recordings, key, finisher.wake, measure)
    lines, links = LineMonitor(engine, kept.desk, kept.scheduler), PasswordLinks(kept.database, key)
    rooms = RoomOptions(hold_s=settings.speaker_hold, mixed=settings.mixed_voices)
    keeper = ConferenceKeeper(kept.conferences, clock)
    tools = MeetingDependencies(
        engine, presence, keeper, recordings, kept.desk, kept.preparation.attendance, kept.audit, clock, rooms
    )
    hub = MeetingManager(kept.scheduler, tools, lines)
    faults = IncidentReports(hub, kept.desk, lines, kept.audit)
    guard = CapacityGuard(kept.scheduler, presence)
    entrance = JoinService(kept.scheduler, kept.equipment, kept.grants, hub, guard, limits, kept.audit)
    gateway = _gateway(kept, hub, guard, limits)
    letters = None if settings.mail is None else SmtpSender(settings.mail)
    deliverer = OutboxSender(
        kept.post, kept.scheduler.live_code, letters, chat_groups.load(settings.groups), clock, links
    )
    logins = Logins(hub, kept.store, clock)
    return Server(
        **{each.name: getattr(kept, each.name) for each in fields(kept)},
        links=links,
        redis=redis,
        auth=SignIn(kept.store, kept.audit, Passwords(), limits, links, kept.directory.operator, logins.ended),
        hub=hub,
        logins=logins,
        lines=lines,
        faults=faults,
        gateway=gateway,
        dispatch=Dispatch(hub, entrance, faults, gateway.redial, metrics),
        recordings=recordings,
        finisher=finisher,
        clerk=PeriodicJobs(_duties(kept, logins, gateway), clock),
        deliverer=deliverer,
        intake=_intake(settings.mail, kept.mailroom, clock, deliverer),
        metrics=metrics,
        documents=settings.data / "documents",
        owner=owner_of(settings.data),
        pages=Path(pages_package.__file__ or "").parent,
        clock=clock,
    )


def _gateway(kept: Services, hub: MeetingManager, guard: CapacityGuard, limits: Throttle) -> SipBridge:
    reception = InboundCallAuth(kept.scheduler, kept.equipment, kept.grants, limits, kept.audit)
    seating = SipAdmission(kept.equipment, guard, kept.audit)
    return SipBridge(hub, kept.scheduler, kept.equipment, kept.grants, seating, reception)


def _duties(kept: Services, logins: Logins, gateway: SipBridge) -> dict[str, Duty]:
    return {
        "uptime": kept.reports.alive,
        "figures": kept.inquiries.remind,
        "profiles": kept.filing.refresh,
        "answers": kept.answers.work,
        "calls": kept.calls.work,
        "happenings": kept.audit.cover,
        "audit": kept.audit.daily,
        "attendance": kept.preparation.attendance.settle,
        "readiness": kept.preparation.boards.alarm,
        "personal": kept.personal.forget,
        "directory": lambda now: fall_due(kept.directory, kept.people, kept.post, kept.store, kept.audit, logins, now),
        "first-assessments": lambda now: warn_of_first_assessments(kept.directory, kept.post, now),
        "endings": lambda now: warn_of_endings(kept.directory, kept.post, kept.store, now),
        "closing": kept.sheets.remind,
        "power": PowerCheck(kept.power, gateway).work,
        "recordings": RecordingHandover(kept.scheduler, kept.handovers, kept.recorded, kept.audit).work,
        "providers": kept.letters.work,
        "patches": kept.patches.work,
        "summaries": kept.summaries.work,
    }


def _intake(mail: Mail | None, mailroom: InboundMail, clock: Clock, deliverer: OutboxSender) -> InboxWatcher | None:
    if mail is None or mail.imap is None:
        return None
    return InboxWatcher(mailroom, mail.imap, tls_context(mail), clock, deliverer.wake)


def application(built: Server, workers: WorkerPool | None = None) -> web.Application:
    """Return the HTTP application; media workers of other machines join `workers`."""
    app = web.Application(
        middlewares=[middleware.problems, middleware.plain, middleware.admitting],
        client_max_size=MAX_BYTES,
        handler_args={"auto_decompress": False},
    )
    contexts.provide(app, built)
    app.on_response_prepare.append(middleware.add_headers)
    if workers is not None:
        endpoint = remote_endpoint.RemoteWorkerEndpoint(
            workers, built.worker_keys, Throttle(built.redis), built.recordings, built.audit, built.owner, built.clock
        )
        remote_endpoint.add(app, endpoint)
    app.add_routes(
        [
            *router.routes(PREFIX, ROUTES, MODELS),
            *health.ROUTES,
            web.get("/ws", websocket.handle),
            web.get("/{path:.*}", pages.handle),
        ]
    )
    return app
