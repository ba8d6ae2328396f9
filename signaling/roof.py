"""Everything a request may need, built once in `signaling.app.build`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aiohttp import web
from redis.asyncio import Redis

from signaling.accounts.password_links import Links
from signaling.accounts.sign_in import Auth
from signaling.app.periodic_jobs import Clerk
from signaling.app.services import Record
from signaling.http.metrics import Metrics
from signaling.mail.inbox_watcher import Intake
from signaling.mail.outbox_sender import Deliverer
from signaling.meeting.dispatcher import Dispatch
from signaling.meeting.incident_reports import Faults
from signaling.meeting.line_monitor import Lines
from signaling.meeting.manager import Hub
from signaling.meeting.sign_out import Logins
from signaling.recording.catalog import Recordings
from signaling.recording.remux_queue import Finisher
from signaling.sip.bridge.bridge import Gateway


@dataclass(frozen=True, slots=True)
class Roof(Record):
    """The record, and the parts that run over it."""

    links: Links
    redis: Redis
    auth: Auth
    hub: Hub
    logins: Logins
    lines: Lines
    faults: Faults
    gateway: Gateway
    dispatch: Dispatch
    recordings: Recordings
    finisher: Finisher
    deliverer: Deliverer
    clerk: Clerk
    intake: Intake | None
    metrics: Metrics
    pages: Path
    documents: Path
    owner: str
    """The id of the data directory, by which media workers know it."""
    clock: Callable[[], datetime]


ROOF = web.AppKey("roof", Roof)
