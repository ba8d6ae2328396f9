"""Accepts connections within limits, in all and of one address, and ends those that stall.

Chosen:
* a TLS handshake takes at most 10 s; the headers of a request, and the rest between two requests, 20 s
  (more than the 15 s after which clients of aiohttp give a connection up by themselves);
* 1,024 connections of one address (of an IPv6 /64): a rated maximum of 255 points may all sit behind one NAT, each with
  its WebSocket and a few connections of its browser;
* 4,096 in all, or what the process may open less 256 descriptors that files, database and media workers need.

Connections that a proxy passes on come by a socket of their own, from its address alone, and begin with a header of the
PROXY protocol; they count for the address that it names.

A connection beyond a limit displaces the oldest one without a request, of its address or of the address that has
most. One that is being answered, as a WebSocket always is, is never displaced; where there are only such ones, the new
one is refused.
"""

import asyncio
import errno
import logging
import resource
import socket
import ssl
import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from math import inf
from typing import Any, cast

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.typedefs import Handler, Middleware

from signaling.core.account import network_of, unmapped
from signaling.http import proxy_protocol
from signaling.http.proxy_protocol import Address

log = logging.getLogger(__name__)

CAME_FROM = web.RequestKey("came_from", tuple[str, int])
"""Key of a request: the address that a proxy named, where one passed the connection on."""
ADMINISTRATION = web.RequestKey("administration", bool)
"""Key of a request that came by the socket of administration."""
MOST, MOST_OF_ADDRESS = 4096, 1024
RESERVED = 256
"""Descriptors that are kept free for files, database and media workers."""
MOST_DESCRIPTORS = 65_536
WARN_SECONDS = 60.0
PAUSE_SECONDS = 0.1
"""Pause of accepting when no descriptor is free."""
MOST_HEADERS = 256
"""Largest number of connections whose header of the PROXY protocol is awaited; a further one is closed."""
ANY_6 = "::"
EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the number of connections, and of their times in seconds."""

    total: int = MOST
    per_address: int = MOST_OF_ADDRESS
    handshake_s: float = 10.0
    header_s: float = 20.0
    linger_s: float = 2.0
    """Time for which the rest of an unread body is taken, so that the other side reads the response."""


def limits() -> Limits:
    """Raise the soft limit of descriptors to the hard one; return the limits that it allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    total = min(MOST, max(wanted - RESERVED, RESERVED))
    return Limits(total=total, per_address=min(MOST_OF_ADDRESS, total * 3 // 4))


class Connection(asyncio.Protocol):
    """One connection, from before its handshake to its end; passes data to aiohttp's protocol."""

    def __init__(
        self,
        address: str,
        came_from: Address | None,
        gone: Callable[["Connection"], None],
        administration: bool = False,
    ) -> None:
        self.address = address
        self.came_from = came_from
        """The other end, where a proxy passed the connection on."""
        self.administration = administration
        """Whether it came by the socket of administration."""
        self._gone = gone
        self.handler: Any = None
        """aiohttp's protocol, once there is one."""
        self.opening: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def close(self) -> None:
        """Abort the connection."""
        if self._transport is not None:
            self._transport.abort()
        elif self.opening is not None:
            self.opening.cancel()
        self._gone(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Pass on that the handshake is over."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by name
        self.handler.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Pass on received data."""
        self.handler.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass on that the other side has closed its direction."""
        closes: bool | None = self.handler.eof_received()
        return closes

    def pause_writing(self) -> None:
        """Pass on that the write buffer is full."""
        self.handler.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that the write buffer has room."""
        self.handler.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on that the connection is closed."""
        self._gone(self)
        self.handler.connection_lost(exc)


class Listener:
    """Serves an application on sockets, within limits."""

    def __init__(self, app: web.Application, limits: Limits, shutdown_s: float) -> None:
        self._limits = limits
        app.middlewares.insert(0, self._marking())
        self._runner = web.AppRunner(
            app,
            access_log=log,
            access_log_class=_access_logger(self._mark_idle),
            shutdown_timeout=shutdown_s,
            handle_signals=False,
            keepalive_timeout=limits.header_s,
            lingering_time=limits.linger_s,
        )
        self._accepting: list[asyncio.Task[None]] = []
        self._awaiting_header: set[asyncio.Task[None]] = set()
        self._open: dict[str, dict[Connection, None]] = {}
        """Connections, by address."""
        self._idle: dict[str, dict[Connection, None]] = {}
        """Connections without a request, by address, the oldest first."""
        self._by_handler: dict[Any, Connection] = {}
        # counters
        self._count = 0
        self.refused = 0
        self.displaced = 0
        self._warned = -inf

    async def start(self) -> None:
        """Prepare the application."""
        await self._runner.setup()

    async def stop(self) -> None:
        """Stop accepting, and close all connections."""
        tasks = [*self._accepting, *self._awaiting_header]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for idle in [each for found in self._idle.values() for each in found]:
            idle.close()
        await self._runner.cleanup()

    def listen(
        self,
        listening: socket.socket,
        context: ssl.SSLContext | None = None,
        proxies: Container[str] | None = None,
        administrators: Callable[[str], bool] | None = None,
    ) -> None:
        """Accept connections on a socket, with TLS if there is a context; it is closed in the end.

        With `proxies` connections are taken from these addresses alone, each with a header of the PROXY protocol. With
        `administrators` it is the socket of administration, for addresses of which that returns True.
        """
        listening.setblocking(False)
        accepting = self._accept_forever(listening, context, proxies, administrators)
        self._accepting.append(asyncio.create_task(accepting))

    async def _accept_forever(
        self,
        listening: socket.socket,
        context: ssl.SSLContext | None,
        proxies: Container[str] | None,
        administrators: Callable[[str], bool] | None,
    ) -> None:
        loop = asyncio.get_running_loop()
        with listening:
            while True:
                try:
                    accepted, address = await loop.sock_accept(listening)
                except OSError as error:  # who comes hung up already, or no descriptor is free
                    if error.errno in EXHAUSTED:
                        log.warning("x connections cannot be accepted: %s", error)
                        await asyncio.sleep(PAUSE_SECONDS)
                    continue
                other_end = unmapped(str(address[0])), int(address[1])
                if administrators is not None:
                    if administrators(other_end[0]):
                        self._serve_accepted(accepted, other_end, context, administration=True)
                    else:
                        accepted.close()
                elif proxies is None:
                    self._serve_accepted(accepted, other_end, context)
                elif other_end[0] in proxies and len(self._awaiting_header) < MOST_HEADERS:
                    task = asyncio.create_task(self._read_header(accepted, other_end, context))
                    self._awaiting_header.add(task)
                    task.add_done_callback(self._awaiting_header.discard)
                else:
                    accepted.close()

    async def _read_header(self, accepted: socket.socket, proxy: Address, context: ssl.SSLContext | None) -> None:
        """Read who is behind a proxy, and serve them; its own connection, a health check, is served like another's."""
        try:
            async with asyncio.timeout(self._limits.handshake_s):
                fixed = await _receive(accepted, proxy_protocol.FIXED_BYTES)
                rest = await _receive(accepted, proxy_protocol.rest_length(fixed))
            came_from = proxy_protocol.source(fixed, rest)
        except BaseException as error:
            accepted.close()
            if isinstance(error, OSError | TimeoutError | ValueError):
                log.debug("x a connection of a proxy is closed: %s", error)
                return
            raise
        self._serve_accepted(accepted, came_from or proxy, context, passed_on=came_from is not None)

    def _serve_accepted(
        self,
        accepted: socket.socket,
        other_end: Address,
        context: ssl.SSLContext | None,
        passed_on: bool = False,
        administration: bool = False,
    ) -> None:
        """Serve an accepted connection, if need be in place of another one; or refuse it."""
        address = network_of(other_end[0])
        if not self._make_room(address):
            self.refused += 1
            accepted.close()
            self._warn(address)
            return
        connection = Connection(address, other_end if passed_on else None, self._forget, administration)
        self._count += 1
        self._open.setdefault(address, {})[connection] = None
        self._idle.setdefault(address, {})[connection] = None
        connection.opening = asyncio.create_task(self._begin(connection, accepted, context))

    def _make_room(self, address: str) -> bool:
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
        self._warn(address)
        return True

    def _warn(self, address: str) -> None:
        """Log at most once a minute that there are too many connections."""
        now = time.monotonic()
        if now - self._warned >= WARN_SECONDS:
            self._warned = now
            log.warning(
                "x too many connections, most recently from %s: %d closed and %d refused since the start",
                address,
                self.displaced,
                self.refused,
            )

    async def _begin(self, connection: Connection, accepted: socket.socket, context: ssl.SSLContext | None) -> None:
        """Make the handshake, then let aiohttp serve the connection."""
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
        """Remove a closed connection."""
        if _discard(self._open, connection):
            self._count -= 1
        _discard(self._idle, connection)
        self._by_handler.pop(connection.handler, None)

    def _marking(self) -> Middleware:
        @web.middleware
        async def busy(request: web.Request, handler: Handler) -> web.StreamResponse:
            """Mark the connection of a request as busy: it is not displaced until the response is sent."""
            if (connection := self._by_handler.get(request.protocol)) is not None:
                _discard(self._idle, connection)
                if connection.came_from is not None:
                    request[CAME_FROM] = connection.came_from
                if connection.administration:
                    request[ADMINISTRATION] = True
            return await handler(request)

        return busy

    def _mark_idle(self, request: web.BaseRequest) -> None:
        connection = self._by_handler.get(request.protocol)
        if connection is not None and connection in self._open.get(connection.address, ()):
            self._idle.setdefault(connection.address, {})[connection] = None


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address; `::` takes IPv4 as well. Raises OSError."""
    family, both = socket.AF_INET6 if ":" in host else socket.AF_INET, host == ANY_6 and socket.has_dualstack_ipv6()
    return socket.create_server((host, port), family=family, backlog=512, dualstack_ipv6=both)


async def _receive(accepted: socket.socket, length: int) -> bytes:
    """Receive exactly so many bytes. Raises ConnectionError when the other side ends before that."""
    received = b""
    while len(received) < length:
        data = await asyncio.get_running_loop().sock_recv(accepted, length - len(received))
        if not data:
            raise ConnectionError("the header of the PROXY protocol is cut off")
        received += data
    return received


def _discard(connections: dict[str, dict[Connection, None]], connection: Connection) -> bool:
    """Remove a connection; return whether it was there."""
    same = connections.get(connection.address, {})
    if connection not in same:
        return False
    del same[connection]
    if not same:
        del connections[connection.address]
    return True


def _access_logger(responded: Callable[[web.BaseRequest], None]) -> type[AbstractAccessLogger]:
    """Return an access logger for aiohttp that calls `responded` for every request whose response is sent."""

    class AccessLogger(AbstractAccessLogger):
        def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
            responded(request)

    return AccessLogger
