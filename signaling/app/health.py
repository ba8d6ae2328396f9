"""Endpoints for monitoring: /healthz (alive), /readyz (able to serve), /metrics (Prometheus)."""

from dataclasses import dataclass

from aiohttp import hdrs, web
from prometheus_client import CONTENT_TYPE_LATEST
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from mediaserver.errors import MediaError
from scheduler.core.lock_timeout import lock_timeout
from signaling.accounts.store import AccountStore
from signaling.core.errors import NotFound
from signaling.http.metrics import Metrics
from signaling.http.problems import RETRY_SECONDS
from signaling.meeting.manager import MeetingManager

LOCK_SECONDS = 2.0
"""A database that allows no write for so long is not ready."""


@dataclass(frozen=True, slots=True)
class HealthContext:
    """The parts of the server that are checked."""

    accounts: AccountStore
    redis: Redis
    meetings: MeetingManager
    metrics: Metrics


HEALTH = web.AppKey("HealthContext", HealthContext)


async def alive(_: web.Request) -> web.Response:
    """Answer that the process is alive."""
    return web.json_response({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """Answer whether database (for writes), Valkey and media workers respond, each by name.

    503 if database or media workers do not; without Valkey everything goes on. A server that ends is not ready.
    """
    context = request.app[HEALTH]
    parts = {"database": await _database(context), "valkey": await _valkey(context), "media": await _media(context)}
    healthy = parts["database"] and parts["media"]
    status = "stopping" if context.meetings.stopping else "ok" if healthy else "unavailable"
    if status == "ok":
        return web.json_response({"status": status, **parts})
    return web.json_response({"status": status, **parts}, status=503, headers={hdrs.RETRY_AFTER: str(RETRY_SECONDS)})


async def metrics(request: web.Request) -> web.Response:
    """Answer with Prometheus metrics, on the plain listener of this machine only. Raises NotFound over TLS."""
    if request.secure:
        raise NotFound
    context = request.app[HEALTH]
    return web.Response(
        body=context.metrics.text(await context.meetings.load()), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )


async def _database(context: HealthContext) -> bool:
    try:
        with lock_timeout(LOCK_SECONDS):
            await context.accounts.ping()
    except (SQLAlchemyError, OSError):
        return False
    return True


async def _valkey(context: HealthContext) -> bool:
    try:
        return bool(await context.redis.ping())
    except (RedisError, OSError):
        return False


async def _media(context: HealthContext) -> bool:
    try:
        return bool(await context.meetings.engine.stats())
    except (MediaError, OSError):
        return False


ROUTES = [web.get("/healthz", alive), web.get("/readyz", ready), web.get("/metrics", metrics)]
