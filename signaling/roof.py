"""Everything a request may need, built once in `signaling.app`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aiohttp import web
from redis.asyncio import Redis

from signaling.auth import Auth
from signaling.clerk import Clerk
from signaling.dispatch import Dispatch
from signaling.faults import Faults
from signaling.finisher import Finisher
from signaling.gateway import Gateway
from signaling.hub import Hub
from signaling.lines import Lines
from signaling.links import Links
from signaling.logins import Logins
from signaling.metrics import Metrics
from signaling.post.deliverer import Deliverer
from signaling.post.intake import Intake
from signaling.record import Record
from signaling.recordings import Recordings


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
