"""The composition root: builds the roof's parts in order, and takes them down in reverse."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

import web as pages_package
from mediaserver import disk
from mediaserver.api import MediaEngine, RoomOptions
from mediaserver.remote import RemoteEngine
from scheduler import database, profiles
from scheduler.answers import Answers
from scheduler.calls import Calls
from scheduler.conduct.box import Box
from scheduler.conduct.carriage import Carriers
from scheduler.conduct.desk import Desk
from scheduler.conduct.handovers import Handovers
from scheduler.conduct.sheets import Sheets
from scheduler.conduct.shelf import Shelf
from scheduler.directory.equipment import Equipment
from scheduler.directory.exchange import Exchange
from scheduler.directory.grants import Grants
from scheduler.directory.people import People
from scheduler.directory.service import Directory
from scheduler.drafts import Drafts
from scheduler.mailroom.service import Address, Mailroom
from scheduler.model import Amount
from scheduler.notices import Channels, Contacts
from scheduler.post import Post
from scheduler.preparation.service import Preparation
from scheduler.reports.service import Reports
from scheduler.service import Scheduler
from scheduler.vault import Vault
from signaling import border, health, migrations, pages, valkey, ws
from signaling.accounts import Passwords
from signaling.audit import Audit
from signaling.auth import Auth
from signaling.clerk import Clerk, Duty
from signaling.directory import fall_due, tell_providers
from signaling.dispatch import Dispatch
from signaling.entrance import Entrance
from signaling.faults import Faults
from signaling.finisher import Finisher
from signaling.handing import Handing
from signaling.hub import Hub
from signaling.lines import Lines
from signaling.links import Links
from signaling.meeting import Tools
from signaling.messages import MAX_BYTES
from signaling.metrics import Metrics
from signaling.post import groups
from signaling.post.deliverer import Deliverer
from signaling.post.intake import Intake
from signaling.post.letters import Letters, tls_context
from signaling.presence import Presence
from signaling.recordings import Recordings, load_key
from signaling.rest import serve
from signaling.roof import ROOF, Roof
from signaling.settings import Mail, Settings
from signaling.store import Store
from signaling.supervisor import Supervisor, worker_command
from signaling.throttle import Throttle
from signaling.workers import Workers

Clock = Callable[[], datetime]
Measure = Callable[[Path], disk.Space]


@dataclass(frozen=True, slots=True)
class Record:
    """What is true without any process running: bookings and people."""

    database: AsyncEngine
    scheduler: Scheduler
    drafts: Drafts
    directory: Directory
    preparation: Preparation
    equipment: Equipment
    people: People
    grants: Grants
    exchange: Exchange
    post: Post
    mailroom: Mailroom
    answers: Answers
    calls: Calls
    desk: Desk
    sheets: Sheets
    handovers: Handovers
    shelf: Shelf
    box: Box
    carriers: Carriers
    store: Store
    audit: Audit
    reports: Reports


def utc_now() -> datetime:
    """The only clock of the roof; tests bring their own."""
    return datetime.now(UTC)


@asynccontextmanager
async def record(settings: Settings) -> AsyncIterator[Record]:
    """Open the database, with all tables up to date."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = settings.code_key or load_key(settings.data / "code.key")
    engine = database.connect(settings.database_url, Vault(key))
    try:
        shelf = profiles.load(settings.profiles)
        channels = Channels(settings.mail is not None, tuple(groups.load(settings.groups)))
        scheduler = Scheduler(engine, shelf, Amount(settings.max_sessions, settings.max_points), channels)
        await scheduler.migrate()
        await scheduler.check_vault()
        await scheduler.keep_profiles(utc_now())
        await migrations.migrate(engine)
        address = Address(settings.mail.sender.lower(), settings.mail.verifier) if settings.mail else Address("")
        sheets, handovers = Sheets(engine, shelf, channels), Handovers(engine, shelf, channels)
        drafts = Drafts(engine, shelf, channels)
        yield Record(
            database=engine,
            scheduler=scheduler,
            drafts=drafts,
            directory=Directory(engine, shelf),
            equipment=Equipment(engine, shelf),
            people=People(engine, shelf),
            grants=Grants(engine, shelf),
            exchange=Exchange(engine, shelf),
            post=Post(engine, shelf.at(utc_now()).zone, channels),
            mailroom=Mailroom(engine, address, shelf, drafts),
            desk=Desk(engine, channels),
            sheets=sheets,
            handovers=handovers,
            shelf=Shelf(engine, channels),
            box=Box(engine, shelf, sheets, handovers),
            carriers=Carriers(engine),
            calls=Calls(engine, shelf, channels),
            answers=Answers(engine, shelf, settings.mail.contacts if settings.mail else Contacts()),
            store=Store(engine),
            audit=Audit(engine, shelf),
            reports=Reports(engine, shelf, scheduler),
            preparation=Preparation.over(engine, shelf, channels),
        )
    finally:
        await engine.dispose()


@asynccontextmanager
async def media(settings: Settings) -> AsyncIterator[Workers]:
    """Run the media workers."""
    workers = Workers()
    supervisor = Supervisor(
        workers, settings.workers, settings.run, worker_command(settings), lambda path: RemoteEngine.dial(str(path))
    )
    try:
        await supervisor.start()
        yield workers
    finally:
        await supervisor.stop()


@asynccontextmanager
async def roof(
    settings: Settings, kept: Record, engine: MediaEngine, clock: Clock = utc_now, measure: Measure = disk.measure
) -> AsyncIterator[Roof]:
    """Build the roof over a record and an engine, running until the context ends."""
    async with valkey.connect(settings.redis_url, settings.run) as redis:
        built = _build(settings, kept, engine, redis, clock, measure)
        await built.recordings.interrupted(clock())
        await built.preparation.attendance.recover()
        built.finisher.start()
        built.deliverer.start()
        built.clerk.start()
        if built.intake is not None:
            built.intake.start()
        built.hub.start()
        try:
            yield built
        finally:
            await built.hub.stop()
            await built.clerk.stop()
            if built.intake is not None:
                await built.intake.stop()
            await built.deliverer.stop()
            await built.finisher.stop()


def _build(settings: Settings, kept: Record, engine: MediaEngine, redis: Redis, clock: Clock, measure: Measure) -> Roof:
    limits, presence, metrics, finisher = Throttle(redis), Presence(redis), Metrics(), Finisher(kept.store)
    key = load_key(settings.data / "ticket.key")
    recordings = Recordings(kept.store, settings.recordings, key, finisher.wake, measure)
    attendance = kept.preparation.attendance
    lines = Lines(engine, kept.desk, kept.scheduler)
    rooms = RoomOptions(hold_s=settings.speaker_hold)
    hub = Hub(kept.scheduler, Tools(engine, presence, recordings, kept.desk, attendance, clock, rooms), lines)
    faults = Faults(hub, kept.desk, lines, kept.audit)
    letters = None if settings.mail is None else Letters(settings.mail)
    links = Links(kept.database, key)
    entrance = Entrance(kept.scheduler, kept.equipment, kept.grants, hub, presence, limits, kept.audit)
    deliverer = Deliverer(kept.post, letters, groups.load(settings.groups), clock, links)
    duties: dict[str, Duty] = {
        "answers": kept.answers.work,
        "calls": kept.calls.work,
        "audit": kept.audit.daily,
        "attendance": attendance.settle,
        "readiness": kept.preparation.boards.alarm,
        "lists": kept.preparation.rolls.forget,
        "directory": lambda now: fall_due(kept.directory, kept.people, kept.post, kept.store, kept.audit, hub, now),
        "closing": kept.sheets.remind,
        "recordings": Handing(kept.scheduler, kept.handovers, kept.store, kept.audit).work,
        "providers": lambda now: tell_providers(kept.scheduler, kept.equipment, kept.post, now),
    }
    return Roof(
        scheduler=kept.scheduler,
        drafts=kept.drafts,
        directory=kept.directory,
        preparation=kept.preparation,
        equipment=kept.equipment,
        people=kept.people,
        grants=kept.grants,
        exchange=kept.exchange,
        links=links,
        post=kept.post,
        mailroom=kept.mailroom,
        answers=kept.answers,
        desk=kept.desk,
        sheets=kept.sheets,
        handovers=kept.handovers,
        shelf=kept.shelf,
        box=kept.box,
        carriers=kept.carriers,
        store=kept.store,
        redis=redis,
        audit=kept.audit,
        reports=kept.reports,
        auth=Auth(kept.store, kept.audit, Passwords(), limits, links),
        hub=hub,
        lines=lines,
        faults=faults,
        dispatch=Dispatch(hub, entrance, faults, metrics),
        recordings=recordings,
        finisher=finisher,
        clerk=Clerk(duties, clock),
        deliverer=deliverer,
        intake=_intake(settings.mail, kept.mailroom, clock, deliverer),
        metrics=metrics,
        documents=settings.data / "documents",
        pages=Path(pages_package.__file__ or "").parent,
        clock=clock,
    )


def _intake(mail: Mail | None, mailroom: Mailroom, clock: Clock, deliverer: Deliverer) -> Intake | None:
    if mail is None or mail.imap is None:
        return None
    return Intake(mailroom, mail.imap, tls_context(mail), clock, deliverer.wake)


def application(built: Roof) -> web.Application:
    """Return the HTTP application."""
    app = web.Application(middlewares=[border.problems], client_max_size=MAX_BYTES)
    app[ROOF] = built
    app.on_response_prepare.append(border.add_headers)
    app.add_routes([*serve.routes(), *health.ROUTES, web.get("/ws", ws.handle), web.get("/{path:.*}", pages.handle)])
    return app
