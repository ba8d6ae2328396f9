"""The media worker process: serves one :class:`LocalEngine` over a unix socket to one server after the other.

A server that is killed or replaced ends no meeting: the worker goes on forwarding, mixing, composing and recording, and
the next server of the same data directory finds every room as it was. Before calls and events, the server identifies
itself, and the worker accepts or refuses it:

    server → {"owner": …, "version": …, "oldest": …}  the id of its data directory, and the versions it speaks
    worker → {"welcome": …}  or  {"refused": …}       its process, or a text that says why not

A server of another user cannot end the worker by a signal; with ``"end": true`` it asks the worker to end.
"""

import asyncio
import logging
import os
import socket
from pathlib import Path
from typing import Any

from mediaserver import errors, logs, systemd
from mediaserver.api import Event
from mediaserver.rpc import protocol, version
from mediaserver.rpc.descriptors import ReceivedFolder
from mediaserver.rpc.unix_socket import Link, SocketLink
from mediaserver.throttled_log import ThrottledLog
from mediaserver.worker.engine import LocalEngine

logger = logging.getLogger(__name__)

HOLD_ROOMS_S = 600.0
"""Seconds for which rooms are held without a server; then recordings are closed and the worker ends."""
HOLD_ENDS_S = 86_400.0
"""Seconds for which a worker without rooms waits so that a server learns how recordings ended; it costs only its
memory."""
IDLE_S = 10.0
"""Seconds after which a worker that a server started ends when it has no server and holds nothing."""
ACCEPT_RETRY_S = 1.0
"""Seconds until the next attempt when no connection can be accepted, most likely for want of descriptors."""


class EngineServer:
    """Serves an engine to one server at a time; a later server replaces an earlier one.

    Events that happen without a server are lost, except the ends of recordings: the next server asks for the state of
    all rooms.
    """

    def __init__(self, engine: LocalEngine, files: ReceivedFolder | None = None) -> None:
        self._engine = engine
        self._files = files
        self._link: Link | None = None
        self._throttled_log = ThrottledLog(logger)
        self._forwarding: asyncio.Future[None] | None = None

    def start(self) -> None:
        """Bind the media port and start forwarding events. Raises OSError."""
        self._engine.start()
        self._forwarding = asyncio.ensure_future(self._forward_events())

    @property
    def served(self) -> bool:
        """Return whether a server is connected."""
        return self._link is not None

    async def hold_time_s(self) -> float:
        """Return the seconds to wait for the next server, by what the engine holds."""
        held = await self._engine.held()
        return HOLD_ROOMS_S if held.rooms or held.writing else HOLD_ENDS_S if held.ended else IDLE_S

    async def give_up(self) -> None:
        """Close all rooms because no server came."""
        if (await self._engine.held()).rooms:
            logger.warning("x no server came: closing rooms and recordings")
            await self._engine.give_up()

    async def serve(self, link: Link) -> None:
        """Answer calls and forward events until the server hangs up. Raises ValueError for malformed messages."""
        if self._link is not None:
            self._link.close()
        self._link = link
        calls: set[asyncio.Task[None]] = set()
        try:
            while (message := await link.read()) is not None:
                if self._link is not link:
                    logger.warning("x a server that was succeeded commands something: %.100s", message.get("call"))
                    break
                if self._files is not None and "files" in message:
                    self._files.take(message)
                    continue
                with logs.about(**_ids(message)):
                    task = asyncio.ensure_future(_reply(self._engine, message, link))
                calls.add(task)
                task.add_done_callback(calls.discard)
        finally:
            if self._link is link:
                self._link = None
            link.close()

    async def close(self) -> None:
        """Close every room, then hang up, so that the server hears how the recordings ended."""
        await self._engine.close()
        if self._forwarding is not None:
            await self._forwarding
        if self._link is not None:
            self._link.close()

    async def _forward_events(self) -> None:
        async for event in self._engine.events():
            self._write(event)

    def _write(self, event: Event) -> None:
        if self._link is None:
            return
        try:
            self._link.write({"event": type(event).__name__, "fields": protocol.plain(event)})
        except Exception:
            self._throttled_log.caught("x telling %s", type(event).__name__)


class Worker:
    """Serves one engine on a unix socket to servers of the data directory `owner`.

    Without an `owner` it belongs to the first server that comes, and waits for one while it holds no room. The server
    runs as our own user, or as the user `guest`, whose group may open the socket. The server passes the `files` of
    recordings.
    """

    def __init__(
        self,
        engine: LocalEngine,
        socket_path: str,
        owner: str = "",
        files: ReceivedFolder | None = None,
        guest: int | None = None,
    ) -> None:
        self._server = EngineServer(engine, files or ReceivedFolder())
        self._path = socket_path
        self._owner = owner
        self._guest = guest
        self._ends_idle = bool(owner)
        self._done = asyncio.Event()
        self._links: set[asyncio.Task[None]] = set()
        self._end_timer: asyncio.TimerHandle | None = None
        self._giving_up: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Serve until :meth:`stop` is called or no server has come for too long; then close the engine."""
        self._server.start()
        with self._listen() as listener:
            accepting = asyncio.ensure_future(self._accept(listener))
            systemd.tell(systemd.READY)
            self._set_end_timer(HOLD_ROOMS_S)
            await self._done.wait()
            systemd.tell(systemd.STOPPING)
            accepting.cancel()
            await asyncio.gather(accepting, return_exceptions=True)
        await self._server.close()
        await asyncio.gather(*self._links, return_exceptions=True)

    def _listen(self) -> socket.socket:
        """Listen on the socket. Raises OSError."""
        temporary = Path(f"{self._path}.new")  # renamed once it listens: who sees the socket can connect to it
        temporary.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        try:
            listener.setblocking(False)
            listener.bind(str(temporary))
            if self._guest is not None:
                temporary.chmod(0o660)
            listener.listen()
            temporary.rename(self._path)
        except BaseException:
            listener.close()
            raise
        return listener

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError as error:
                logger.error("x no connection can be taken: %s", error)
                await asyncio.sleep(ACCEPT_RETRY_S)
                continue
            serving = loop.create_task(self._serve(SocketLink(connection, accepts_descriptors=True)))
            self._links.add(serving)
            serving.add_done_callback(self._links.discard)

    def stop(self) -> None:
        """End :meth:`run`."""
        self._done.set()

    async def _serve(self, link: SocketLink) -> None:
        try:
            if self._is_known_user(link) and await self._handshake(link):
                self._set_end_timer(None)
                await self._server.serve(link)
        except ValueError as error:
            logger.warning("x a server says what none can say: %s", error)
        finally:
            link.close()
            if not self._server.served:
                self._set_end_timer(await self._server.hold_time_s())

    def _is_known_user(self, link: SocketLink) -> bool:
        known = link.peer in {os.getuid(), self._guest}
        if not known:
            logger.warning("x user %d is none whose server this worker takes", link.peer)
        return known

    async def _handshake(self, link: Link) -> bool:
        """Return whether the server is accepted. For a server that does not understand this worker it ends, so that one
        of the server's release can start."""
        greeting = await link.read()
        if greeting is None:
            return False
        owner = str(greeting.get("owner", ""))
        if self._owner not in ("", owner):
            link.write({"refused": "the worker belongs to a server of another data directory"})
            return False
        if greeting.get("end") is True:
            self.stop()
            return False
        fault = version.fault(greeting)
        if fault is not None:
            link.write({"refused": fault})
            self.stop()
            return False
        self._owner = owner
        link.write({"welcome": os.getpid()})
        return True

    def _set_end_timer(self, seconds: float | None) -> None:
        """End the worker after `seconds` without a server; None stops the timer because a server is connected."""
        if self._end_timer is not None:
            self._end_timer.cancel()
            self._end_timer = None
        if seconds is not None and (seconds != IDLE_S or self._ends_idle):
            self._end_timer = asyncio.get_running_loop().call_later(seconds, self._give_up, seconds)

    def _give_up(self, waited: float) -> None:
        self._giving_up = asyncio.ensure_future(self._end_alone(waited))

    async def _end_alone(self, waited: float) -> None:
        """Close all rooms, then wait on without rooms while a server still has to learn how their recordings ended."""
        await self._server.give_up()
        if self._server.served:
            return
        if waited != HOLD_ENDS_S and await self._server.hold_time_s() == HOLD_ENDS_S:
            self._set_end_timer(HOLD_ENDS_S)
        else:
            self.stop()


def _ids(message: dict[str, Any]) -> dict[str, str]:
    """Return the session, the seat and the trace that a call names, for its lines of the log; a room has the id of its
    session."""
    arguments = message.get("arguments")
    named = {**(arguments if isinstance(arguments, dict) else {}), "trace": message.get("trace")}
    return {
        id_: named[name] for id_, name in (("session", "room"), ("seat", "seat"), ("trace", "trace")) if name in named
    }


async def _reply(engine: LocalEngine, message: dict[str, Any], link: Link) -> None:
    reply: dict[str, Any] = {"id": message["id"]}
    try:
        arguments = protocol.unpack(message["call"], message["arguments"])
        link.write(reply | {"result": protocol.plain(await getattr(engine, message["call"])(**arguments))})
    except errors.MediaError as exc:
        link.write(reply | {"error": type(exc).__name__, "text": str(exc)})
    except Exception as exc:
        logger.exception("x %s", message.get("call"))
        link.write(reply | {"error": "MediaError", "text": f"{type(exc).__name__} in the media worker"})
