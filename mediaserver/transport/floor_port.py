"""Ports of floor control (BFCP): by UDP one socket, by TCP one connection, which either side may open (RFC 4145). By
TLS the other side opens it, and we are the server.

Only the host of the call is listened to, or, once and until its description names another address, one of
`media_hosts` while nothing has come from that: where media may come from, floor control may. Sockets are polled with
the engine's, never waited for.
"""

import logging
import socket
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from OpenSSL import SSL

from mediaserver.bfcp.message import HEADER, MAX_PAYLOAD, payload_bytes
from mediaserver.transport.dscp import mark
from mediaserver.transport.tls_end import TlsEnd, TlsFailed

logger = logging.getLogger(__name__)

MAX_READ = 16
"""Datagrams or pieces of a connection that are read in one poll: a room system sends a few in a minute."""
MAX_PIECE = HEADER.size + MAX_PAYLOAD
MAX_UNSENT = 16 * 1024
"""Bytes that wait for a connection; one that takes no more is closed."""
Receive = Callable[[bytes], None]
"""Takes one message. Must not raise."""


class FloorPort(Protocol):
    """Carries the BFCP messages of one call."""

    port: int
    media_hosts: Collection[str]
    """Hosts beside that of the description from which messages may come."""
    fingerprints: Sequence[tuple[str, str]]
    """Those of the other side's certificate in TLS."""

    @property
    def connected(self) -> bool:
        """Return whether a connection is open, which by UDP there never is."""

    def connect_only(self) -> None:
        """Wait for no connection any more: ours is the side that opens it."""

    def renew(self) -> None:
        """Give up a connection of ours, so that :meth:`aim` opens another one."""

    def aim(self, host: str, port: int) -> None:
        """Talk with this host alone, at this port until another one of it is heard."""

    def send(self, data: bytes) -> None:
        """Send one message; it is lost where there is nobody to take it."""

    def poll(self) -> None:
        """Read what waits."""

    def close(self) -> None:
        """Release the port."""


def _bound(host: str, port: int, kind: socket.SocketKind, dscp: int) -> socket.socket:
    """Return a socket bound to a port, which is 0 for any, that marks what it sends. Raises OSError."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    try:
        sock.setblocking(False)
        mark(sock, dscp)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


class UdpFloorPort:
    """Carries messages in datagrams."""

    def __init__(
        self, host: str, port: int, receive: Receive, closed: "Callable[[UdpFloorPort], None]", dscp: int
    ) -> None:
        """Bind the port. Raises OSError."""
        self._closed = closed
        self.port = port
        self._socket = _bound(host, port, socket.SOCK_DGRAM, dscp)
        self._receive = receive
        self.media_hosts: Collection[str] = ()
        self.fingerprints: Sequence[tuple[str, str]] = ()
        self.connected = False
        self._host = ""
        self._to = 0
        """The port that the peer sends from."""
        self._named = ("", 0)
        self._heard = False

    def connect_only(self) -> None:
        """Do nothing: there is no connection."""

    def renew(self) -> None:
        """Do nothing: there is no connection."""

    def aim(self, host: str, port: int) -> None:
        """Talk with this host alone, at this port until another one of it is heard."""
        if (host, port) != self._named:
            self._named, self._heard = (host, port), False
            self._host, self._to = host, port

    def send(self, data: bytes) -> None:
        """Send one message."""
        try:
            if self._host:
                self._socket.sendto(data, (self._host, self._to))
        except OSError as exc:  # the next one may pass: the client repeats its request, or we our notification
            logger.debug("x BFCP to %s: %s", self._host, exc)

    def poll(self) -> None:
        """Read what waits."""
        for _ in range(MAX_READ):
            try:
                data, address = self._socket.recvfrom(MAX_PIECE + 1)
            except OSError:
                return
            latches = not self._heard and self._host and address[0] in self.media_hosts
            if address[0] == self._host or (latches and payload_bytes(data) is not None):
                self._heard, self._host, self._to = True, address[0], address[1]
                self._receive(data)

    def close(self) -> None:
        """Release the port."""
        self._closed(self)
        self._socket.close()


class TcpFloorPort:
    """Carries messages over one connection. A passive one takes the newest that the host opens, another opens it; with
    a `context` it is one of TLS."""

    def __init__(
        self,
        host: str,
        port: int,
        receive: Receive,
        closed: "Callable[[TcpFloorPort], None]",
        dscp: int,
        *,
        passive: bool,
        context: SSL.Context | None = None,
    ) -> None:
        """Bind the port. Raises OSError."""
        self._closed = closed
        self.port = port
        self._local = host
        self._dscp = dscp
        self._receive = receive
        self.media_hosts: Collection[str] = ()
        self.fingerprints: Sequence[tuple[str, str]] = ()
        self._context = context
        self._tls: TlsEnd | None = None
        self._host = ""
        self._listener: socket.socket | None = None
        if passive:
            self._listener = _bound(host, port, socket.SOCK_STREAM, dscp)
            self._listener.listen(1)
        self._connection: socket.socket | None = None
        self._unread = self._unsent = b""

    @property
    def connected(self) -> bool:
        """Return whether a connection is open."""
        return self._connection is not None

    def connect_only(self) -> None:
        """Wait for no connection any more: :meth:`aim` opens it."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def renew(self) -> None:
        """Give up a connection of ours; one that the host opened ends with the next that it opens."""
        if self._listener is None:
            self._drop()

    def aim(self, host: str, port: int) -> None:
        """Talk with this host alone; an active side connects to its port, unless it has."""
        self._host = host
        if self._listener is None and self._connection is None and host:
            try:
                connection = _bound(self._local, 0, socket.SOCK_STREAM, self._dscp)
            except OSError as exc:
                logger.debug("x BFCP to %s: %s", host, exc)
                return
            self._begin(connection)
            try:
                connection.connect_ex((host, port))  # goes on by itself; a refusal shows with the first read
            except OSError as exc:  # an address of another kind than ours
                logger.debug("x BFCP to %s: %s", host, exc)
                self._drop()

    def _begin(self, connection: socket.socket) -> None:
        self._drop()
        self._connection = connection
        self._tls = None if self._context is None else TlsEnd(self._context, self.fingerprints)

    def send(self, data: bytes) -> None:
        """Send one message over the connection."""
        if self._tls is not None:
            self._tls.write(data)
            data = self._tls.outgoing()
        self._carry(data)

    def _carry(self, data: bytes) -> None:
        """Have the connection carry bytes; one that takes no more is closed."""
        if self._connection is not None and len(self._unsent) + len(data) > MAX_UNSENT:
            self._drop()
        if self._connection is not None:
            self._unsent += data
            self._flush()

    def _flush(self) -> None:
        if self._connection is None or not self._unsent:
            return
        try:
            self._unsent = self._unsent[self._connection.send(self._unsent) :]
        except BlockingIOError:
            return
        except OSError as exc:
            logger.debug("x BFCP to %s: %s", self._host, exc)
            self._drop()

    def poll(self) -> None:
        """Take a connection, and read what waits."""
        self._accept()
        self._flush()
        for _ in range(MAX_READ):
            if self._connection is None:
                return
            try:
                data = self._connection.recv(MAX_PIECE)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._drop()
                return
            said = data if self._tls is None else self._decrypted(data, self._tls)
            self._unread += said
            self._read()

    def _decrypted(self, data: bytes, tls: TlsEnd) -> bytes:
        """Return what the bytes of a connection of TLS say, and send what it has to answer."""
        said = b""
        try:
            said = tls.read(data)
        except TlsFailed as exc:
            logger.info("x BFCP by TLS from %s: %s", self._host, exc)
            self._drop()
        else:
            self._carry(tls.outgoing())
        return said

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            connection, address = self._listener.accept()
        except OSError:
            return
        may_come = self._connection is None and self._host and address[0] in self.media_hosts
        if address[0] != self._host and not may_come:
            connection.close()
            return
        connection.setblocking(False)
        self._begin(connection)

    def _read(self) -> None:
        """Hand over the whole messages that came; a connection with one that is too long is closed."""
        while (payload := payload_bytes(self._unread)) is not None:
            if payload > MAX_PAYLOAD:
                self._drop()
                return
            size = HEADER.size + payload
            if len(self._unread) < size:
                return
            message, self._unread = self._unread[:size], self._unread[size:]
            self._receive(message)

    def _drop(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._tls, self._unread, self._unsent = None, None, b"", b""

    def close(self) -> None:
        """Release the port."""
        self._closed(self)
        self._drop()
        if self._listener is not None:
            self._listener.close()
