"""One TCP port for the peers that UDP does not reach: ICE-TCP, the passive side (RFC 6544).

Each connection has a UDP socket of its own on this machine. What comes by the connection goes from there, as datagrams,
to the UDP port of all peers, and what is sent there goes back by the connection. So a connection is an address of its
peer like any other: ICE, DTLS, SRTP, and the compiled loops that send to many, know nothing of TCP.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network

from mediaserver.transport import stun
from mediaserver.transport.dscp import mark
from mediaserver.transport.framing import MAX_FRAME, FrameQueue, FrameReader
from mediaserver.transport.ice import Address
from mediaserver.transport.socket_buffer import RECEIVE, widen

logger = logging.getLogger(__name__)

MAX_CONNECTIONS = 512
"""Connections at once. Each browser makes one for each address of ours as it joins, and gives up those that it does not
need."""
MAX_UNPROVEN = 64
"""Connections of one host that no peer is known to own; points of a whole province may be behind one address."""
PROOF_S = 5.0
"""Seconds for which no peer need own a connection: by then a valid check has come, or it is of no use."""
_ACCEPTED = 32
"""Connections accepted, and packets read, before others get their turn."""
_PAUSE_S = 1.0
"""Seconds without new connections after the system had no descriptor for one."""
_READ_BYTES = 16 * 1024
_UNSENT_BYTES = 8 * 1024
"""Bytes that the kernel takes beyond those that are on their way (TCP_NOTSENT_LOWAT): nothing overtakes them."""
_NOTSENT_LOWAT = 25
"""From linux/tcp.h; Python's socket module does not name it."""
_BUFFER_BYTES = 1 << 20
"""For a picture to one peer, which is sent at once."""
Known = Callable[[Address], bool]
"""Returns whether a peer owns an address."""


class _Connection:
    """One connection, and the UDP socket that stands for it. `ended` is called once with it."""

    def __init__(self, stream: socket.socket, remote: Address, target: Address, ended: "_Ended") -> None:
        """Open the UDP socket beside the one at `target`, which alone it talks with. Raises OSError."""
        self.remote = remote
        self.queue = FrameQueue()
        self.proven = time.monotonic()
        """Time in seconds when a peer was known to own it, or when it began."""
        self._stream = stream
        self._ended = ended
        self._reader = FrameReader()
        self._is_new = True
        self._piece = b""
        """What the kernel has not taken yet of packets that left the queue."""
        self._loop = asyncio.get_running_loop()
        self._datagrams = socket.socket(stream.family, socket.SOCK_DGRAM)
        try:
            self._datagrams.setblocking(False)
            self._datagrams.bind((target[0], 0))
            self._datagrams.connect(target)
        except OSError:
            self._datagrams.close()
            raise
        widen(self._datagrams, RECEIVE, _BUFFER_BYTES)
        self.address: Address = self._datagrams.getsockname()[:2]
        self._loop.add_reader(stream, self._read_stream)
        self._loop.add_reader(self._datagrams, self._read_datagrams)

    def _read_stream(self) -> None:
        try:
            data = self._stream.recv(_READ_BYTES)
            packets = self._reader.feed(data)
        except BlockingIOError:
            return
        except (OSError, ValueError):
            data, packets = b"", []
        if not data or (self._is_new and packets and not stun.is_stun(packets[0][0])):
            self._ended(self)
            return
        self._is_new = self._is_new and not packets
        for packet in packets:
            try:
                self._datagrams.send(packet)
            except OSError:  # as on a line: what finds no room is lost
                self.queue.dropped += 1

    def _read_datagrams(self) -> None:
        now = time.monotonic()
        for _ in range(_ACCEPTED):
            try:
                packet = self._datagrams.recv(MAX_FRAME)
            except OSError:
                break
            if packet:
                self.queue.add(packet, now)
        if not self._piece:
            self._write()

    def _write(self) -> None:
        """Hand over what waits until the kernel takes no more."""
        now = time.monotonic()
        was_blocked = bool(self._piece)
        while self._piece or self.queue:
            self._piece = self._piece or self.queue.take(now)
            try:
                sent = self._stream.send(self._piece) if self._piece else 0
            except BlockingIOError:
                break
            except OSError:
                self._ended(self)
                return
            self._piece = self._piece[sent:]
        if self._piece and not was_blocked:
            self._loop.add_writer(self._stream, self._write)
        elif was_blocked and not self._piece:
            self._loop.remove_writer(self._stream)

    def close(self) -> None:
        """Close both sockets."""
        for sock in (self._stream, self._datagrams):
            self._loop.remove_reader(sock)
        self._loop.remove_writer(self._stream)
        self._stream.close()
        self._datagrams.close()


_Ended = Callable[[_Connection], None]


def network_of(host: str) -> str:
    """Return an IPv4 address as it is, an IPv6 address as its /64, all of which one machine owns."""
    ip = ip_address(host.partition("%")[0])
    return host if ip.version == 4 else str(ip_network((ip, 64), strict=False).network_address)


class TcpPort:
    """The listening sockets of one media worker, and the connections to them.

    `known` tells whether a peer owns an address, `gone` is called with that of a connection that ended.
    """

    def __init__(self, known: Known, gone: Callable[[Address], None]) -> None:
        self._known = known
        self._gone = gone
        self._listeners: list[socket.socket] = []
        self._connections: dict[Address, _Connection] = {}
        self._dropped = 0
        """Packets that connections dropped which ended."""
        self._check: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._dscp = 0
        self.addresses: list[Address] = []
        """Where browsers may connect."""

    @property
    def connections(self) -> int:
        """Return how many connections there are."""
        return len(self._connections)

    @property
    def dropped(self) -> int:
        """Return how many packets were dropped since start, since a connection took no more."""
        return self._dropped + sum(each.queue.dropped for each in self._connections.values())

    def remote(self, address: Address) -> Address | None:
        """Return the other end of the connection for which this address of ours stands; None if it is none."""
        connection = self._connections.get(address)
        return None if connection is None else connection.remote

    def open(self, targets: Iterable[Address], port: int, dscp: int = 0) -> None:
        """Listen at the host of each target, where the UDP port of all peers is; on one port (0: any). Raises
        OSError."""
        self._loop = asyncio.get_running_loop()
        self._dscp = dscp
        for target in targets:
            listener = socket.socket(socket.AF_INET6 if ":" in target[0] else socket.AF_INET, socket.SOCK_STREAM)
            self._listeners.append(listener)
            listener.setblocking(False)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((target[0], port))
            listener.listen(_ACCEPTED)
            port = listener.getsockname()[1]
            self.addresses.append((target[0], port))
            self._listen(listener, target)

    def _listen(self, listener: socket.socket, target: Address) -> None:
        if self._loop is not None and listener in self._listeners:
            self._loop.add_reader(listener, self._accept, listener, target)

    def _accept(self, listener: socket.socket, target: Address) -> None:
        for _ in range(_ACCEPTED):
            try:
                stream, remote = listener.accept()
            except BlockingIOError:
                return
            except OSError as exc:
                logger.warning("- no connection is accepted for a second: %s", exc)
                self._pause(listener, target)
                return
            self._take(stream, remote[:2], target)

    def _pause(self, listener: socket.socket, target: Address) -> None:
        if self._loop is not None:
            self._loop.remove_reader(listener)
            self._loop.call_later(_PAUSE_S, self._listen, listener, target)

    def _take(self, stream: socket.socket, remote: Address, target: Address) -> None:
        self._make_room(remote[0])
        if len(self._connections) >= MAX_CONNECTIONS:
            stream.close()
            return
        try:
            stream.setblocking(False)
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, _UNSENT_BYTES)
            mark(stream, self._dscp)
            connection = _Connection(stream, remote, target, self._end)
        except OSError as exc:
            logger.info("- connection of %s is not taken: %s", remote[0], exc)
            stream.close()
            return
        self._connections[connection.address] = connection
        if self._check is None:
            self._check = asyncio.get_running_loop().call_later(1, self._close_unproven)

    def _make_room(self, host: str) -> None:
        """Close the oldest connection that no peer owns, where there are too many, or too many of that host."""
        unproven = [each for each in self._connections.values() if not self._known(each.address)]
        of_host = [each for each in unproven if network_of(each.remote[0]) == network_of(host)]
        if len(of_host) >= MAX_UNPROVEN:
            self._end(of_host[0])
        elif unproven and len(self._connections) >= MAX_CONNECTIONS:
            self._end(unproven[0])

    def _close_unproven(self) -> None:
        now = time.monotonic()
        for connection in tuple(self._connections.values()):
            if self._known(connection.address):
                connection.proven = now
            elif now - connection.proven > PROOF_S:
                self._end(connection)
        self._check = None
        if self._connections:
            self._check = asyncio.get_running_loop().call_later(1, self._close_unproven)

    def _end(self, connection: _Connection) -> None:
        connection.close()
        if self._connections.pop(connection.address, None) is not None:
            self._dropped += connection.queue.dropped
            self._gone(connection.address)

    def close(self) -> None:
        """Release the port and end all connections."""
        for listener in self._listeners:
            if self._loop is not None:
                self._loop.remove_reader(listener)
            listener.close()
        self._listeners.clear()
        for connection in tuple(self._connections.values()):
            self._end(connection)
        if self._check is not None:
            self._check.cancel()
