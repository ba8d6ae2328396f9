"""SIP over UDP and TCP on one port, and over TLS on another (RFC 3261 §18). A flow is the way to one peer and back.

The transport parses received bytes and hands up messages, and malformed requests that can be answered, with their
flow; other malformed datagrams are dropped. It closes a TCP connection that sends what is no SIP or hides where the
next message begins, exceeds the limits, leaves a message unfinished, or does not read.
"""

import asyncio
import contextlib
import ipaddress
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast
from weakref import WeakValueDictionary

from signaling.sip.protocol import tls
from signaling.sip.protocol.address import network_of
from signaling.sip.protocol.errors import BadMessage, BadRequest
from signaling.sip.protocol.framing import Stream
from signaling.sip.protocol.message import Message, Request, Response, parse

log = logging.getLogger(__name__)

Address = tuple[str, int]

MAX_CONNECTIONS = 256
MAX_CONNECTIONS_PER_ADDRESS = 192
"""Connections with registered addresses in all, and with one of them: room systems of many points may be behind one SBC
or NAT, and each may need one either way."""
MAX_STRANGERS = 128
MAX_STRANGERS_PER_ADDRESS = 32
"""Connections with all other addresses, and with one of them, beside those."""
BACKLOG = 100
"""Connections by TLS that wait to be accepted."""
ACCEPT_AGAIN_S = 1.0
"""Seconds until the next try after one could not be."""
MAX_HANDSHAKES = 32
MAX_HANDSHAKES_PER_STRANGER = 4
"""TLS handshakes at once with those who connected to us: with registered addresses, with all others, and with one of
these."""
MAX_UNSENT_BYTES = 256 * 1024
DATAGRAM_BUFFER_BYTES = 1 << 20
"""The kernel's buffer of what came by UDP and was not read yet, as far as `net.core.rmem_max` allows: some 1,500
requests, as eight room systems that repeat themselves two hundred times a second send within a second."""
UNFINISHED_TIMEOUT_S = 15.0
"""Seconds until a message that has begun, or the first one of a connection, must be whole."""
IDLE_TIMEOUT_S = 900.0
STRANGER_IDLE_TIMEOUT_S = 60.0
"""Seconds after which a silent connection with a registered address, or with another one, is closed, unless a call
needs it."""
CONNECT_TIMEOUT_S = 5.0
PORT_TRIES = 20


class Flow(Protocol):
    """The way to a peer. `local` is our address as the peer sees it, `transport` is `udp`, `tcp` or `tls`; over UDP
    alone messages get lost."""

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
Malformed = Callable[[BadRequest, Flow], None]
Lost = Callable[[Flow], None]
Needed = Callable[[Flow], bool]
Registered = Callable[[str], bool]
"""Says whether an address is that of a registered device."""


@dataclass(frozen=True, slots=True)
class Datagrams:
    """A flow over the shared UDP socket."""

    socket: asyncio.DatagramTransport
    remote: Address
    local: Address
    transport: str = "udp"

    @property
    def closed(self) -> bool:
        """Return whether the socket is closed."""
        return self.socket.is_closing()

    def send(self, message: Message) -> None:
        """Send a message."""
        if not self.closed:
            log.debug("> %s %s", self.remote, message)
            self.socket.sendto(message.write(), self.remote)


def _udp_socket(host: str, port: int) -> socket.socket:
    """Bind a socket of one kind of addresses alone, as that of TCP is: who comes by IPv4 is named by IPv4. Raises
    OSError."""
    six = ":" in host
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if six:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, owner: "Transport") -> None:
        self._owner = owner

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if data.strip(b"\r\n\0"):  # keep-alives are not
            self._owner.datagram(data, (addr[0], addr[1]))


def _mark(sock: socket.socket, code_point: int) -> None:
    """Mark what a socket sends (RFC 2474), where the system lets us."""
    option = (socket.IPPROTO_IP, socket.IP_TOS)
    if sock.family == socket.AF_INET6:
        option = (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)
    with contextlib.suppress(OSError):
        sock.setsockopt(*option, code_point << 2)


class Connection(asyncio.Protocol):
    """A flow over a TCP connection, plain or with TLS, whichever side opened it."""

    def __init__(self, owner: "Transport", transport: str) -> None:
        self.transport = transport
        self.refused = ""
        """Why the certificate of the peer is not accepted."""
        self._owner = owner
        self._stream = Stream()
        self._tcp: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._heard_at = asyncio.get_running_loop().time()
        self.remote: Address = ("", 0)
        self.local: Address = ("", 0)

    @property
    def closed(self) -> bool:
        """Return whether it can no longer send."""
        return self._tcp is None or self._tcp.is_closing()

    def send(self, message: Message) -> None:
        """Send a message, unless the connection is closed."""
        if self._tcp is None or self.closed:
            return
        log.debug("> %s %s", self.remote, message)
        self._tcp.write(message.write())
        if self._tcp.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self.abort()

    def abort(self) -> None:
        """Close at once."""
        if self._tcp is not None:
            self._tcp.abort()

    def _close(self) -> None:
        """Close when what was sent is gone out."""
        if self._tcp is not None:
            self._tcp.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._tcp = cast("asyncio.Transport", transport)
        remote, local = self._tcp.get_extra_info("peername"), self._tcp.get_extra_info("sockname")
        if not remote or not local:  # gone before we looked
            self.abort()
            return
        # They reach us where we listen, whichever port this connection leaves by.
        port = self._owner.tls_port if self.transport == "tls" else self._owner.address[1]
        self.remote, self.local = (remote[0], remote[1]), (local[0], port)
        if (certificate := self._tcp.get_extra_info("peercert")) and not tls.names(certificate, remote[0]):
            self.refused = "the certificate is not that of this address"
            log.warning("x %s: TLS refused: %s", self.remote, self.refused)
            if self._tcp.get_extra_info("ssl_object").server_side:  # who is called is told of by its call
                self._owner.certificate_refused(remote[0], self.refused)
            self.abort()
        elif self._owner.opened(self):
            self._restart_timer(UNFINISHED_TIMEOUT_S)
        else:
            self.abort()

    def data_received(self, data: bytes) -> None:
        begun = self._stream.begun
        try:
            messages = self._stream.feed(data)
            for message in messages:
                self._owner.read(message, self)
        except BadRequest as fault:  # answered, but where the next message begins is not known (RFC 3261 §18.3)
            self._owner.malformed(fault, self)
            self._close()
            return
        except BadMessage as fault:
            log.debug("x %s closed: %s", self.remote, fault)
            self.abort()
            return
        self._heard_at = asyncio.get_running_loop().time()
        if not self._stream.begun:
            self._restart_timer(self._owner.idle_timeout(self))
        elif messages or not begun:
            self._restart_timer(UNFINISHED_TIMEOUT_S)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._owner.closed(self)

    def _restart_timer(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._on_timeout)

    def _on_timeout(self) -> None:
        """Close the connection, unless a call needs it, or its host may be silent for longer since it is registered."""
        idle = asyncio.get_running_loop().time() - self._heard_at
        longest = self._owner.idle_timeout(self)
        if self._stream.begun or (idle >= longest and not self._owner.needed(self)):
            self.abort()
        else:
            self._restart_timer(longest - idle if idle < longest else longest)


def is_of_peers_certificate(reason: str) -> bool:
    """Return whether a fault of OpenSSL is about the certificate of the peer; an alert of the peer's is about ours."""
    return "CERTIFICATE" in reason and "ALERT" not in reason


class Transport:
    """Our UDP socket, our listeners for TCP and TLS, and all connections."""

    def __init__(
        self, received: Received, malformed: Malformed, lost: Lost, needed: Needed, registered: Registered
    ) -> None:
        self._received = received
        self._registered = registered
        self.malformed = malformed
        self.needed = needed
        self._lost = lost
        self.certificate_refused: Callable[[str, str], None] = lambda host, why: None
        """Called with the address of who connected without the certificate that is asked for, and why not."""
        self._udp: asyncio.DatagramTransport | None = None
        self._listener: asyncio.Server | None = None
        self._tls_listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._certificates: tls.Certificates | None = None
        self.tls_port = 0
        """The port for TLS; 0: there is none."""
        self._handshakes: dict[asyncio.Task[None], str] = {}
        """By task the address of the peer."""
        self._connections: dict[tuple[str, Address], Connection] = {}
        """By transport and remote address."""
        self._opening: WeakValueDictionary[tuple[str, Address], asyncio.Lock] = WeakValueDictionary()
        """Locks of the same keys: calls that begin at once to one address share one connection."""
        self.dscp = 0
        self._from: Counter[str] = Counter()
        self._bound: Address = ("", 0)

    @property
    def address(self) -> Address:
        """The address on which UDP and TCP listen."""
        return self._bound

    async def start(self, host: str, port: int, dscp: int = 0) -> None:
        """Bind UDP and TCP to the same port (0: any free one), and mark all packets by `dscp`. Raises OSError."""
        self.dscp = dscp
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
        sock = _udp_socket(host, port)
        _mark(sock, self.dscp)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DATAGRAM_BUFFER_BYTES)
        udp, _ = await loop.create_datagram_endpoint(lambda: _Socket(self), sock=sock)
        bound = udp.get_extra_info("sockname")
        try:
            self._listener = await loop.create_server(lambda: Connection(self, "tcp"), host, bound[1])
            for listening in self._listener.sockets:
                _mark(listening, self.dscp)
        except OSError:
            udp.close()
            raise
        self._udp, self._bound = udp, (bound[0], bound[1])

    async def start_tls(self, port: int, folder: Path) -> None:
        """Listen for TLS, with the certificate in a folder; port 0 takes any free one. Raises OSError."""
        self._certificates = tls.Certificates(folder)
        host = self._bound[0]
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._tls_listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        self._tls_listener.setblocking(False)
        _mark(self._tls_listener, self.dscp)  # and so what it accepts, from the first byte of a handshake
        self.tls_port = self._tls_listener.getsockname()[1]
        self._accepting = asyncio.create_task(self._accept(self._tls_listener))

    async def close(self) -> None:
        """Close everything."""
        for listener in (self._listener, self._tls_listener):
            if listener is not None:
                listener.close()
        for task in (self._accepting, *self._handshakes):
            if task is not None:
                task.cancel()
        for connection in list(self._connections.values()):
            if connection._tcp is not None:
                connection._tcp.close()
        if self._udp is not None:
            self._udp.close()
        await asyncio.sleep(0)

    def udp(self, remote: Address) -> Flow:
        """Return the UDP flow to an address."""
        assert self._udp is not None
        return Datagrams(self._udp, remote, (self._local_address(remote), self._bound[1]))

    def resumed(self, transport: str, remote: Address) -> Flow:
        """Return the flow to a peer of an earlier process: a closed connection, until a new one opens, but for UDP."""
        if transport == "udp":
            return self.udp(remote)
        connection = Connection(self, transport)
        connection.remote = remote
        return connection

    async def connect(self, transport: str, remote: Address) -> Flow:
        """Return the flow to an address over TCP or TLS: an open connection, or a new one. Raises OSError."""
        key = transport, remote
        async with self._opening.setdefault(key, asyncio.Lock()):
            existing = self._connections.get(key)
            if existing is not None and not existing.closed:
                return existing
            if transport == "tls" and self._certificates is None:
                raise ssl.SSLError("no certificate of ours: see DIEMCAU_SIP_TLS")
            context = self._certificates.client if transport == "tls" and self._certificates else None
            loop = asyncio.get_running_loop()
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    _, connection = await loop.create_connection(
                        lambda: Connection(self, transport),
                        sock=await self._connected(remote),
                        ssl=context,
                        server_hostname="" if context else None,
                    )
            except TimeoutError:
                raise ConnectionError(f"no connection to {remote[0]} in {CONNECT_TIMEOUT_S:.0f} s") from None
            if connection.refused:
                raise ssl.SSLError(connection.refused)
            if connection.closed:
                raise ConnectionError("too many connections")
            return connection

    async def _connected(self, remote: Address) -> socket.socket:
        """Return a socket that is connected to an address, and marked from its first packet. Raises OSError."""
        sock = socket.socket(socket.AF_INET6 if ":" in remote[0] else socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            _mark(sock, self.dscp)
            await asyncio.get_running_loop().sock_connect(sock, remote)
        except BaseException:
            sock.close()
            raise
        return sock

    async def _accept(self, listener: socket.socket) -> None:
        """Begin a handshake with each who connects to the TLS port."""
        while True:
            try:
                accepted, remote = await asyncio.get_running_loop().sock_accept(listener)
            except OSError as error:  # no file descriptor is left, or it is gone already
                log.warning("x no connection by TLS: %s", error)
                await asyncio.sleep(ACCEPT_AGAIN_S)
                continue
            if not self._may_begin(remote[0], Counter(self._handshakes.values())):
                accepted.close()
                continue
            task = asyncio.create_task(self._handshake(accepted, remote))
            self._handshakes[task] = remote[0]
            task.add_done_callback(self._handshakes.pop)

    def _may_begin(self, host: str, handshakes: Counter[str]) -> bool:
        """Return whether there is room for a handshake with a host."""
        registered = self._registered(host)
        most = MAX_HANDSHAKES if registered else MAX_HANDSHAKES_PER_STRANGER
        there = handshakes[host] if registered else self._of_network(host, handshakes)
        return there < most and self._like(host, handshakes) < MAX_HANDSHAKES

    def _like(self, host: str, counted: Counter[str]) -> int:
        """Return how many are counted of addresses that are registered, if `host` is, else of those that are not."""
        registered = self._registered(host)
        return sum(number for each, number in counted.items() if self._registered(each) == registered)

    def idle_timeout(self, connection: Connection) -> float:
        """Return the seconds for which a connection may be silent."""
        return IDLE_TIMEOUT_S if self._registered(connection.remote[0]) else STRANGER_IDLE_TIMEOUT_S

    async def _handshake(self, accepted: socket.socket, remote: Address) -> None:
        """Do the handshake on a socket from its first byte: `start_tls` of uvloop loses what came before it began."""
        assert self._certificates is not None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: Connection(self, "tls"),
                accepted,
                ssl=self._certificates.server,
                ssl_handshake_timeout=CONNECT_TIMEOUT_S,
            )
        except OSError as error:
            log.warning("x %s: TLS refused: %s", remote[:2], str(error) or "it hung up")
            reason = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
            if is_of_peers_certificate(reason):
                self.certificate_refused(remote[0], reason)

    def datagram(self, data: bytes, remote: Address) -> None:
        """Parse a datagram and hand up its message."""
        try:
            self.read(data, self.udp(remote))
        except BadMessage as fault:
            log.debug("x %s: %s", remote, fault)

    def read(self, data: bytes, flow: Flow) -> None:
        """Parse a whole message and hand it up. Raises BadMessage if it cannot even be answered."""
        try:
            message = parse(data)
        except BadRequest as fault:
            self.malformed(fault, flow)
        else:
            self._received(message, flow)

    def opened(self, connection: Connection) -> bool:
        """Add a new connection; return False if there are too many, of registered addresses or of the others."""
        host, most, most_there = connection.remote[0], MAX_STRANGERS, MAX_STRANGERS_PER_ADDRESS
        there = self._from[host]
        if self._registered(host):
            most, most_there = MAX_CONNECTIONS, MAX_CONNECTIONS_PER_ADDRESS
        else:
            there = self._of_network(host, self._from)
        if there >= most_there or self._like(host, self._from) >= most:
            log.warning("x %s: too many connections", connection.remote)
            return False
        self._connections[connection.transport, connection.remote] = connection
        self._from[host] += 1
        return True

    def _of_network(self, host: str, counted: Counter[str]) -> int:
        """Return how many are counted of strangers in the network of one, an IPv6 /64: one machine has all of it."""
        network = network_of(host)
        return sum(
            number for each, number in counted.items() if network_of(each) == network and not self._registered(each)
        )

    def closed(self, connection: Connection) -> None:
        """Forget a connection."""
        key = connection.transport, connection.remote
        if self._connections.get(key) is not connection:
            return
        del self._connections[key]
        self._from[connection.remote[0]] -= 1
        if not self._from[connection.remote[0]]:
            del self._from[connection.remote[0]]
        self._lost(connection)

    def _local_address(self, remote: Address) -> str:
        """Return our address as a peer sees it: the bound one, or the one that packets to that peer leave by."""
        if not ipaddress.ip_address(self._bound[0]).is_unspecified:
            return self._bound[0]
        family = socket.AF_INET6 if ":" in remote[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
            probe.connect(remote)  # sends nothing
            return str(probe.getsockname()[0])
        return self._bound[0]
