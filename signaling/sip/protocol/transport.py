"""The wire: SIP over UDP and TCP on one port (RFC 3261 §18). A flow is the way to one peer and back.

What comes is parsed here and handed up as a message with its flow; what is no message is dropped. A TCP connection that
makes no sense is closed, and so is one of too many, one that leaves a message unfinished, one that takes nothing away.
"""

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast
from weakref import WeakValueDictionary

from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.framing import Stream
from signaling.sip.protocol.message import Message, Request, Response, parse

log = logging.getLogger(__name__)

Address = tuple[str, int]

MOST_CONNECTIONS = 256
MOST_CONNECTIONS_EACH = 8
"""Taken from one address."""
MOST_UNSENT_BYTES = 256 * 1024
UNFINISHED_S = 15.0
"""A message that has begun comes within so long, and the first one begins within so long."""
IDLE_S = 900.0
"""A connection on which nothing comes for so long is closed, unless it is needed."""
CONNECT_S = 5.0
PORT_TRIES = 20


class Flow(Protocol):
    """The way to a peer. `local` is our address as the peer sees it, `transport` is `udp` or `tcp`."""

    @property
    def transport(self) -> str: ...
    @property
    def remote(self) -> Address: ...
    @property
    def local(self) -> Address: ...
    @property
    def closed(self) -> bool: ...
    def send(self, message: Message) -> None: ...


Received = Callable[[Request | Response, Flow], None]
Lost = Callable[[Flow], None]
Needed = Callable[[Flow], bool]


@dataclass(frozen=True, slots=True)
class Datagrams:
    """A flow over the shared UDP socket."""

    socket: asyncio.DatagramTransport
    remote: Address
    local: Address
    transport: str = "udp"

    @property
    def closed(self) -> bool:
        """Whether the agent is closed."""
        return self.socket.is_closing()

    def send(self, message: Message) -> None:
        """Send a message."""
        if not self.closed:
            log.debug("> %s %s", self.remote, message)
            self.socket.sendto(message.write(), self.remote)


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, owner: "Transport") -> None:
        self._owner = owner

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if data.strip(b"\r\n\0"):  # keep-alives are not
            self._owner.datagram(data, (addr[0], addr[1]))


class Connection(asyncio.Protocol):
    """A flow over a TCP connection, whoever opened it."""

    transport = "tcp"

    def __init__(self, owner: "Transport") -> None:
        self._owner = owner
        self._stream = Stream()
        self._wire: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None
        self.remote: Address = ("", 0)
        self.local: Address = ("", 0)

    @property
    def closed(self) -> bool:
        """Whether it can no longer send."""
        return self._wire is None or self._wire.is_closing()

    def send(self, message: Message) -> None:
        """Send a message, unless the connection is closed."""
        if self._wire is None or self.closed:
            return
        log.debug("> %s %s", self.remote, message)
        self._wire.write(message.write())
        if self._wire.get_write_buffer_size() > MOST_UNSENT_BYTES:
            self.abort()

    def abort(self) -> None:
        """Close at once."""
        if self._wire is not None:
            self._wire.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = cast("asyncio.Transport", transport)
        remote, local = self._wire.get_extra_info("peername"), self._wire.get_extra_info("sockname")
        if not remote or not local:  # gone before we looked
            self.abort()
            return
        # They reach us where we listen, whichever port this connection leaves by.
        self.remote, self.local = (remote[0], remote[1]), (local[0], self._owner.address[1])
        if self._owner.opened(self):
            self._wait(UNFINISHED_S)
        else:
            self.abort()

    def data_received(self, data: bytes) -> None:
        begun = self._stream.begun
        try:
            messages = self._stream.feed(data)
            for message in messages:
                self._owner.received(parse(message), self)
        except BadMessage as fault:
            log.debug("x %s closed: %s", self.remote, fault)
            self.abort()
            return
        if not self._stream.begun:
            self._wait(IDLE_S)
        elif messages or not begun:
            self._wait(UNFINISHED_S)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._owner.closed(self)

    def _wait(self, seconds: float) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience = asyncio.get_running_loop().call_later(seconds, self._tire)

    def _tire(self) -> None:
        if self._stream.begun or not self._owner.needed(self):
            self.abort()
        else:
            self._wait(IDLE_S)


class Transport:
    """Our UDP socket, our TCP listener and all connections."""

    def __init__(self, received: Received, lost: Lost, needed: Needed) -> None:
        # given
        self.received = received
        self.needed = needed
        self._lost = lost
        # owned
        self._udp: asyncio.DatagramTransport | None = None
        self._listener: asyncio.Server | None = None
        self._connections: dict[Address, Connection] = {}
        self._opening: WeakValueDictionary[Address, asyncio.Lock] = WeakValueDictionary()
        """Calls that begin at once to one address wait for one connection."""
        self._from: Counter[str] = Counter()
        self._bound: Address = ("", 0)

    @property
    def address(self) -> Address:
        """Where both listen."""
        return self._bound

    async def start(self, host: str, port: int) -> None:
        """Bind UDP and TCP to the same port, any free one if it is 0. Raises OSError."""
        for tries in range(PORT_TRIES, 0, -1):
            try:
                await self._bind(host, port)
            except OSError:
                if port or tries == 1:
                    raise
            else:
                return

    async def _bind(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        udp, _ = await loop.create_datagram_endpoint(lambda: _Socket(self), (host, port))
        bound = udp.get_extra_info("sockname")
        try:
            self._listener = await loop.create_server(lambda: Connection(self), host, bound[1])
        except OSError:
            udp.close()
            raise
        self._udp, self._bound = udp, (bound[0], bound[1])

    async def close(self) -> None:
        """Close everything."""
        if self._listener is not None:
            self._listener.close()
        for connection in list(self._connections.values()):
            if connection._wire is not None:
                connection._wire.close()
        if self._udp is not None:
            self._udp.close()
        await asyncio.sleep(0)

    def udp(self, remote: Address) -> Flow:
        """The way to an address over UDP."""
        assert self._udp is not None
        return Datagrams(self._udp, remote, (self._towards(remote), self._bound[1]))

    def again(self, transport: str, remote: Address) -> Flow:
        """The way to a peer of an earlier process: over TCP a connection that is closed, until one opens another."""
        if transport == "udp":
            return self.udp(remote)
        connection = Connection(self)
        connection.remote = remote
        return connection

    async def tcp(self, remote: Address) -> Flow:
        """The way to an address over TCP: the connection there is, or a new one. Raises OSError."""
        async with self._opening.setdefault(remote, asyncio.Lock()):
            known = self._connections.get(remote)
            if known is not None and not known.closed:
                return known
            loop = asyncio.get_running_loop()
            try:
                async with asyncio.timeout(CONNECT_S):
                    _, connection = await loop.create_connection(lambda: Connection(self), *remote)
            except TimeoutError:
                raise ConnectionError(f"no connection to {remote[0]} in {CONNECT_S:.0f} s") from None
            if connection.closed:
                raise ConnectionError("too many connections")
            return connection

    def datagram(self, data: bytes, remote: Address) -> None:
        """Take a datagram."""
        try:
            message = parse(data)
        except BadMessage as fault:
            log.debug("x %s: %s", remote, fault)
            return
        self.received(message, self.udp(remote))

    def opened(self, connection: Connection) -> bool:
        """Take a new connection; False when there are too many."""
        host = connection.remote[0]
        if len(self._connections) >= MOST_CONNECTIONS or self._from[host] >= MOST_CONNECTIONS_EACH:
            log.warning("x %s: too many connections", connection.remote)
            return False
        self._connections[connection.remote] = connection
        self._from[host] += 1
        return True

    def closed(self, connection: Connection) -> None:
        """Forget a connection."""
        if self._connections.get(connection.remote) is not connection:
            return
        del self._connections[connection.remote]
        self._from[connection.remote[0]] -= 1
        if not self._from[connection.remote[0]]:
            del self._from[connection.remote[0]]
        self._lost(connection)

    def _towards(self, remote: Address) -> str:
        """Our address as a peer sees it: the one bound, or the one packets to that peer leave by."""
        if not ipaddress.ip_address(self._bound[0]).is_unspecified:
            return self._bound[0]
        family = socket.AF_INET6 if ":" in remote[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
            probe.connect(remote)  # sends nothing
            return str(probe.getsockname()[0])
        return self._bound[0]
