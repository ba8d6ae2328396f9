"""Peers and receivers behind a port, that keep or ignore what comes."""

from mediaserver.rtp.packet import Packet
from mediaserver.transport import stun
from mediaserver.transport.ice import Address
from mediaserver.transport.peer_path import Counters, PeerPath
from mediaserver.transport.udp_mux import Port


class Peer:
    """A path that keeps the datagrams it gets."""

    def __init__(self) -> None:
        self.checks: list[tuple[stun.Message, Address]] = []
        self.datagrams: list[bytes] = []
        self.path = PeerPath(self, Counters())
        self.selected: Address | None = None

    def stun(self, message: stun.Message, address: Address, port: Port, now: float) -> None:
        self.checks.append((message, address))
        port.send(b"answer", address)

    def datagram(self, data: bytes, now: float) -> None:
        self.datagrams.append(data)

    def rtp(self, packets: list[Packet], extensions: dict[int, bytes], now: float) -> None:
        raise AssertionError("nobody has keys")


class IgnoringReceiver:
    """A receiver that ignores everything."""

    def rtp(self, packets: list[Packet], extensions: dict[int, bytes], now: float) -> None:
        """Do nothing."""

    def rtcp(self, data: bytes, now: float) -> None:
        """Do nothing."""

    def responded(self, round_trip: float, now: float) -> None:
        """Do nothing."""
