"""A media worker on another machine: dials the servers of a system, serves the one that leads, and dials again when a
connection is lost.

Its rooms go on meanwhile, for ten minutes at most; a server of the same data directory finds them as they are. Of
several servers one leads, by a lease with an epoch (:mod:`signaling.app.lease`), and the others pass connections on to
it. The worker serves the server with the latest epoch it has met, and no earlier one again, so that a server that was
succeeded without noticing commands nothing any more. It prefers a direct way to one that another server relays: that
is cut when that other server begins to lead, and the one before would take the worker for lost.

Three messages come before calls and events; a worker of any release understands them:

    server → {"version": …, "oldest": …,       the versions of the protocol it speaks; a file in the folder of
              "marker": …, "owner": …,         recordings; the id of its data directory; the epoch of its lease;
              "epoch": …, "relayed": …}        whether another server, or a proxy, passes the connection on
    worker → {"version": …, "oldest": …,       whether that file is seen here, in a folder that can be written to;
              "records": …}
             with "waits": true                it is served over another connection, and this one waits for its end;
             with "superseded": …              it serves a server with this later epoch
    server → {"welcome": …}  or  {"refused": …}  the name by which it is known, or a text that says why not
"""

import asyncio
import logging
import os
import random
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import inf
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
from mediaserver.rpc import version
from mediaserver.rpc.websocket import CLOSE_S, LIMIT, PATH, SUPERSEDED, WebLink, receive, send
from mediaserver.worker.engine import LocalEngine
from mediaserver.worker.server import HOLD_ROOMS_S, IDLE_S, EngineServer

logger = logging.getLogger(__name__)


BACKOFF_S = (0.5, 1.0)
"""Seconds to wait before the first, second … attempt in a row, plus or minus half; the last value repeats. A server
that stands by may be dialled in vain while it starts, and lead a moment later, since the one that is served hangs."""
AGAIN_S = 0.25
"""Seconds between attempts in the time just after the connection to the server was lost, or one that waited, when the
next one begins to lead."""
SUCCESSION_S = 30.0
"""That time in seconds."""
STEADY_S = 30.0
"""A connection that lasted this many seconds resets the backoff."""
DIRECT_S = 1.0
"""Seconds for which a way that is relayed waits for a direct one."""
PING_S = 10.0
"""Seconds between two pings. A server that answers none for half as long counts as lost; a busy server gives a worker
less."""
DIAL_S = 10.0
"""Timeout in seconds for connecting to the server and for its greeting."""
UNAUTHORIZED = 401


class RemoteWorker:
    """Serves the server that leads among those at `urls`, to which it signs in with `key`; `engine` makes a media
    engine."""

    def __init__(
        self, urls: Sequence[str], key: str, context: ssl.SSLContext, engine: Callable[[], LocalEngine]
    ) -> None:
        self._urls = [url.rstrip("/") + PATH for url in urls]
        self._key = key
        self._context = context
        self._engine = engine
        self._running: asyncio.Task[None] | None = None
        self._server: EngineServer | None = None
        self._owner = ""
        """Data directory id of the server whose rooms are held here."""
        self._epoch = -1
        """The latest epoch met of a server of that data directory."""
        self._link: WebLink | None = None
        """The connection over which a server is served."""
        self._choosing = asyncio.Lock()
        """Is held while a server is answered, so that one system is served over one connection."""
        self._link_lost = asyncio.Event()
        """Is set, and replaced, when that connection is lost."""
        self._faults: dict[str, str] = {}
        """Why the latest attempt failed, by URL; none where it succeeded."""
        self._lost_at = 0.0
        """Monotonic time in seconds when the connection to the server was lost."""

    async def run(self) -> None:
        """Dial and serve until :meth:`stop`. Raises Refused, and OSError when the media port cannot be bound."""
        self._running = asyncio.create_task(self._dial_all())
        with suppress(asyncio.CancelledError):
            await self._running

    def stop(self) -> None:
        """End :meth:`run`, which closes the rooms."""
        if self._running is not None:
            self._running.cancel()

    async def _dial_all(self) -> None:
        self._start_engine()
        dialling = [asyncio.create_task(self._dial_repeatedly(url)) for url in self._urls]
        try:
            await asyncio.gather(*dialling)
        finally:
            for task in dialling:
                task.cancel()
            await asyncio.gather(*dialling, return_exceptions=True)
            await self._close()

    def _start_engine(self) -> None:
        self._server = EngineServer(self._engine())
        self._server.start()

    async def _dial_repeatedly(self, url: str) -> None:
        failures, cut_at = 0, -inf
        while True:
            began = time.monotonic()
            if await self._dial_once(url):
                cut_at = time.monotonic()
            failures = 0 if time.monotonic() - began > STEADY_S else failures + 1
            wait = BACKOFF_S[min(max(failures, 1), len(BACKOFF_S)) - 1]
            if time.monotonic() - max(self._lost_at, cut_at) < SUCCESSION_S:
                wait = AGAIN_S
            await self._pause(wait * random.uniform(0.5, 1.5))

    async def _pause(self, seconds: float) -> None:
        """Wait before the next attempt; no longer than a moment when the server that is served is lost meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._link_lost.wait()
                await asyncio.sleep(AGAIN_S * random.uniform(0.5, 1.5))

    async def _dial_once(self, url: str) -> bool:
        """Serve one connection from beginning to end, and return whether it waited; close the rooms first when no
        server has come for too long."""
        assert self._server is not None
        if self._link is None and time.monotonic() - self._lost_at > HOLD_ROOMS_S:
            await self._server.give_up()
        try:
            waited = await self._dial(url)
        except (ClientError, ConnectionError, TimeoutError, ValueError) as exc:
            fault = str(exc) or repr(exc)
            if self._faults.get(url) != fault:  # else it is dialled in vain once a second
                logger.warning("x the server at %s: %s", url, fault)
            self._faults[url] = fault
            return False
        self._faults.pop(url, None)
        return waited

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.close()

    async def _dial(self, url: str) -> bool:
        timeout = ClientTimeout(total=None, sock_connect=DIAL_S, sock_read=DIAL_S)
        async with ClientSession(timeout=timeout) as session, await self._connect(session, url) as socket:
            async with asyncio.timeout(DIAL_S):
                greeting = _expect(await receive(socket))
            if greeting.get("relayed") is True and self._link is None and len(self._urls) > 1:
                await asyncio.sleep(DIRECT_S)
            async with self._choosing, asyncio.timeout(DIAL_S):
                link = await self._choose(socket, greeting, url)
            if link is not None:
                await self._serve(link, url)
            elif not socket.closed:
                await self._wait(socket)
                return True
            return False

    async def _choose(self, socket: ClientWebSocketResponse, greeting: dict[str, Any], url: str) -> WebLink | None:
        """Answer a greeting; return the link if that server is to be served from now on."""
        owner, epoch = str(greeting.get("owner", "")), int(greeting.get("epoch", 0))
        ours = {**version.greeting(), "records": _sees_recordings(str(greeting.get("marker", "")))}
        if owner == self._owner and epoch < self._epoch:
            logger.warning("x the server at %s was succeeded: epoch %d, not %d", url, epoch, self._epoch)
            await send(socket, {**ours, "superseded": self._epoch})
            await receive(socket)
            return None
        if owner == self._owner and epoch == self._epoch and self._link is not None:
            await send(socket, {**ours, "waits": True})
            return None
        await send(socket, ours)
        name = _welcome(_expect(await receive(socket)))
        await self._prepare_for(owner)
        if self._link is not None:
            self._link.close(SUPERSEDED)
        self._epoch, self._link = epoch, WebLink(socket)
        logger.info("= serving %s as %s, epoch %d", url, name, epoch)
        return self._link

    async def _wait(self, socket: ClientWebSocketResponse) -> None:
        """Wait until a connection that waits is cut, or the one over which a server is served is lost."""
        ends = asyncio.ensure_future(socket.receive()), asyncio.ensure_future(self._link_lost.wait())
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)

    async def _serve(self, link: WebLink, url: str) -> None:
        """Serve a server until it hangs up or one with a later epoch is served."""
        assert self._server is not None
        try:
            await self._server.serve(link)
        finally:
            if self._link is link:
                self._link, self._lost_at = None, time.monotonic()
                self._link_lost.set()
                self._link_lost = asyncio.Event()
            await link.wait_closed()
        logger.warning("x the server at %s hung up", url)

    async def _prepare_for(self, owner: str) -> None:
        """Have an engine server for a data directory. When the directory changes, it starts a new one, so that no
        server sees another's rooms."""
        assert self._server is not None
        if owner != self._owner and await self._server.hold_time_s() != IDLE_S:
            await self._server.close()
            self._start_engine()
        self._owner = owner

    async def _connect(self, session: ClientSession, url: str) -> ClientWebSocketResponse:
        try:
            return await session.ws_connect(
                url,
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


def _welcome(verdict: dict[str, Any]) -> str:
    """Return the name that a server gives us. Raises Refused."""
    if "welcome" not in verdict:
        raise Refused(str(verdict.get("refused", "the server gives no reason")))
    return str(verdict["welcome"])


def _expect(message: dict[str, Any] | None) -> dict[str, Any]:
    if message is None:
        raise ConnectionError("the server hung up")
    return message


def _sees_recordings(marker: str) -> bool:
    """Return whether the server's folder of recordings is mounted here and writable, so that our recordings reach the
    server."""
    path = Path(marker)
    return path.is_absolute() and path.is_file() and os.access(path.parent, os.W_OK)
