"""Endpoints for monitoring: /healthz (alive), /readyz (able to serve), /metrics (Prometheus)."""

from dataclasses import dataclass

from aiohttp import hdrs, web
from prometheus_client import CONTENT_TYPE_LATEST

from mediaserver.errors import MediaError
from signaling.app.readings import Readings
from signaling.core.errors import NotFound
from signaling.http.metrics import Metrics
from signaling.http.problems import RETRY_SECONDS
from signaling.meeting.manager import MeetingManager


@dataclass(frozen=True, slots=True)
class HealthContext:
    """The parts of the server that are checked."""

    meetings: MeetingManager
    metrics: Metrics
    readings: Readings


HEALTH = web.AppKey("HealthContext", HealthContext)


async def alive(_: web.Request) -> web.Response:
    """Answer that the process is alive."""
    return web.json_response({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """Answer whether database (for writes), Valkey and media workers respond, each by name.

    503 if database or media workers do not; without Valkey everything goes on. A server that ends is not ready.
    """
    context = request.app[HEALTH]
    readings = context.readings
    parts = {"database": await readings.database(), "valkey": await readings.valkey(), "media": await _media(context)}
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
    text = context.metrics.text(await context.meetings.load(), await context.readings.read())
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _media(context: HealthContext) -> bool:
    try:
        return bool(await context.meetings.engine.stats())
    except (MediaError, OSError):
        return False


ROUTES = [web.get("/healthz", alive), web.get("/readyz", ready), web.get("/metrics", metrics)]
