"""The HTTP application of a server: middleware, contexts of the folders, and all routes."""

from aiohttp import web

from signaling.accounts.throttle import Throttle
from signaling.app import contexts, health
from signaling.app.api_table import MODELS, PREFIX, ROUTES
from signaling.app.lease import Lease
from signaling.app.server import Server
from signaling.booking import calendar_feed
from signaling.cameras import whip_rest
from signaling.core import tracing
from signaling.http import middleware, pages, router, security_txt
from signaling.meeting import websocket
from signaling.workers import remote_endpoint
from signaling.workers.pool import WorkerPool

MAX_BODY_BYTES = 64 * 1024
"""Size of a request body; the endpoints that take files read larger ones themselves."""


def application(server: Server, workers: WorkerPool | None = None, lease: Lease | None = None) -> web.Application:
    """Return the HTTP application; media workers of other machines join `workers`, and know who leads by the lease."""
    tracers = [middleware.traced] if tracing.is_on() else []
    app = web.Application(
        middlewares=[*tracers, middleware.problems, middleware.plain, middleware.admitting],
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
            *security_txt.ROUTES,
            web.get("/display", pages.display),
            web.get("/v/{version}/{path:.*}", pages.handle_versioned),
            web.get("/{path:.*}", pages.handle),
        ]
    )
    return app
