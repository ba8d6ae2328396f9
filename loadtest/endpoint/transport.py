"""The transport of a simulated endpoint: a UDP socket of its own, ICE checks, a DTLS client, SRTP."""

import asyncio
import logging
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Literal, Protocol

from aiortc.rtcdtlstransport import RTCCertificate

from loadtest.endpoint.ice_checks import CONSENT_S, Credentials, IceChecks
from loadtest.endpoint.receive_counters import HEADER
from loadtest.endpoint.sdp_answer import Answer
from mediaserver.transport import receive_time
from mediaserver.transport.dtls import Dtls
from mediaserver.transport.ice import Address
from mediaserver.transport.peer_path import Counters
from mediaserver.transport.srtp import Outgoing, Srtp, receive_view
from mediaserver.transport.stun import is_stun
from mediaserver.transport.udp_mux import Port

logger = logging.getLogger(__name__)

BATCH = 64
MAX_EARLY_DATAGRAMS = 256
"""Media datagrams kept until the keys are derived; more are dropped, as by any full socket."""
SOCKET_BUFFER_BYTES = 1 << 20
CHECK_S = 0.1
"""Seconds between two checks of a candidate that has not responded."""
CHECKS_PER_CANDIDATE = 100
"""10 s: as patient as a browser with a busy server."""
CONSENT_LOST_S = 30.0
"""RFC 7675 §5.1: after so many seconds without a response, sending must stop."""
NOWHERE = ("127.0.0.1", 9)
"""The discard service (RFC 863): a socket that is connected to it receives from nobody else."""


class Receiver(Protocol):
    """Takes decrypted packets."""

    def rtp(self, data: memoryview, length: int, now: float) -> None:
        """Take one plain RTP packet, which the kernel received at `now`; `data` is valid during the call."""

    def rtcp(self, data: bytes, now: float) -> None:
        """Take one plain RTCP compound packet."""

    def counts(self, ssrc: int) -> bool:
        """Return whether packets of a stream are only counted: by their headers, which are not encrypted."""

    def count(self, data: memoryview, length: int, now: float) -> None:
        """Take one encrypted RTP packet of a stream that is only counted; `data` is valid during the call."""


LinkState = Literal["new", "checking", "handshake", "connected", "closed"]


class TransportFailed(Exception):
    """No candidate responded to the connectivity checks."""


class EndpointTransport:
    """Moves packets between one simulated endpoint and the server, from the address `bound` or any."""

    def __init__(
        self, certificate: RTCCertificate, local: Credentials, receiver: Receiver, bound: Address | None = None
    ) -> None:
        self._bound = bound
        self._certificate = certificate
        self._local = local
        self._receiver = receiver
        self.state: LinkState = "new"
        self.counters = Counters()
        self._socket: socket.socket | None = None
        self._port: Port | None = None
        self.remote: Address = ("", 0)
        self._checks: IceChecks | None = None
        self._dtls: Dtls | None = None
        self._srtp: Srtp | None = None
        self._early: list[bytes] = []
        self._responded = asyncio.Event()
        self._consent: asyncio.Task[None] | None = None
        self.closed = asyncio.Event()
        """Set when the transport is closed by either side, or consent was lost."""

    async def connect(self, answer: Answer) -> None:
        """Check the candidates in order, then do the DTLS handshake. Raises TransportFailed, DtlsFailed."""
        self.state = "checking"
        self._checks = IceChecks(self._local, Credentials(answer.fragment, answer.password))
        for candidate in answer.candidates:
            if await self._try(candidate):
                break
        else:
            raise TransportFailed(
                f"no response from {', '.join(f'{h}:{p}' for h, p in answer.candidates) or 'no candidate'}"
            )
        self.state = "handshake"
        self._dtls = Dtls(self._certificate, "client", self._send_plain)
        self._srtp = await self._dtls.handshake(list(answer.fingerprints))
        self._dtls.on_closed(self._peer_closed)
        self.state = "connected"
        self._catch_up(self._srtp, time.monotonic())
        self._consent = asyncio.ensure_future(self._keep_consent())

    async def _try(self, candidate: Address) -> bool:
        self._open(candidate)
        for _ in range(CHECKS_PER_CANDIDATE):
            self.check()
            with suppress(TimeoutError):
                async with asyncio.timeout(CHECK_S):
                    await self._responded.wait()
                    return True
        self._close_socket()
        return False

    def _open(self, candidate: Address) -> None:
        sock = socket.socket(socket.AF_INET6 if ":" in candidate[0] else socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        receive_time.note(sock)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER_BYTES)
        if self._bound is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(self._bound)
        self._socket, self._port, self.remote = sock, Port(sock, self.counters), candidate
        asyncio.get_running_loop().add_reader(sock.fileno(), self._readable, sock)

    def check(self) -> None:
        """Send a connectivity check."""
        assert self._checks is not None
        self._responded.clear()
        self._send_plain(self._checks.request())

    async def _keep_consent(self) -> None:
        lost = time.monotonic() + CONSENT_LOST_S
        while time.monotonic() < lost:
            self.check()
            await asyncio.sleep(CONSENT_S)
            if self._responded.is_set():
                lost = time.monotonic() + CONSENT_LOST_S
        logger.info("x consent lost: %s", self.remote)
        self._peer_closed()

    def hand_over(self) -> None:
        """Receive no longer: another socket of the same port gets what comes. Consent is no longer watched."""
        assert self._consent is not None and self._socket is not None
        self._consent.cancel()
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.connect(NOWHERE)

    def send(self, packets: Iterable[Outgoing]) -> None:
        """Encrypt and send packets with plain headers."""
        if self._srtp is None or self._port is None or self.state != "connected":
            return
        for data, segment, count in self._srtp.protect_runs(packets):
            self._port.send_run(data, segment, count, self.remote)

    def send_packet(self, packet: bytes) -> None:
        """Encrypt and send one whole RTP packet, which may have header extensions."""
        if self._srtp is not None and self._port is not None and self.state == "connected":
            self._port.send(self._srtp.protect(packet), self.remote)

    def send_rtcp(self, packet: bytes) -> None:
        """Encrypt and send one RTCP compound packet."""
        if self._srtp is not None and self._port is not None and self.state == "connected":
            self._port.send(self._srtp.protect_rtcp(packet), self.remote)

    async def close(self) -> None:
        """Send DTLS close_notify and close the socket."""
        if self._consent is not None:
            self._consent.cancel()
        try:
            if self._dtls is not None:
                await self._dtls.close()
        finally:
            self._close_socket()
            self._peer_closed()

    def _close_socket(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _peer_closed(self) -> None:
        self.state = "closed"
        self.closed.set()

    def _send_plain(self, data: bytes) -> None:
        if self._port is not None and self._socket is not None:
            self._port.send(data, self.remote)

    def _readable(self, sock: socket.socket) -> None:
        now = time.monotonic()
        for _ in range(BATCH):
            try:
                length, _, received_at = receive_time.receive(sock, now)
            except OSError:
                return
            if length:
                self.counters.packets_in += 1
                self.counters.bytes_in += length
                self._datagram(length, received_at)

    def _datagram(self, length: int, now: float) -> None:
        """Pass a datagram to STUN, DTLS or SRTP by its first byte (RFC 7983 §7)."""
        first = receive_view[0]
        if is_stun(first):
            if self._checks is not None:
                self._stun(self._checks, bytes(receive_view[:length]))
        elif first < 64:
            if self._dtls is not None:
                self._dtls.receive(bytes(receive_view[:length]))
        elif 128 <= first < 192 and length >= 12:
            if self._srtp is not None:
                self._media(self._srtp, length, now)
            elif len(self._early) < MAX_EARLY_DATAGRAMS:
                self._early.append(bytes(receive_view[:length]))

    def _catch_up(self, srtp: Srtp, now: float) -> None:
        """Process the packets that came with the last handshake message, before the keys were derived."""
        for data in self._early:
            receive_view[: len(data)] = data
            self._media(srtp, len(data), now)
        self._early.clear()

    def _stun(self, checks: IceChecks, data: bytes) -> None:
        if checks.accepts(data):
            self._responded.set()
        elif (response := checks.respond(data)) is not None:
            self._send_plain(response)

    def _media(self, srtp: Srtp, length: int, now: float) -> None:
        if 192 <= receive_view[1] < 224:  # RFC 5761 §4
            if plain := srtp.unprotect_rtcp(length):
                self._receiver.rtcp(bytes(receive_view[:plain]), now)
        elif self._receiver.counts(HEADER.unpack_from(receive_view)[4]):
            self._receiver.count(receive_view, length, now)
        elif plain := srtp.unprotect(length):
            self._receiver.rtp(receive_view, plain, now)
