"""One browser's transport: ICE-lite, then DTLS, then SRTP, over the shared port."""

import asyncio
import logging
import time
from collections.abc import Iterable
from struct import Struct
from typing import Protocol

from aiortc.rtcdtlstransport import RTCCertificate

from mediaserver.rtp.packet import Packet
from mediaserver.transport import stun
from mediaserver.transport.dtls import Dtls, DtlsFailed
from mediaserver.transport.ice import Address, IceLite
from mediaserver.transport.peer_path import PeerPath
from mediaserver.transport.srtp import Outgoing, Srtp
from mediaserver.transport.state import Changed, Stateful
from mediaserver.transport.udp_mux import Port, UdpMux

logger = logging.getLogger(__name__)

SILENCE_S = 8.0
"""Seconds of silence after which a peer is gone. Browsers check consent every 2.5–6 s (RFC 7675 §5.1)."""

_SEND_TIME = Struct("!HHI")


class Receiver(Protocol):
    """Takes decrypted packets. Must not raise: a bad packet is the peer's fault and costs it that packet."""

    def rtp(self, packets: list[Packet], extensions: dict[int, bytes], now: float) -> None:
        """Take consecutive plain RTP packets of one stream; the first's header extensions by local id."""

    def rtcp(self, data: bytes, now: float) -> None:
        """Take one plain RTCP compound packet."""

    def responded(self, round_trip: float, now: float) -> None:
        """Take the round trip in seconds that a request of ours measured."""


class WebRtcTransport(Stateful):
    """Moves packets for one peer; `changed` is called with (state, reason) on each step."""

    def __init__(
        self,
        mux: UdpMux,
        certificate: RTCCertificate,
        remote_fragment: str,
        remote_password: str,
        fingerprints: list[tuple[str, str]],
        receiver: Receiver,
        changed: Changed,
    ) -> None:
        super().__init__(changed)
        self._mux = mux
        self._fingerprints = fingerprints
        self._receiver = receiver
        self.rtp = receiver.rtp
        """Takes decrypted RTP packets: nothing stands between the port and the receiver."""
        self.ice = IceLite(remote_fragment, remote_password, mux.mark)
        self.path = PeerPath(self, mux.counters)
        self._dtls = Dtls(certificate, "server", self._send_plain)
        self._srtp: Srtp | None = None
        self._port: Port | None = None
        self._handshake: asyncio.Task[None] | None = None
        mux.register(self.ice.fragment, self)

    @property
    def selected(self) -> Address | None:
        """Return the address the browser chose."""
        return self.ice.selected

    @property
    def is_tcp(self) -> bool:
        """Return whether the browser chose a TCP connection."""
        return self.ice.selected is not None and self._mux.tcp.remote(self.ice.selected) is not None

    def stun(self, message: stun.Message, address: Address, port: Port, now: float) -> None:
        """Answer a check, of which the first valid one starts DTLS; or take a response."""
        if (round_trip := self.ice.round_trip(message, now)) is not None:
            self._receiver.responded(round_trip, now)
            return
        if self.ice.moved(message, address):
            self._aim(port, address)
            return
        if self._mux.taken(address, self, now):
            return
        response = self.ice.request(message, address, self._mux.seen_as(address))
        if response is None:
            return
        port.send(response, address)
        self._mux.validate(address, self)
        if (surplus := self.ice.surplus()) is not None:
            self._mux.forget(surplus, self)
        self.path.heard = now
        if self.ice.selected == address:
            self._aim(port, address)
        elif (request := self.ice.verification_request(address)) is not None:
            port.send(request, address)
        if self._handshake is None:
            self.send_round_trip_request(now)  # known by the time that pictures are sent
            self._set_state("connecting", "")
            self._handshake = asyncio.ensure_future(self._connect())

    def _aim(self, port: Port, address: Address) -> None:
        self._port = port
        port.aim(self.path, address)

    def datagram(self, data: bytes, now: float) -> None:
        """Take a DTLS record or a decrypted RTCP packet (RFC 7983 §7)."""
        if data[0] < 64:
            self._dtls.receive(data)
        else:
            self._receiver.rtcp(data, now)

    async def _connect(self) -> None:
        try:
            self._srtp = await self._dtls.handshake(self._fingerprints)
        except DtlsFailed as exc:
            logger.info("x DTLS handshake failed: %s", exc)
            self._set_state("closed", "failed")
            return
        self.path.open(self._srtp)
        self._dtls.on_closed(lambda: self._set_state("closed", "closed"))
        self._set_state("connected", "")

    def send(self, packets: Iterable[Outgoing], send_time: int = 0) -> None:
        """Protect and send packets, one system call per run of equal sizes.

        `send_time` is the negotiated id of the absolute send time extension, by which the peer measures its link.
        """
        address = self.ice.selected
        if self._srtp is None or self._port is None or address is None:
            return
        for data, segment, count in self._srtp.protect_runs(
            packets, send_time_extension(send_time) if send_time else b""
        ):
            if self.path.unsegmented:
                self._port.send_singly(data, segment, address)
            else:
                self.path.unsegmented = not self._port.send_run(data, segment, count, address)

    def send_packet(self, packet: bytes) -> None:
        """Protect and send one whole RTP packet."""
        if self._srtp is not None and self._port is not None and self.ice.selected is not None:
            self._port.send(self._srtp.protect(packet), self.ice.selected)

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and send one RTCP compound packet."""
        if self._srtp is not None and self._port is not None and self.ice.selected is not None:
            self._port.send(self._srtp.protect_rtcp(packet), self.ice.selected)

    def send_round_trip_request(self, now: float) -> None:
        """Measure the round trip behind the packets sent until now."""
        if self._port is not None and self.ice.selected is not None:
            self._port.send(self.ice.round_trip_request(now), self.ice.selected)

    def check(self, now: float) -> None:
        """Close when the peer has been silent too long."""
        if self._handshake is not None and now - self.path.heard > SILENCE_S:
            self._set_state("closed", "silent")

    async def close(self) -> None:
        """Tell the peer (DTLS close_notify) and forget it."""
        self._close()
        if self._handshake is not None:
            self._handshake.cancel()
        await self._dtls.close()
        self._mux.unregister(self.ice.fragment, self.ice.validated, self)
        self.path.close()

    def _send_plain(self, data: bytes) -> None:
        if self._port is not None and self.ice.selected is not None:
            self._port.send(data, self.ice.selected)


def send_time_extension(number: int) -> bytes:
    """Return the time now as a whole one-byte-header extension: 24 bits of seconds in 6.18 fixed point.

    Receivers compare it with itself alone. On a clock that can be set, packets would seem to have been long in transit.
    """
    return _SEND_TIME.pack(0xBEDE, 1, (number << 4 | 2) << 24 | int(time.monotonic() * (1 << 18)) & 0xFFFFFF)
