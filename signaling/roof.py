"""Everything a request may need, built once in `signaling.app`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aiohttp import web
from redis.asyncio import Redis

from scheduler.answers import Answers
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
from scheduler.mailroom.service import Mailroom
from scheduler.post import Post
from scheduler.preparation.service import Preparation
from scheduler.reports.service import Reports
from scheduler.service import Scheduler
from signaling.audit import Audit
from signaling.auth import Auth
from signaling.clerk import Clerk
from signaling.dispatch import Dispatch
from signaling.faults import Faults
from signaling.finisher import Finisher
from signaling.hub import Hub
from signaling.lines import Lines
from signaling.links import Links
from signaling.metrics import Metrics
from signaling.post.deliverer import Deliverer
from signaling.post.intake import Intake
from signaling.recordings import Recordings
from signaling.store import Store


@dataclass(frozen=True, slots=True)
class Roof:
    """The roof's parts."""

    scheduler: Scheduler
    drafts: Drafts
    directory: Directory
    preparation: Preparation
    equipment: Equipment
    people: People
    grants: Grants
    exchange: Exchange
    links: Links
    post: Post
    mailroom: Mailroom
    answers: Answers
    desk: Desk
    sheets: Sheets
    handovers: Handovers
    shelf: Shelf
    box: Box
    carriers: Carriers
    store: Store
    audit: Audit
    reports: Reports
    redis: Redis
    auth: Auth
    hub: Hub
    lines: Lines
    faults: Faults
    dispatch: Dispatch
    recordings: Recordings
    finisher: Finisher
    deliverer: Deliverer
    clerk: Clerk
    intake: Intake | None
    metrics: Metrics
    pages: Path
    documents: Path
    clock: Callable[[], datetime]


ROOF = web.AppKey("roof", Roof)
