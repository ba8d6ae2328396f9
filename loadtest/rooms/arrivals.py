"""Marks (DSCP, RFC 2474) of the IPv4 packets that arrive on this machine, as its network cards have them."""

import asyncio
import socket
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from struct import Struct

from loadtest.rooms.room import RoomFailed
from mediaserver.transport.ice import Address

ETH_P_IP, PACKET_HOST = 0x0800, 0
"""packet(7): the protocol, and the type of what is addressed to this machine; the loopback shows the rest twice."""
HEADERS, MAX_READ = 80, 1000
"""Bytes of a packet that are read: those of IP (at most 60) and the ports behind it; packets that are read at once."""
BUFFER_BYTES = 4 << 20
TCP, UDP = 6, 17
_PORTS = Struct("!HH")


class Arrivals:
    """Marks of what arrived so far by UDP and TCP, by sender and receiver."""

    def __init__(self) -> None:
        self._marks: defaultdict[tuple[Address, Address], set[int]] = defaultdict(set)

    def take(self, packet: bytes) -> None:
        """Take the beginning of an IPv4 packet; what has no ports is left out."""
        size = 4 * (packet[0] & 0x0F) if packet else 0
        if size < 20 or len(packet) < size + _PORTS.size or packet[9] not in (TCP, UDP):
            return
        if int.from_bytes(packet[6:8], "big") & 0x1FFF:  # a later fragment
            return
        source, destination = _PORTS.unpack_from(packet, size)
        flow = (socket.inet_ntoa(packet[12:16]), source), (socket.inet_ntoa(packet[16:20]), destination)
        self._marks[flow].add(packet[1] >> 2)

    def marks(
        self, *, sender: Address | None = None, receiver: Address | None = None, besides: Address | None = None
    ) -> set[int]:
        """Return the marks of all that arrived from a sender, at a receiver, or both, but not from `besides`."""
        found = set[int]()
        for (source, destination), marks in self._marks.items():
            if sender in (None, source) and receiver in (None, destination) and source != besides:
                found |= marks
        return found

    def forget(self) -> None:
        """Forget what arrived so far: a port of the call before may serve another medium now."""
        self._marks.clear()


@contextmanager
def watch_arrivals() -> Iterator[Arrivals]:
    """Yield the marks of what arrives meanwhile. Raises RoomFailed where that is not permitted (CAP_NET_RAW)."""
    arrivals, loop = Arrivals(), asyncio.get_running_loop()
    try:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
    except PermissionError:
        raise RoomFailed("packets may not be read: run it as root, or by tests/e2e/netns.sh") from None

    def read() -> None:
        with suppress(BlockingIOError):
            for _ in range(MAX_READ):
                packet, (_, _, kind, *_) = sock.recvfrom(HEADERS)
                if kind == PACKET_HOST:
                    arrivals.take(packet)

    with sock:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        loop.add_reader(sock, read)
        try:
            yield arrivals
        finally:
            loop.remove_reader(sock)
