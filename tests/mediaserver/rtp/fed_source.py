"""A source that is fed packets as the inbox feeds one, and a sink that keeps what it gets."""

from struct import pack

from pylibsrtp import Policy

from mediaserver.rtp.inbound_stream import InboundStream
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue, Source, VideoSource
from mediaserver.transport import peer_path
from mediaserver.transport.peer_path import Counters, PlainInbox, PlainPeerPath
from tests.mediaserver.peer.peer_fixture import CAMERA, VP8
from tests.mediaserver.rtp.loopback_viewer import KEY, loopback, session, srtp


def rtp(
    payload_type: int, sequence: int, ssrc: int, payload: bytes, named: tuple[int, bytes] = (0, b""), first: int = 0x80
) -> bytes:
    number, rid = named
    head = pack("!BBHII", first | 0x10 * bool(rid), payload_type, sequence & 0xFFFF, 3600 * sequence & 0xFFFFFFFF, ssrc)
    extension = pack("!HHBsxx", 0xBEDE, 1, number << 4, rid) if rid else b""
    return head + extension + payload


class KeepingSink:
    """A sink that is no stream, as the compositor's input is; it keeps what it gets."""

    stream = None

    def __init__(self) -> None:
        self.got: list[tuple[object, ...]] = []

    def send(self, source: Source, packets: list[Packet], now: float) -> None:
        self.got += [(p.sequence, p.timestamp, p.marker, p.payload, p.keyframe, p.level, now) for p in packets]


class FedSource:
    """A video source to which an inbox hands what is in step, and the sender of its stream; one packet came before."""

    def __init__(self, codec: str, *, plain: bool) -> None:
        counters, self.flush_queue = Counters(), FlushQueue()
        self._sock, self._sender = loopback(), loopback()
        self._inbox = (PlainInbox if plain else peer_path.Inbox)(counters, Packet)
        path = (PlainPeerPath if plain else peer_path.PeerPath)("owner", counters)
        path.open(srtp())
        self._inbox.route(self._sender.getsockname(), path)
        self._client, self._sequence = session(KEY, Policy.SSRC_ANY_OUTBOUND), 0
        self.source, self.stream = VideoSource("a", codec, self.flush_queue), InboundStream()
        self.source.feed_from(self.stream)
        self.send(b"")
        assert len(self.read()) == 1
        path.register(CAMERA, self.stream)

    def send(self, payload: bytes, first: int = 0x80) -> None:
        """Send a packet with that first byte of its header."""
        data = rtp(VP8, self._sequence, CAMERA, payload, first=first)
        self._sender.sendto(self._client.protect(data), self._sock.getsockname())
        self._sequence += 1

    def read(self) -> list[list[int]]:
        """Return the numbers of packets that the owner must see, which it finds valid."""
        seen = [[packet.sequence for packet in packets] for _, packets, _, _ in self._inbox.read(self._sock, 1.0)]
        self.stream.steady, self.stream.payload_type = True, VP8
        self.stream.highest, self.stream.heard = self._sequence - 1, 1.0
        return seen

    def close(self) -> None:
        for each in (self._sock, self._sender):
            each.close()
