"""A media worker on another machine: dials the server, serves it, and dials again when the connection is lost.

Its rooms go on meanwhile, for ten minutes at most; a server of the same data directory finds them as they are.

Three messages come before calls and events; a worker of any release understands them:

    server → {"version": …, "marker": …, "owner": …}  a file in the folder of recordings; the id of its data directory
    worker → {"version": …, "records": …}      whether that file is seen here, in a folder that can be written to
    server → {"welcome": …}  or  {"refused": …}  the name by which it is known, or a text that says why not
"""

import asyncio
import logging
import os
import random
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSServerHandshakeError,
    hdrs,
)

from mediaserver.errors import Refused
from mediaserver.rpc import protocol
from mediaserver.rpc.websocket import CLOSE_S, LIMIT, PATH, WebLink, receive, send
from mediaserver.worker.engine import LocalEngine
from mediaserver.worker.server import HOLD_ROOMS_S, IDLE_S, EngineServer

logger = logging.getLogger(__name__)


BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds to wait before the first, second … attempt in a row, plus or minus half; the last value repeats."""
STEADY_S = 30.0
"""A connection that lasted this many seconds resets the backoff."""
PING_S = 10.0
"""Seconds between two pings. A server that answers none for half as long counts as lost; a busy server gives a worker
less."""
DIAL_S = 10.0
"""Timeout in seconds for connecting to the server and for its greeting."""
UNAUTHORIZED = 401


class RemoteWorker:
    """Serves the server at `url`, which it signs in to with `key`; `engine` makes a media engine."""

    def __init__(self, url: str, key: str, context: ssl.SSLContext, engine: Callable[[], LocalEngine]) -> None:
        self._url = url.rstrip("/") + PATH
        self._key = key
        self._context = context
        self._engine = engine
        self._running: asyncio.Task[None] | None = None
        self._server: EngineServer | None = None
        self._owner = ""
        """Data directory id of the server whose rooms are held here."""
        self._lost_at = 0.0
        """Monotonic time in seconds when the connection to the server was lost."""

    async def run(self) -> None:
        """Dial and serve until :meth:`stop`. Raises Refused, and OSError when the media port cannot be bound."""
        self._running = asyncio.create_task(self._dial_repeatedly())
        with suppress(asyncio.CancelledError):
            await self._running

    def stop(self) -> None:
        """End :meth:`run`, which closes the rooms."""
        if self._running is not None:
            self._running.cancel()

    async def _dial_repeatedly(self) -> None:
        failures = 0
        try:
            while True:
                began = time.monotonic()
                await self._serve_once()
                failures = 0 if time.monotonic() - began > STEADY_S else failures + 1
                wait = BACKOFF_S[min(max(failures, 1), len(BACKOFF_S)) - 1] * random.uniform(0.5, 1.5)
                logger.info("= dialling the server again in %.1f s", wait)
                await asyncio.sleep(wait)
        finally:
            await self._close()

    async def _serve_once(self) -> None:
        """Serve one connection from beginning to end; close the rooms first when no server has come for too long."""
        if self._server is not None and time.monotonic() - self._lost_at > HOLD_ROOMS_S:
            await self._server.give_up()
        if self._server is None:
            self._server = EngineServer(self._engine())
            self._server.start()
        try:
            await self._dial()
        except (ClientError, ConnectionError, TimeoutError, ValueError) as exc:
            logger.warning("x the server at %s: %r", self._url, exc)

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.close()

    async def _dial(self) -> None:
        timeout = ClientTimeout(total=None, sock_connect=DIAL_S, sock_read=DIAL_S)
        async with ClientSession(timeout=timeout) as session, await self._connect(session) as socket:
            async with asyncio.timeout(DIAL_S):
                name, owner = await _greet(socket)
            server = await self._server_for(owner)
            logger.info("= serving %s as %s", self._url, name)
            try:
                await server.serve(WebLink(socket))
            finally:
                self._lost_at = time.monotonic()
            logger.warning("x the server at %s hung up", self._url)

    async def _server_for(self, owner: str) -> EngineServer:
        """Return the engine server for a data directory. When the directory changes, it starts a new one, so that no
        server sees another's rooms."""
        assert self._server is not None
        if owner != self._owner and await self._server.hold_time_s() != IDLE_S:
            await self._server.close()
            self._server = EngineServer(self._engine())
            self._server.start()
        self._owner = owner
        return self._server

    async def _connect(self, session: ClientSession) -> ClientWebSocketResponse:
        try:
            return await session.ws_connect(
                self._url,
                headers={hdrs.AUTHORIZATION: f"Bearer {self._key}"},
                ssl=self._context,
                heartbeat=PING_S,
                max_msg_size=LIMIT,
                timeout=ClientWSTimeout(ws_close=CLOSE_S),
            )
        except WSServerHandshakeError as exc:
            if exc.status == UNAUTHORIZED:
                raise Refused("the server does not know this key") from None
            raise


async def _greet(socket: ClientWebSocketResponse) -> tuple[str, str]:
    """Exchange the greeting; return our name and the id of the server's data directory. Raises Refused."""
    greeting = _expect(await receive(socket))
    await send(socket, {"version": protocol.VERSION, "records": _sees_recordings(str(greeting.get("marker", "")))})
    verdict = _expect(await receive(socket))
    if "welcome" not in verdict:
        raise Refused(str(verdict.get("refused", "the server gives no reason")))
    return str(verdict["welcome"]), str(greeting.get("owner", ""))


def _expect(message: dict[str, Any] | None) -> dict[str, Any]:
    if message is None:
        raise ConnectionError("the server hung up")
    return message


def _sees_recordings(marker: str) -> bool:
    """Return whether the server's folder of recordings is mounted here and writable, so that our recordings reach the
    server."""
    path = Path(marker)
    return path.is_absolute() and path.is_file() and os.access(path.parent, os.W_OK)
