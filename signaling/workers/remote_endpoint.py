"""WebSocket endpoint `/api/v1/worker`, which media workers on other machines dial; the pool takes them like local ones.

They are known by a key of their machine, must understand this server (:mod:`mediaserver.rpc.version`), and are cut off
when they are silent, send an impossible message, or their key is withdrawn. See :mod:`mediaserver.worker.remote_worker`
for the greeting.
"""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from itertools import count
from math import inf
from pathlib import Path
from typing import IO, Any

from aiohttp import hdrs, web
from sqlalchemy.exc import SQLAlchemyError

from mediaserver.api import EngineLost, Event
from mediaserver.errors import MediaError, Refused
from mediaserver.rpc import version
from mediaserver.rpc.client import RemoteEngine
from mediaserver.rpc.websocket import CLOSE_S, LIMIT, PATH, WebLink, receive, send
from scheduler.core.lock_timeout import lock_timeout
from signaling.accounts import throttle
from signaling.accounts.throttle import Throttle
from signaling.audit.log import AuditLog
from signaling.core.account import Source, network_of
from signaling.core.audit_entry import SERVER
from signaling.core.errors import BadKey, Locked
from signaling.core.timeout_io import DEADLINE_SECONDS
from signaling.http.listener import CAME_FROM
from signaling.http.middleware import source_of
from signaling.recording.catalog import RecordingCatalog
from signaling.workers.keys import WorkerKeys
from signaling.workers.pool import WorkerPool
from signaling.workers.supervisor import attend

log = logging.getLogger(__name__)

MOST = 64
"""Largest number of workers of other machines."""
GREETING_SECONDS = 10.0
KEY_SECONDS = 2.0
"""Interval of checks that a key is still valid."""
BEARER = "Bearer "


class _RemoteWorker(RemoteEngine):
    """A worker over a WebSocket; `left_behind` is called before its loss is told, if it left for a later server."""

    def __init__(self, link: WebLink, left_behind: Callable[[], None]) -> None:
        super().__init__(link)
        self._web_link = link
        self._left_behind = left_behind

    async def events(self) -> AsyncIterator[Event]:
        """Yield events in order; ends after EngineLost."""
        async for event in super().events():
            if isinstance(event, EngineLost) and self._web_link.superseded:
                self._left_behind()
            yield event


END_SECONDS = 3.0
"""At the end of the server, workers' connections may take so long to end, and to be noted in the audit log."""


class RemoteWorkerEndpoint:
    """Adds workers of other machines to the pool; names each after its machine: `<name>/<n>`."""

    def __init__(
        self,
        pool: WorkerPool,
        keys: WorkerKeys,
        throttle: Throttle,
        recordings: RecordingCatalog,
        audit: AuditLog,
        owner: str,
        clock: Callable[[], datetime],
        epoch: int = 0,
        superseded: Callable[[int], bool] = lambda epoch: False,
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._throttle = throttle
        self._recordings = recordings
        self._audit = audit
        self._server_id = owner
        """The id of the data directory, by which media workers know it."""
        self._clock = clock
        self._epoch = epoch
        """Epoch of our lease on the database: a worker serves the server with the latest."""
        self._superseded = superseded
        """Is called with the epoch of the server that a worker serves instead of us; returns whether it leads."""
        self._engines: dict[str, RemoteEngine] = {}
        self._ends: set[asyncio.Future[None]] = set()
        """Of each worker's connection, done once it is noted that the worker is gone."""

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one worker from its upgrade to its end. Raises BadKey, Locked."""
        source = source_of(request)
        key = request.headers.get(hdrs.AUTHORIZATION, "").removeprefix(BEARER)
        machine = await self._owner(key, source)
        socket = web.WebSocketResponse(max_msg_size=LIMIT, compress=False, timeout=CLOSE_S)
        await socket.prepare(request)
        try:
            async with asyncio.timeout(GREETING_SECONDS):
                greeting = await self._greet(socket, relayed=request.get(CAME_FROM) is not None)
        except (Refused, ValueError, OSError) as caught:
            error = str(caught) or "greeting too slow"
            log.warning("x media worker of %s at %s: %s", machine, source.address, error)
            await self._note("worker-refused", machine, error, source)
            with suppress(ConnectionError):
                await send(socket, {"refused": error})
                await socket.close()
        else:
            with lock_timeout(inf):  # that of the request is over
                if "superseded" in greeting:
                    self._superseded(int(greeting["superseded"]))
                elif greeting.get("waits") is True:
                    await receive(socket)  # it hangs up, or is cut off with us
                else:
                    await self._serve(machine, key, socket, source, greeting.get("records") is True)
        return socket

    async def _owner(self, key: str, source: Source) -> str:
        attempt = await self._throttle.attempt(throttle.WORKER, network_of(source.address))
        if attempt.locked:
            raise Locked(attempt.locked)
        try:
            machine = await self._keys.owner(key)
        except (SQLAlchemyError, OSError):  # no key is wrong for want of a database
            await self._throttle.take_back(attempt)
            raise
        if machine is None:
            await self._note("worker-refused", "?", "key", source)
            raise BadKey
        await self._throttle.take_back(attempt)
        return machine

    async def _greet(self, socket: web.WebSocketResponse, *, relayed: bool) -> dict[str, Any]:
        """Exchange greetings; return the worker's. `relayed`: another server, or a proxy, has passed the connection on.

        Raises Refused for a worker that cannot be taken, OSError when the server itself does not see the folder.
        """
        async with _marker(self._recordings) as marker:
            ours = {"marker": str(marker), "owner": self._server_id, "epoch": self._epoch, "relayed": relayed}
            await send(socket, {**version.greeting(), **ours})
            greeting = await receive(socket)
        if greeting is None:
            raise ConnectionError("hung up")
        fault = self._fault(greeting)
        if fault is not None:
            raise Refused(fault)
        return greeting

    def _fault(self, greeting: dict[str, Any]) -> str | None:
        if isinstance(greeting.get("superseded", 0), int) is False:
            return "the epoch is no number"
        fault = version.fault(greeting)
        if fault is not None:
            return f"{fault}: install a later release on the one that is behind"
        return f"{MOST} workers of other machines are here already" if len(self._engines) >= MOST else None

    async def _serve(
        self, machine: str, key: str, socket: web.WebSocketResponse, source: Source, records: bool
    ) -> None:
        names = (f"{machine}/{number}" for number in count(1))
        name = next(name for name in names if name not in self._engines)
        link = WebLink(socket)
        link.write({"welcome": name})
        engine = self._engines[name] = _RemoteWorker(link, self._left_behind)
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ends.add(end)
        try:
            await self._note("worker-came", name, "" if records else "no-folder", source)
            await self._pool.take(name, engine, records)
            log.warning("= media worker %s joined from %s", name, source.address)
            await attend(self._pool, name, engine, self._withdrawn(machine, key))
        except MediaError as error:
            log.warning("x media worker %s: %s", name, error)
            await engine.close()
        finally:
            del self._engines[name]
            log.warning("= media worker %s is gone", name)
            await self._note_gone(name, source, end)

    def _left_behind(self) -> None:
        """End, if our lease has run out, without a word about the rooms of a worker that went to a later server."""
        if self._superseded(self._epoch + 1):
            self._pool.leave()

    async def _withdrawn(self, machine: str, key: str) -> None:
        """Wait until the key of a machine is withdrawn; a database that does not answer withdraws none."""
        owner: str | None = machine
        while owner == machine:
            await asyncio.sleep(KEY_SECONDS)
            with suppress(SQLAlchemyError, OSError):
                owner = await self._keys.owner(key)
        log.warning("x the key of %s was withdrawn", machine)

    async def _note(self, action: str, subject: str, detail: str, source: Source) -> None:
        now = self._clock()
        await self._audit.append(source.entry(now, SERVER, action, subject, detail))

    async def _note_gone(self, name: str, source: Source, end: asyncio.Future[None]) -> None:
        """Note that a worker is gone, also where the request by which it came is cancelled, as by its lost connection;
        then its `end` is done."""

        async def note() -> None:
            try:
                with suppress(SQLAlchemyError, OSError):  # another server may lead by now
                    await self._note("worker-gone", name, "", source)
            finally:
                end.set_result(None)
                self._ends.discard(end)

        await asyncio.shield(asyncio.ensure_future(note()))

    async def stop(self, _: web.Application) -> None:
        """Close the connections to all workers."""
        await asyncio.gather(*(engine.close() for engine in self._engines.values()))
        if self._ends:
            await asyncio.wait(self._ends, timeout=END_SECONDS)


def add(app: web.Application, endpoint: RemoteWorkerEndpoint) -> None:
    """Add the endpoint to an application."""
    app.add_routes([web.get(PATH, endpoint.handle)])
    app.on_shutdown.append(endpoint.stop)


@asynccontextmanager
async def _marker(recordings: RecordingCatalog) -> AsyncIterator[Path]:
    """Make a file with a unique name in the folder of recordings: a worker that sees the file sees the folder."""

    def make() -> IO[bytes]:
        recordings.directory.mkdir(parents=True, exist_ok=True)
        return tempfile.NamedTemporaryFile(prefix=".machine-", dir=recordings.directory)

    file = await recordings.folder.run(make)
    try:
        yield Path(file.name)
    finally:
        with suppress(OSError):  # it stays, where the folder hangs now
            async with asyncio.timeout(DEADLINE_SECONDS):
                await asyncio.to_thread(file.close)
