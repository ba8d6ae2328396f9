"""RTP for room systems (RFC 3550): an even port for RTP and the odd one above it for RTCP, for each m-line. Plain, or
SRTP under keys of the SDP or of DTLS.

Media goes to the address in the SDP until something comes from that host, then to the sender's port (symmetric RTP, RFC
4961). It never leaves a port that still sends, but for the one in the SDP. It goes to another host, once in each
description of the peer, where that is one of `media_hosts` and nothing comes from the SDP's (latching, RFC 7362 §5);
packets from any other host are dropped, and told. Sockets are polled with the engine's, never waited for.
"""

import logging
import random
import socket
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from aiortc.rtcdtlstransport import RTCCertificate

from mediaserver.errors import NoPortFree
from mediaserver.rtp.packet import HEADER, Packet, parse
from mediaserver.rtp.srtp_key import SrtpKey
from mediaserver.throttled_log import ThrottledLog
from mediaserver.transport import receive_time
from mediaserver.transport.dscp import Dscp, mark
from mediaserver.transport.dtls import Certificate, DtlsRole, make_certificate
from mediaserver.transport.dtls_ports import FIRST_BYTES, DtlsPorts
from mediaserver.transport.floor_port import FloorPort, Receive, TcpFloorPort, UdpFloorPort
from mediaserver.transport.ice import Address
from mediaserver.transport.peer_path import MAX_SSRCS, Counters, PeerPath
from mediaserver.transport.sdes import SdesSessions
from mediaserver.transport.socket_buffer import RECEIVE, widen
from mediaserver.transport.srtp import Outgoing, Srtp, receive_view
from mediaserver.transport.state import Changed, Stateful
from mediaserver.transport.udp_mux import Port

logger = logging.getLogger(__name__)
T = TypeVar("T")

MAX_READ = 256
"""Datagrams read per poll of a socket: several key frames, and no flood holds the others up."""
RECEIVE_BUFFER_BYTES = 1 << 20
"""A room system sends the key frame of a slide at once: 150 packets and more, each in a record of twice its size. The
kernel's usual 208 kB hold ninety of them, and then no key frame ever comes whole."""
SILENCE_S = 25.0
"""Seconds of silence after which a room system is gone: five intervals of RTCP (RFC 3550 §6.3.5). With its microphone
muted and its camera covered, it may send nothing but a report every five seconds, and some of those get lost. Its tile
is empty after 1.5 s anyway."""
MAX_ELSEWHERE = 8
"""Hosts noted of one m-line from which RTP was dropped: more are a flood."""
TAKEOVER_S = 2.0
"""Seconds of silence after which media goes to another port of the host that sends."""
HELD_SILENCE_S = 3600.0
"""The same of a room system that is on hold, which need not even send reports. Its session timer ends the call sooner
if it is gone (RFC 4028)."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """RTP came from another host than the expected one: `taken`, or dropped."""

    host: str
    expected: str
    taken: bool


class Receiver(Protocol):
    """Takes the packets of one m-line. Must not raise."""

    def rtp(self, packet: Packet, now: float) -> None:
        """Take one RTP packet."""

    def rtcp(self, data: bytes, now: float) -> None:
        """Take one RTCP compound packet."""

    def latched(self, now: float) -> None:
        """Take that its peer is expected at another host from now on, to which nothing was sent so far."""


class PlainPorts:
    """The ports for room systems, `numbers` of them. Several workers may share a range: the one that binds a port has
    it."""

    def __init__(
        self,
        numbers: range,
        counters: Counters,
        dscp: Dscp | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        self.dscp = dscp or Dscp()
        self.certificate = certificate or make_certificate()
        self._even = [number for number in numbers if not number % 2 and number + 1 in numbers]
        self.counters = counters
        self._next = random.randrange(len(self._even)) if self._even else 0
        self.port_pairs: list[RtpPortPair] = []
        self.floor_ports: list[FloorPort] = []
        self._throttled_log = ThrottledLog(logger)

    def open(self, host: str, receiver: Receiver, dscp: int = 0) -> "RtpPortPair":
        """Bind the port pair of an m-line, of the free ones the pair unused for longest, and mark what it sends.

        Raises NoPortFree.
        """
        sockets = self._first_free(host, lambda number: _pair(host, number, dscp))
        pair = RtpPortPair(sockets, self.counters, receiver, self.port_pairs.remove)
        self.port_pairs.append(pair)
        return pair

    def open_floor(
        self, host: str, receive: Receive, *, reliable: bool, passive: bool, encrypted: bool = False
    ) -> FloorPort:
        """Bind a port for floor control, by TCP where `reliable`, and by TLS where `encrypted`. Raises NoPortFree."""
        context = self.certificate.tls_context if encrypted else None
        closed, dscp = self.floor_ports.remove, self.dscp.signalling

        def bind(number: int) -> FloorPort:
            if reliable:
                return TcpFloorPort(host, number, receive, closed, dscp, passive=passive, context=context)
            return UdpFloorPort(host, number, receive, closed, dscp)

        port = self._first_free(host, bind)
        self.floor_ports.append(port)
        return port

    def _first_free(self, host: str, bind: Callable[[int], T]) -> T:
        """Bind the even number unused for longest that is free. Raises NoPortFree."""
        for _ in self._even:
            number = self._even[self._next]
            self._next = (self._next + 1) % len(self._even)
            try:
                return bind(number)
            except OSError as exc:
                logger.debug("- ports %d and %d of %s are taken: %s", number, number + 1, host, exc)
        raise NoPortFree(host)

    def poll(self, now: float) -> None:
        """Read what waits in the sockets."""
        for pair in tuple(self.port_pairs):
            try:
                pair.poll(now)
            except Exception:  # one packet's fault, ours or its sender's, must not make the others deaf
                self._throttled_log.caught("x datagram on port %d", pair.port)
        for port in tuple(self.floor_ports):
            try:
                port.poll()
            except Exception:
                self._throttled_log.caught("x floor control on port %d", port.port)


def _pair(host: str, number: int, dscp: int) -> tuple[socket.socket, socket.socket]:
    first = _bind(host, number, dscp)
    try:
        return first, _bind(host, number + 1, dscp)
    except OSError:
        first.close()
        raise


def _bind(host: str, number: int, dscp: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        receive_time.note(sock)
        widen(sock, RECEIVE, RECEIVE_BUFFER_BYTES)
        mark(sock, dscp)
        sock.bind((host, number))
    except OSError:
        sock.close()
        raise
    return sock


def local_address(hosts: Sequence[str], remote: str) -> str:
    """Return that of our addresses from which the route to `remote` leaves; where it leaves from none, the first of
    its kind (IPv4 or IPv6), or the first of all."""
    if not remote:
        return hosts[0]
    with socket.socket(socket.AF_INET6 if ":" in remote else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((remote, 9))  # of UDP this sends nothing
            found = str(probe.getsockname()[0])
        except OSError:
            found = ""
    return found if found in hosts else next((host for host in hosts if (":" in host) == (":" in remote)), hosts[0])


class RtpPortPair:
    """The RTP and RTCP sockets of one m-line, with their destination and their receiver."""

    def __init__(
        self,
        pair: tuple[socket.socket, socket.socket],
        counters: Counters,
        receiver: Receiver,
        closed: "Callable[[RtpPortPair], None]",
    ) -> None:
        self._rtp, self._rtcp = (Port(each, counters) for each in pair)
        self._counters = counters
        self._receiver = receiver
        self._closed = closed
        self.port: int = self._rtp.address[1]
        self.path = PeerPath(self, counters)
        """A path that is never opened, so that the fast loop leaves its packets to :meth:`send`; it notes the time of
        the last packet."""
        self._sdes = SdesSessions()
        self._srtp: Srtp | None = None
        """Protects the packets both ways under keys of the SDP; None: they have none."""
        self._dtls: DtlsPorts | None = None
        """Agrees on the keys on the ports themselves; None: it does not."""
        self._dtls_with: tuple[DtlsRole, tuple[tuple[str, str], ...]] | None = None
        """Our role and the fingerprints of the peer in it."""
        self._ssrcs: set[bytes] = set()
        """SSRCs under which packets could be decrypted, as many as a path admits."""
        self._host = ""
        self.source: Address | None = None
        """Where the newest RTP came from that was taken."""
        self._named: list[Address | None] = [None, None]
        """Destinations of RTP and RTCP as the peer named them."""
        self._aims: list[Address | None] = [None, None]
        """Destinations of RTP and RTCP."""
        self._aims_heard = [-TAKEOVER_S, -TAKEOVER_S]
        """When something came from each destination last, in seconds."""
        self.media_hosts: Collection[str] = ()
        """Hosts beside that of the SDP from which media may come."""
        self._latched = False
        self._host_heard = -TAKEOVER_S
        """When something came from the expected host last, in seconds."""
        self.elsewhere: list[Elsewhere] = []
        """RTP from other hosts, each once; only the first ones where there are many."""
        self.elsewhere_heard = -SILENCE_S
        """When it came, in seconds."""

    def aim(self, host: str, port: int, rtcp_port: int, now: float) -> None:
        """Accept media from `host` alone, and send to these ports there until its real ones are known. Called with what
        it was called with before, it leaves those; the media may move to another host again."""
        self._latched = False
        named: list[Address | None] = [(host, port), (host, rtcp_port)] if host else [None, None]
        if named != self._named:
            moved = self._named[0] is not None  # its old port may send for a moment
            self._host, self._named, self._aims = host, named, [*named]
            self._host_heard = now if moved else now - TAKEOVER_S
            self._aims_heard = [self._host_heard] * 2
        self.path.heard = now

    def secure(self, sent: SrtpKey, received: SrtpKey) -> None:
        """Send under one key and take what was sent under the other, from now on."""
        self._end_dtls()
        self._srtp = self._sdes.under(sent, received)

    def associate(self, certificate: RTCCertificate, role: DtlsRole, fingerprints: tuple[tuple[str, str], ...]) -> None:
        """Agree on keys by DTLS with a peer whose certificate has these fingerprints, and send and take what is
        protected by them, nothing before. An association with the same peer goes on."""
        if self._dtls_with != (role, fingerprints):
            self._end_dtls()
            self._srtp, self._dtls_with = None, (role, fingerprints)
            self._dtls = DtlsPorts(certificate, role, fingerprints, self._send_records)

    def _send_records(self, number: int, data: bytes) -> None:
        self._to(number, (self._rtp, self._rtcp)[number], data)

    def _end_dtls(self) -> None:
        if self._dtls is not None:
            self._dtls.close()
        self._dtls, self._dtls_with = None, None

    def _protection(self, number: int) -> Srtp | None:
        """Return what protects the packets of a port; None: they are plain, or there are no keys yet."""
        return self._srtp if self._dtls is None else self._dtls.srtp[number]

    def unsecure(self) -> None:
        """Send and take plain packets from now on."""
        self._end_dtls()
        self._srtp = None

    @property
    def named(self) -> Address | None:
        """Return where the peer wants its RTP; None where it takes none."""
        return self._named[0]

    @property
    def by_dtls(self) -> bool:
        """Return whether RTP goes under keys that DTLS has agreed on."""
        return self._dtls is not None and self._dtls.srtp[0] is not None

    @property
    def sends(self) -> bool:
        """Return whether RTP goes anywhere: the peer named where, and the keys are known where there are any."""
        return self._aims[0] is not None and (self._dtls is None or self.by_dtls)

    @property
    def heard(self) -> float:
        """Return the time in seconds of the last packet from there."""
        return float(self.path.heard)

    def poll(self, now: float) -> None:
        """Read what waits in the sockets."""
        for number, port in enumerate((self._rtp, self._rtcp)):
            for _ in range(MAX_READ):
                try:
                    length, address, received_at = receive_time.receive(port.socket, now)
                except OSError:
                    break
                self._counters.packets_in += 1
                self._counters.bytes_in += length
                self._take(number, length, address, received_at)

    def _take(self, number: int, length: int, address: Address, now: float) -> None:
        if address[0] != self._host and not self._may_come(number, length, address, now):
            self._counters.strangers += 1
            return
        if self._dtls is not None and self._is_record(length):
            if address[0] == self._host:
                self._follow(number, address, now)
            else:
                self._aims[number] = address  # it is answered there; what moves is what proves to have the keys
            self._dtls.receive(number, bytes(receive_view[:length]))
            return
        srtp = self._protection(number)
        if (srtp is None and self._dtls is not None) or (
            srtp is not None and not (length := self._decrypt(srtp, number, length))
        ):
            self._counters.undecryptable += 1
            return
        if number:
            self._receiver.rtcp(bytes(receive_view[:length]), now)
        else:
            try:
                packet, _ = parse(receive_view, length)
            except ValueError:
                self._counters.malformed += 1
                return
            if address[0] != self._host:
                self._latch(address, now)
            self.source = address
            self._receiver.rtp(packet, now)
        self._follow(number, address, now)
        self.path.heard = self._host_heard = now

    def _is_record(self, length: int) -> bool:
        return length > 0 and receive_view[0] in FIRST_BYTES

    def _may_come(self, number: int, length: int, address: Address, now: float) -> bool:
        """Return whether RTP, or a handshake, from another host may be taken; note that it came."""
        is_rtp = not number and length >= HEADER.size and receive_view[0] >> 6 == 2
        is_handshake = self._dtls is not None and self._is_record(length)
        if not self._host or not (is_rtp or is_handshake):
            return False  # neither, or a peer that sends and takes nothing
        self.elsewhere_heard = now
        if address[0] in self.media_hosts and not self._latched and now - self._host_heard >= TAKEOVER_S:
            return True
        self._note(Elsewhere(address[0], self._host, taken=False))
        return False

    def _note(self, found: Elsewhere) -> None:
        if found not in self.elsewhere and (found.taken or len(self.elsewhere) < MAX_ELSEWHERE):
            self.elsewhere.append(found)

    def _latch(self, address: Address, now: float) -> None:
        """Expect the peer at another host, and send there, from now on."""
        self._note(Elsewhere(address[0], self._host, taken=True))
        self._latched, self._host = True, address[0]
        self._aims, self._aims_heard = [address, (address[0], address[1] + 1)], [now - TAKEOVER_S] * 2
        self._receiver.latched(now)

    def _decrypt(self, srtp: Srtp, number: int, length: int) -> int:
        """Decrypt the packet in `receive_view`; return its plain length in bytes, 0 for one that is not from there."""
        ssrc = bytes(receive_view[4:8] if number else receive_view[8:12])
        if length < 12 or (ssrc not in self._ssrcs and len(self._ssrcs) >= MAX_SSRCS):
            return 0
        plain = srtp.unprotect_rtcp(length) if number else srtp.unprotect(length)
        if plain:
            self._ssrcs.add(ssrc)
        return plain

    def _follow(self, number: int, address: Address, now: float) -> None:
        """Send to where a packet came from, unless another port of that host sends, too."""
        silent = now - self._aims_heard[number] >= TAKEOVER_S
        if silent or address in (self._aims[number], self._named[number]):
            self._aims[number], self._aims_heard[number] = address, now

    def send(self, packets: Iterable[Outgoing], send_time: int = 0) -> None:
        """Send packets without header extensions: room systems know none."""
        for second, sequence, timestamp, ssrc, payload in packets:
            self.send_packet(HEADER.pack(0x80, second, sequence, timestamp, ssrc) + payload)

    def send_packet(self, packet: bytes) -> None:
        """Send one whole RTP packet."""
        srtp = self._protection(0)
        if srtp is not None or self._dtls is None:
            self._to(0, self._rtp, packet if srtp is None else srtp.protect(packet))

    def send_rtcp(self, packet: bytes) -> None:
        """Send one RTCP compound packet."""
        srtp = self._protection(1)
        if srtp is not None or self._dtls is None:
            self._to(1, self._rtcp, packet if srtp is None else srtp.protect_rtcp(packet))

    def _to(self, number: int, port: Port, data: bytes | memoryview) -> None:
        address = self._aims[number]
        if address is not None and data:
            port.send(data, address)

    def close(self) -> None:
        """Release the ports."""
        self._closed(self)
        self._end_dtls()
        self._aims = [None, None]
        self._host = ""
        self.path.close()
        for port in (self._rtp, self._rtcp):
            port.socket.close()


class PlainTransport(Stateful):
    """All m-lines of one room system; `changed` is called with (state, reason) on each step."""

    def __init__(self, changed: Changed) -> None:
        super().__init__(changed)
        self.port_pairs: list[RtpPortPair] = []

    def connect(self) -> None:
        """Connect: both sides know where to send."""
        self._set_state("connected", "")

    @property
    def by_dtls(self) -> bool:
        """Return whether the RTP of all m-lines goes under keys that DTLS has agreed on."""
        return bool(self.port_pairs) and all(pair.by_dtls for pair in self.port_pairs)

    def check(self, now: float, silence_s: float) -> None:
        """Close when the peer has been silent for longer than `silence_s` on all its m-lines.

        One whose media come from a host that is not allowed is there: a new call would change nothing.
        """
        heard = (max(pair.heard, pair.elsewhere_heard) for pair in self.port_pairs)
        if self.state == "connected" and all(now - each > silence_s for each in heard):
            self._set_state("closed", "silent")

    def close(self) -> None:
        """Release all ports, without calling `changed`."""
        self._close()
        port_pairs, self.port_pairs = self.port_pairs, []
        for pair in port_pairs:
            pair.close()
