"""One UDP port for all peers: datagrams find their peer by validated address, STUN by the username fragment."""

import errno
import logging
import socket
from collections.abc import Iterable
from struct import Struct
from typing import Protocol

from mediaserver.rtp.packet import Packet
from mediaserver.throttled_log import ThrottledLog
from mediaserver.transport import ice, receive_time, stun
from mediaserver.transport.dscp import mark
from mediaserver.transport.ice import Address
from mediaserver.transport.peer_path import Counters, Inbox, PeerPath
from mediaserver.transport.socket_buffer import RECEIVE, SEND, widen
from mediaserver.transport.tcp_port import TcpPort

logger = logging.getLogger(__name__)

SOCKET_BUFFER_BYTES = 4 << 20
"""Socket buffer for the key frames of many cameras between two polls, and for one picture to hundreds of receivers at
once; the rest is lost. Debian 13 gives a twentieth unless told to give more, or asked by root."""
TAKEN_S = 5.0
"""Seconds for which an address stays with a peer. A peer is silent for no longer; after that a router may have given
its port to another."""
_UDP_SEGMENT = 103
"""From linux/udp.h; Python's socket module does not name it."""
_SEGMENT = Struct("=H")
MAX_SEGMENT_BYTES = 1400
"""Larger packets than ours are rare and go one by one."""
_NOT_IN_SEGMENTS = {errno.EMSGSIZE, errno.EINVAL, errno.EIO, errno.ENOPROTOOPT, errno.EOPNOTSUPP}
"""Errors of a kernel for segments that do not fit the route's MTU (behind a VPN or PPPoE it may be 1,280 bytes; which
of the first two depends on its version), and where the network card of the route has no checksums for them. It takes a
single packet then. Any other error is about the address."""


def _segments(sock: socket.socket) -> bool:
    """Return whether the kernel knows UDP_SEGMENT; before 4.18 it would send a run as one datagram, silently."""
    try:
        sock.getsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT)
    except OSError as exc:
        logger.info("- UDP segmentation is not available: %s", exc)
        return False
    return True


def _widen(sock: socket.socket) -> frozenset[str]:
    """Enlarge the kernel's buffers; return the limits that forbid it."""
    narrow = set()
    for buffer in (RECEIVE, SEND):
        if (granted_bytes := widen(sock, buffer, SOCKET_BUFFER_BYTES)) < SOCKET_BUFFER_BYTES:
            text = "- the kernel keeps %d kB of what comes or goes, instead of 4 MB: see sysctl net.core.%s"
            logger.warning(text, granted_bytes >> 10, buffer.limit)
            narrow.add(buffer.limit)
    return frozenset(narrow)


class StunTarget(Protocol):
    """Whoever has a username fragment."""

    def stun(self, message: stun.Message, address: Address, port: "Port", now: float) -> None:
        """Take a connectivity check addressed to its username fragment."""


class MuxPeer(StunTarget, Protocol):
    """A peer as the port sees it."""

    @property
    def path(self) -> PeerPath:
        """Return the path whose owner this peer is."""

    @property
    def selected(self) -> Address | None:
        """Return the address it is sent to."""

    def datagram(self, data: bytes, now: float) -> None:
        """Take a DTLS record or a decrypted RTCP packet from an address this peer validated."""

    def rtp(self, packets: list[Packet], extensions: dict[int, bytes], now: float) -> None:
        """Take decrypted consecutive RTP packets of one stream, and the header extensions of the first."""


class Port:
    """One bound socket. Replies leave from the address the peer talked to."""

    def __init__(self, sock: socket.socket, counters: Counters) -> None:
        self.socket = sock
        self._counters = counters
        self.segmented = _segments(sock)
        self.address: Address = sock.getsockname()[:2]

    def send(self, data: bytes | memoryview, address: Address) -> None:
        """Send one datagram, or drop it when the kernel's buffer is full."""
        try:
            self.socket.sendto(data, address)
        except OSError:
            self._counters.refused += 1
            return
        self._counters.packets_out += 1
        self._counters.bytes_out += len(data)

    def aim(self, path: PeerPath, address: Address) -> None:
        """Send a peer's packets from here to `address` from now on."""
        path.aim(self.socket, address)
        path.unsegmented = path.unsegmented or not self.segmented

    def send_run(self, data: memoryview, segment: int, count: int, address: Address) -> bool:
        """Send `count` datagrams of `segment` bytes (the last may be shorter) with one call where the kernel can.

        Return whether it takes segments for this address; if not, they went one by one, as later ones should.
        """
        if count == 1 or not self.segmented or segment > MAX_SEGMENT_BYTES:
            self.send_singly(data, segment, address)
            return self.segmented
        option = [(socket.IPPROTO_UDP, _UDP_SEGMENT, _SEGMENT.pack(segment))]
        try:
            self.socket.sendmsg([data], option, 0, address)
        except OSError as exc:
            if exc.errno not in _NOT_IN_SEGMENTS:
                self._counters.refused += count
                return True
            self.send_singly(data, segment, address)
            return False
        self._counters.packets_out += count
        self._counters.bytes_out += len(data)
        return True

    def send_singly(self, data: memoryview, segment: int, address: Address) -> None:
        """Send datagrams of `segment` bytes (the last may be shorter) one by one."""
        for at in range(0, len(data), segment):
            self.send(data[at : at + segment], address)


class UdpMux:
    """The sockets of one media worker and the peers behind them; its owner polls them regularly."""

    def __init__(self) -> None:
        self._sockets: dict[socket.socket, Port] = {}
        self._by_fragment: dict[str, StunTarget] = {}
        self._by_address: dict[Address, MuxPeer] = {}
        self.counters = Counters()
        self.faults = ThrottledLog(logger)
        self._inbox = Inbox(self.counters, Packet)
        self.addresses: list[Address] = []
        self.tcp = TcpPort(self._by_address.__contains__, self._gone)
        self.has_large_buffer = True
        """Whether the kernel keeps everything that may come between two polls."""

    def open(self, hosts: Iterable[str], port: int, dscp: int = 0) -> None:
        """Bind every host on one port (0: any free one, the same for all), and mark what it sends. Raises OSError."""
        for host in hosts:
            sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
            sock.setblocking(False)
            self.has_large_buffer = "rmem_max" not in _widen(sock) and self.has_large_buffer
            receive_time.note(sock)
            mark(sock, dscp)
            sock.bind((host, port))
            port = sock.getsockname()[1]
            self.addresses.append((host, port))
            self._sockets[sock] = Port(sock, self.counters)

    @property
    def mark(self) -> str:
        """Return the character with which username fragments begin, the last digit of the port: by it whoever passes
        connections on (deploy/haproxy-media.cfg) tells the workers of a machine apart."""
        return str(self.addresses[0][1])[-1] if self.addresses else ""

    def listen(self, port: int, dscp: int = 0, fronts: Iterable[Address] = ()) -> None:
        """Take connections as well, on the same hosts and one port (0: any free one), and from those who pass on what
        comes at the addresses `fronts`. Raises OSError."""
        self.tcp.open(self.addresses, port, dscp)
        self.tcp.addresses += fronts

    def port_at(self, host: str) -> Port:
        """Return the port on one of our addresses. Raises OSError for an address that is not ours."""
        port = next((port for port in self._sockets.values() if port.address[0] == host), None)
        if port is None:
            raise OSError(f"{host} is no address of this media worker")
        return port

    def close(self) -> None:
        """Release the port."""
        self.tcp.close()
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()

    def seen_as(self, address: Address) -> Address:
        """Return the address from which a peer at this one sends: where it is by TCP, the other end of its
        connection."""
        return self.tcp.remote(address) or address

    def _gone(self, address: Address) -> None:
        """Forget the address of a connection that ended: another one may get it."""
        if (peer := self._by_address.get(address)) is not None:
            self.forget(address, peer)

    def register(self, fragment: str, target: StunTarget) -> None:
        """Route checks with this username fragment to `target`."""
        self._by_fragment[fragment] = target

    def taken(self, address: Address, peer: MuxPeer, now: float) -> bool:
        """Return whether an address belongs to another peer that was heard lately; a sender's address can be forged."""
        other = self._by_address.get(address, peer)
        return other is not peer and other.selected == address and now - other.path.heard < TAKEN_S

    def validate(self, address: Address, peer: MuxPeer) -> None:
        """Route datagrams from `address` to `path`."""
        self._by_address[address] = peer
        self._inbox.route(address, peer.path)

    def forget(self, address: Address, peer: MuxPeer) -> None:
        """Stop routing `address` to `path`."""
        if self._by_address.get(address) is peer:
            del self._by_address[address]
        self._inbox.forget(address, peer.path)

    def unregister(self, fragment: str, addresses: Iterable[Address], peer: MuxPeer) -> None:
        """Forget a peer."""
        self._by_fragment.pop(fragment, None)
        for address in addresses:
            self.forget(address, peer)

    def poll(self, now: float) -> None:
        """Read what waits in the sockets."""
        for sock, port in self._sockets.items():
            for owner, what, more, received_at in self._inbox.read(sock, now):
                try:
                    if owner is None:
                        self._stun(what, more, port, received_at)
                    elif more is None:
                        owner.datagram(what, received_at)
                    else:
                        owner.rtp(what, more, received_at)
                except Exception:  # one packet's fault, ours or its sender's, must not make the port deaf
                    self.faults.caught("x datagram for %s", owner or more)

    def _stun(self, data: bytes, address: Address, port: Port, now: float) -> None:
        try:
            message = stun.parse(data)
        except ValueError:
            self.counters.strangers += 1
            return
        target = self._by_fragment.get(ice.local_fragment(message))
        if target is not None:
            target.stun(message, address, port, now)
