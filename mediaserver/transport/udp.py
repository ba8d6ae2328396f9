"""One UDP port for all peers: datagrams find their peer by validated address, STUN by the username fragment."""

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Callable, Iterable
from struct import Struct
from typing import Protocol

from aioice import stun

from mediaserver.rtp.packet import Packet
from mediaserver.ticker import Ticker
from mediaserver.transport import ice
from mediaserver.transport.ice import Address
from mediaserver.transport.line import Counters, Inbox, Line

logger = logging.getLogger(__name__)

GATHER_S = 0.002
"""Whoever wakes us is given so long to send the rest: a picture's packets are then read together and leave to each
receiver with one system call. The thread sleeps, for a timer of the loop costs more than all else of a look."""
LOOK_MS = 5
"""While datagrams come more often than this, sockets are looked at so often instead of being waited for. Looks are on
whole multiples of this, as the beats of sound and picture are: what is due together costs one wake-up."""
BUSY_WAKES, QUIET_LOOKS = 3, 3
"""That is so once we were woken so soon so many times in a row, until so many looks find nothing."""
SOCKET_BUFFER_BYTES = 4 << 20
_UDP_SEGMENT = 103
"""linux/udp.h; Python's socket module does not name it."""
_SEGMENT = Struct("=H")
MAX_SEGMENT_BYTES = 1400
"""The kernel refuses segments that do not fit the route's MTU; larger packets than ours are rare and go one by one."""
_NO_SEGMENTATION = {errno.EINVAL, errno.EIO, errno.ENOPROTOOPT, errno.EOPNOTSUPP}
"""What a kernel or a network card without UDP segmentation says; anything else is about this one address."""


class Path(Protocol):
    """A peer as the port sees it."""

    def stun(self, message: stun.Message, address: Address, port: "Port", now: float) -> None:
        """Take a connectivity check addressed to this peer's username fragment."""

    @property
    def line(self) -> Line:
        """Whose owner this peer is."""

    def datagram(self, data: bytes, now: float) -> None:
        """Take a DTLS record or a decrypted RTCP packet from an address this peer validated."""

    def rtp(self, packet: Packet, extensions: dict[int, bytes], now: float) -> None:
        """Take a decrypted RTP packet from an address this peer validated."""


class Port:
    """One bound socket. Replies leave from the address the peer talked to."""

    def __init__(self, sock: socket.socket, counters: Counters) -> None:
        # given
        self.socket = sock
        self._counters = counters
        # owned
        self._segmented = True
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

    def send_run(self, data: memoryview, segment: int, count: int, address: Address) -> None:
        """Send `count` datagrams of `segment` bytes (the last may be shorter) with one call where the kernel can."""
        if count == 1 or not self._segmented or segment > MAX_SEGMENT_BYTES:
            for at in range(0, len(data), segment):
                self.send(data[at : at + segment], address)
            return
        option = [(socket.IPPROTO_UDP, _UDP_SEGMENT, _SEGMENT.pack(segment))]
        try:
            self.socket.sendmsg([data], option, 0, address)
        except OSError as exc:
            if exc.errno not in _NO_SEGMENTATION:
                self._counters.refused += count
                return
            logger.info("- UDP segmentation is not available on %s: %s", self.address, exc)
            self._segmented = False
            self.send_run(data, segment, count, address)
        else:
            self._counters.packets_out += count
            self._counters.bytes_out += len(data)


class UdpMux:
    """The sockets of one media worker and the peers behind them.

    `after_batch` is called when a wake-up's datagrams have been handled: the moment to forward what they brought.
    """

    def __init__(self, after_batch: Callable[[float], None]) -> None:
        # given
        self._after_batch = after_batch
        # owned
        self._sockets: dict[socket.socket, Port] = {}
        self._soon = 0
        """How many times in a row we were woken soon after a look that found something."""
        self._quiet = 0
        """Looks in a row that found nothing."""
        self._found = 0.0
        """When a look last found something."""
        self._ticker = Ticker(LOOK_MS, self._look)
        self._by_fragment: dict[str, Path] = {}
        self.counters = Counters()
        self._inbox = Inbox(self.counters, Packet)
        self.addresses: list[Address] = []

    def open(self, hosts: Iterable[str], port: int) -> None:
        """Bind every host on one port (0: any free one, the same for all). Raises OSError."""
        for host in hosts:
            sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
            sock.setblocking(False)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                sock.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER_BYTES)
            sock.bind((host, port))
            port = sock.getsockname()[1]
            self.addresses.append((host, port))
            self._sockets[sock] = Port(sock, self.counters)
        self._wait()

    def close(self) -> None:
        """Stop reading and release the port."""
        self._stop_waiting()
        self._ticker.stop()
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()

    def register(self, fragment: str, path: Path) -> None:
        """Route checks with this username fragment to `path`."""
        self._by_fragment[fragment] = path

    def validate(self, address: Address, path: Path) -> None:
        """Route datagrams from `address` to `path`."""
        self._inbox.route(address, path.line)

    def forget(self, address: Address, path: Path) -> None:
        """Stop routing `address` to `path`."""
        self._inbox.forget(address, path.line)

    def unregister(self, fragment: str, addresses: Iterable[Address], path: Path) -> None:
        """Forget a peer."""
        self._by_fragment.pop(fragment, None)
        for address in addresses:
            self.forget(address, path)

    def _wait(self) -> None:
        """Be woken by the next datagram."""
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            loop.add_reader(sock.fileno(), self._woken)

    def _stop_waiting(self) -> None:
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            loop.remove_reader(sock.fileno())

    def _woken(self) -> None:
        self._soon = self._soon + 1 if time.monotonic() - self._found < LOOK_MS / 1000 else 0
        if self._soon == BUSY_WAKES:
            self._stop_waiting()
            self._soon = self._quiet = 0
            self._ticker.start()
        else:
            time.sleep(GATHER_S)
            self.look(time.monotonic())

    def _look(self) -> None:
        """Look regularly, until nothing comes any more."""
        self._quiet = 0 if self.look(time.monotonic()) else self._quiet + 1
        if self._quiet == QUIET_LOOKS:
            self._ticker.stop()
            self._wait()

    def look(self, now: float) -> bool:
        """Take what waits in the sockets, and forward it; whether anything did."""
        before = self.counters.packets_in
        for port in self._sockets.values():
            self._drain(port, now)
        self._after_batch(now)
        if self.counters.packets_in == before:
            return False
        self._found = now
        return True

    def _drain(self, port: Port, now: float) -> None:
        for owner, what, more in self._inbox.read(port.socket, now):
            try:
                if owner is None:
                    self._stun(what, more, port, now)
                elif more is None:
                    owner.datagram(what, now)
                else:
                    owner.rtp(what, more, now)
            except Exception:  # one packet's fault, ours or its sender's, must not make the port deaf
                logger.exception("x datagram for %s", owner or more)

    def _stun(self, data: bytes, address: Address, port: Port, now: float) -> None:
        try:
            message = ice.parse(data)
        except ValueError:
            self.counters.strangers += 1
            return
        path = self._by_fragment.get(ice.local_fragment(message))
        if path is not None:
            path.stun(message, address, port, now)
