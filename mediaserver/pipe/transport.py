"""Moves packets between two media workers: SRTP under keys that the server made for the two, at known addresses."""

from collections.abc import Iterable
from typing import Protocol

from mediaserver.api import PipeEnd
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.srtp_key import SUITES, SrtpKey
from mediaserver.transport import stun
from mediaserver.transport.ice import Address
from mediaserver.transport.peer_path import PeerPath
from mediaserver.transport.sdes import SdesSessions
from mediaserver.transport.srtp import Outgoing
from mediaserver.transport.udp_mux import Port, UdpMux

SUITE = "AEAD_AES_128_GCM"


class Receiver(Protocol):
    """Takes decrypted packets."""

    def rtp(self, packets: list[Packet], extensions: dict[int, bytes], now: float) -> None:
        """Take consecutive RTP packets of one stream."""

    def rtcp(self, data: bytes, now: float) -> None:
        """Take one RTCP compound packet."""


class PipeTransport:
    """The path to another worker, beside those of browsers on the same port. Raises OSError where its `local` address
    is none of ours, and ValueError for a key of another length."""

    def __init__(self, mux: UdpMux, end: PipeEnd, receiver: Receiver) -> None:
        self._mux = mux
        self._receiver = receiver
        self.rtp = receiver.rtp
        """Takes decrypted RTP packets: nothing stands between the port and the receiver."""
        self.selected: Address = (end.host, end.port)
        """Where the other worker receives."""
        self._srtp = SdesSessions().under(_key(end.sent), _key(end.received))
        self._port: Port = mux.port_at(end.local)
        self.path = PeerPath(self, mux.counters)
        self._port.aim(self.path, self.selected)
        self.path.open(self._srtp)
        mux.validate(self.selected, self)

    def stun(self, message: stun.Message, address: Address, port: Port, now: float) -> None:
        """Ignore connectivity checks: both addresses are known."""

    def datagram(self, data: bytes, now: float) -> None:
        """Take a decrypted RTCP packet."""
        if data[0] >= 64:  # no DTLS record: nobody shakes hands here
            self._receiver.rtcp(data, now)

    def send(self, packets: Iterable[Outgoing], send_time: int = 0) -> None:
        """Protect and send packets, one system call per run of equal sizes; `send_time` is not used."""
        for data, segment, count in self._srtp.protect_runs(packets):
            if self.path.unsegmented:
                self._port.send_singly(data, segment, self.selected)
            else:
                self.path.unsegmented = not self._port.send_run(data, segment, count, self.selected)

    def send_packet(self, packet: bytes) -> None:
        """Protect and send one whole RTP packet."""
        self._port.send(self._srtp.protect(packet), self.selected)

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and send one RTCP compound packet."""
        self._port.send(self._srtp.protect_rtcp(packet), self.selected)

    def close(self) -> None:
        """Send and take nothing any more."""
        self._mux.forget(self.selected, self)
        self.path.close()


def _key(text: str) -> SrtpKey:
    secret = bytes.fromhex(text)
    if len(secret) != SUITES[SUITE]:
        raise ValueError(f"a key of a pipe has {SUITES[SUITE]} bytes")
    return SrtpKey(SUITE, secret)
