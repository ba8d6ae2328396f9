"""What a monitor asks: is the process alive, can it serve, and how much does it do."""

from aiohttp import hdrs, web
from prometheus_client import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from mediaserver.errors import MediaError
from scheduler.core.lock_timeout import lock_timeout
from signaling.core.errors import NotFound
from signaling.http.problems import RETRY_SECONDS
from signaling.roof import ROOF, Roof

LOCK_SECONDS = 2.0
"""A database that lets nobody write for so long is not ready."""


async def alive(_: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """Database (which lets us write), Valkey and media workers answer, or which of them does not.

    A server that ends is not ready.
    """
    roof = request.app[ROOF]
    parts = {"database": await _database(roof), "valkey": await _valkey(roof), "media": await _media(roof)}
    healthy = all(parts.values())
    status = "stopping" if roof.hub.stopping else "ok" if healthy else "unavailable"
    if status == "ok":
        return web.json_response({"status": status, **parts})
    return web.json_response({"status": status, **parts}, status=503, headers={hdrs.RETRY_AFTER: str(RETRY_SECONDS)})


async def metrics(request: web.Request) -> web.Response:
    """Numbers for Prometheus, which asks the plain listener of this machine. Raises NotFound to who comes by TLS."""
    if request.secure:
        raise NotFound
    roof = request.app[ROOF]
    return web.Response(body=roof.metrics.text(await roof.hub.load()), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _database(roof: Roof) -> bool:
    try:
        with lock_timeout(LOCK_SECONDS):
            await roof.store.ping()
    except (SQLAlchemyError, OSError):
        return False
    return True


async def _valkey(roof: Roof) -> bool:
    try:
        return bool(await roof.redis.ping())
    except (RedisError, OSError):
        return False


async def _media(roof: Roof) -> bool:
    try:
        return bool(await roof.hub.engine.stats())
    except (MediaError, OSError):
        return False


ROUTES = [web.get("/healthz", alive), web.get("/readyz", ready), web.get("/metrics", metrics)]
