"""Accepts connections, at most so many in all and of one address, and lets none of them wait for ever.

Chosen:
* a TLS handshake takes at most 10 s; the headers of a request, and the rest between two requests, 20 s
  (more than the 15 s after which clients of aiohttp give a connection up by themselves);
* 1,024 connections of one address (of an IPv6 /64): a rated maximum of 255 points may all sit behind one NAT, each with
  its WebSocket and a few connections of its browser;
* 4,096 in all, or what the process may open less 256 descriptors that files, database and media workers need.

A connection that comes when there are as many as may be takes the place of the oldest one without a request, of its
address or of the address that has most. One that is being answered, as a WebSocket always is, is never closed for that;
where there are only such ones, the new one is.
"""

import asyncio
import errno
import logging
import resource
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any, cast

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.typedefs import Handler, Middleware

from signaling.core.account import network_of

log = logging.getLogger(__name__)

MOST, MOST_OF_ADDRESS = 4096, 1024
RESERVED = 256
"""Descriptors that are not for connections."""
MOST_DESCRIPTORS = 65_536
TOLD_SECONDS = 60.0
PAUSE_SECONDS = 0.1
"""Without a free descriptor, nobody is let in for so long."""
EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections there may be, and how long one may take."""

    total: int = MOST
    per_address: int = MOST_OF_ADDRESS
    handshake_s: float = 10.0
    header_s: float = 20.0
    linger_s: float = 2.0
    """How long the rest of a body that nobody read is taken, so that the answer is read."""


def limits() -> Limits:
    """Let the process open as many descriptors as it may, and return what that allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    total = min(MOST, max(wanted - RESERVED, RESERVED))
    return Limits(total=total, per_address=min(MOST_OF_ADDRESS, total * 3 // 4))


class Connection(asyncio.Protocol):
    """One connection, from before its handshake to its end; what comes goes to aiohttp's protocol."""

    def __init__(self, address: str, gone: Callable[["Connection"], None]) -> None:
        # given
        self.address = address
        self._gone = gone
        # owned
        self.handler: Any = None
        """aiohttp's protocol, once there is one."""
        self.opening: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def close(self) -> None:
        """Close at once, without a word."""
        if self._transport is not None:
            self._transport.abort()
        elif self.opening is not None:
            self.opening.cancel()
        self._gone(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake is over."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by name
        self.handler.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Hand on what came."""
        self.handler.data_received(data)

    def eof_received(self) -> bool | None:
        """The other side says no more."""
        closes: bool | None = self.handler.eof_received()
        return closes

    def pause_writing(self) -> None:
        """The other side takes no more for now."""
        self.handler.pause_writing()

    def resume_writing(self) -> None:
        """It takes more."""
        self.handler.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._gone(self)
        self.handler.connection_lost(exc)


class Listener:
    """Serves an application on sockets, within limits."""

    def __init__(self, app: web.Application, limits: Limits, shutdown_s: float) -> None:
        # given
        self._limits = limits
        app.middlewares.insert(0, self._marking())
        self._runner = web.AppRunner(
            app,
            access_log=log,
            access_log_class=_told_to(self._answered),
            shutdown_timeout=shutdown_s,
            handle_signals=False,
            keepalive_timeout=limits.header_s,
            lingering_time=limits.linger_s,
        )
        # owned
        self._accepting: list[asyncio.Task[None]] = []
        self._open: dict[str, dict[Connection, None]] = {}
        """Connections of each address."""
        self._idle: dict[str, dict[Connection, None]] = {}
        """Those of them without a request, the oldest first."""
        self._by_handler: dict[Any, Connection] = {}
        # counters
        self._count = 0
        self.refused = 0
        self.displaced = 0
        self._told = -inf

    async def start(self) -> None:
        """Prepare the application."""
        await self._runner.setup()

    async def stop(self) -> None:
        """Accept nothing more, end what is left."""
        for task in self._accepting:
            task.cancel()
        await asyncio.gather(*self._accepting, return_exceptions=True)
        for idle in [each for found in self._idle.values() for each in found]:
            idle.close()
        await self._runner.cleanup()

    def listen(self, listening: socket.socket, context: ssl.SSLContext | None = None) -> None:
        """Accept connections on a socket, with TLS if there is a context; it is closed in the end."""
        listening.setblocking(False)
        self._accepting.append(asyncio.create_task(self._accept_forever(listening, context)))

    async def _accept_forever(self, listening: socket.socket, context: ssl.SSLContext | None) -> None:
        loop = asyncio.get_running_loop()
        with listening:
            while True:
                try:
                    accepted, address = await loop.sock_accept(listening)
                except OSError as error:  # who comes hung up already, or no descriptor is free
                    if error.errno in EXHAUSTED:
                        log.warning("x nobody is let in: %s", error)
                        await asyncio.sleep(PAUSE_SECONDS)
                    continue
                self._take(accepted, network_of(str(address[0])), context)

    def _take(self, accepted: socket.socket, address: str, context: ssl.SSLContext | None) -> None:
        """Take a connection in, if need be in place of another one."""
        if not self._room(address):
            self.refused += 1
            accepted.close()
            self._tell(address)
            return
        connection = Connection(address, self._forget)
        self._count += 1
        self._open.setdefault(address, {})[connection] = None
        self._idle.setdefault(address, {})[connection] = None
        connection.opening = asyncio.create_task(self._begin(connection, accepted, context))

    def _room(self, address: str) -> bool:
        """Make room for one more connection of an address; return whether there is."""
        if len(self._open.get(address, ())) >= self._limits.per_address:
            return self._displace(address)
        if self._count >= self._limits.total:
            return self._displace(max(self._idle, key=lambda each: len(self._open[each]), default=address))
        return True

    def _displace(self, address: str) -> bool:
        oldest = next(iter(self._idle.get(address, ())), None)
        if oldest is None:
            return False
        self.displaced += 1
        oldest.close()
        self._tell(address)
        return True

    def _tell(self, address: str) -> None:
        """Say once a minute that there are too many."""
        now = time.monotonic()
        if now - self._told >= TOLD_SECONDS:
            self._told = now
            log.warning(
                "x too many connections, lately of %s: %d displaced and %d refused since the start",
                address,
                self.displaced,
                self.refused,
            )

    async def _begin(self, connection: Connection, accepted: socket.socket, context: ssl.SSLContext | None) -> None:
        """Shake hands, and let aiohttp serve."""
        assert self._runner.server is not None
        connection.handler = self._runner.server()
        self._by_handler[connection.handler] = connection
        timeout = None if context is None else self._limits.handshake_s
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection, accepted, ssl=context, ssl_handshake_timeout=timeout
            )
        except (OSError, ssl.SSLError, asyncio.CancelledError):  # no handshake, none in time, or displaced
            accepted.close()
            self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        """A connection is over."""
        if _discard(self._open, connection):
            self._count -= 1
        _discard(self._idle, connection)
        self._by_handler.pop(connection.handler, None)

    def _marking(self) -> Middleware:
        @web.middleware
        async def busy(request: web.Request, handler: Handler) -> web.StreamResponse:
            """A request has come whole: its connection is closed for nobody until it is answered."""
            if (connection := self._by_handler.get(request.protocol)) is not None:
                _discard(self._idle, connection)
            return await handler(request)

        return busy

    def _answered(self, request: web.BaseRequest) -> None:
        connection = self._by_handler.get(request.protocol)
        if connection is not None and connection in self._open.get(connection.address, ()):
            self._idle.setdefault(connection.address, {})[connection] = None


def _discard(found: dict[str, dict[Connection, None]], connection: Connection) -> bool:
    """Take a connection out; return whether it was there."""
    same = found.get(connection.address, {})
    if connection not in same:
        return False
    del same[connection]
    if not same:
        del found[connection.address]
    return True


def _told_to(answered: Callable[[web.BaseRequest], None]) -> type[AbstractAccessLogger]:
    """Return what aiohttp tells of every request whose answer is out."""

    class Answered(AbstractAccessLogger):
        def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
            answered(request)

    return Answered
