"""A viewer on loopback: what a forwarder sends to it is read from its socket."""

import socket

from pylibsrtp import Policy, Session

from mediaserver.peer.forwarder import Forwarder
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue
from mediaserver.transport.dtls import make_certificate
from mediaserver.transport.srtp import Srtp
from mediaserver.transport.udp_mux import Port, UdpMux
from mediaserver.transport.webrtc import WebRtcTransport

KEY, OTHER = bytes(range(30)), bytes(range(50, 80))
CERTIFICATE = make_certificate()


def session(key: bytes, direction: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=Policy.SRTP_PROFILE_AES128_CM_SHA1_80)
    policy.allow_repeat_tx = True
    policy.window_size = 1024
    return Session(policy=policy)


def srtp() -> Srtp:
    """Return a server's SRTP: it opens what a client protects with `KEY` and protects with `OTHER`."""
    return Srtp(session(OTHER, Policy.SSRC_ANY_OUTBOUND), session(KEY, Policy.SSRC_ANY_INBOUND))


def loopback() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    return sock


def waiting(sock: socket.socket) -> list[bytes]:
    got = []
    while True:
        try:
            got.append(sock.recv(1 << 16))
        except BlockingIOError:
            return got


class IgnoringReceiver:
    """A receiver that ignores everything."""

    def rtp(self, packets: list[Packet], extensions: dict[int, bytes], now: float) -> None:
        pass

    def rtcp(self, data: bytes, now: float) -> None:
        pass

    def responded(self, round_trip: float, now: float) -> None:
        pass


class Viewer:
    """A peer with a forwarder, after its handshake; `plain` ones are never served by the compiled loop."""

    def __init__(
        self, mux: UdpMux, port: Port, *, plain: bool, send_time: int = 0, flush_queue: FlushQueue | None = None
    ) -> None:
        self.sock = loopback()
        self.transport = WebRtcTransport(mux, CERTIFICATE, "them", "", [], IgnoringReceiver(), lambda *_: None)
        self.transport.ice.selected = self.sock.getsockname()
        self.transport._port, self.transport._srtp = port, srtp()
        if not plain:
            self.transport.path.open(self.transport._srtp)
            port.aim(self.transport.path, self.sock.getsockname())
        self.forwarder = Forwarder(
            {"VP8": 96, "H264": 102, "opus": 111}, 90000, self.transport, send_time, flush_queue=flush_queue
        )
        self.beside = Forwarder({"VP8": 96, "H264": 102}, 90000, self.transport, send_time, flush_queue=flush_queue)
        self.beside.ssrc = self.beside.stream.ssrc = 8
        self.beside.stream.next_sequence, self.beside.stream.last_timestamp = 100, 5
        self.forwarder.ssrc = self.forwarder.stream.ssrc = 7
        self.forwarder.stream.next_sequence, self.forwarder.stream.last_timestamp = 65530, 1 << 31

    def state(self) -> tuple[object, ...]:
        stream, path = self.forwarder.stream, self.transport.path
        return (
            stream.next_sequence, stream.sent, stream.last_timestamp, stream.last_time, stream.newest, stream.packets,
            stream.octets, stream.pictures, self.beside.stream.packets,
            stream.sequence_offset, stream.timestamp_offset, path.level, path.level_time, path.waiting,
            stream.moving, stream.picture_offset, stream.tl0_offset, stream.last_picture, stream.last_tl0,
            stream.layer_limit, stream.layer_forwarded, stream.layer_seen, stream.left_out, list(stream.runs),
            stream.run_begin,
        )  # fmt: skip
