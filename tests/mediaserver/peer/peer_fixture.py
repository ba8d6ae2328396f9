"""A browser's peer that is fed with packets directly, without a network."""

from struct import pack

from mediaserver.audio.voice_relay import VoiceRelay
from mediaserver.peer.webrtc import WebRtcPeer
from mediaserver.rtp.packet import HEADER, Packet, parse
from mediaserver.rtp.payload import packetize_vp8
from mediaserver.rtp.source import FlushQueue, Source
from mediaserver.sdp.webrtc import parse_offer
from mediaserver.transport.state import State
from mediaserver.transport.udp_mux import UdpMux
from tests.mediaserver.meeting import CERTIFICATE
from tests.mediaserver.offers import CHROMIUM

VP8, RTX, OPUS, RED = 96, 97, 111, 63
RID_ID, REPAIRED_RID_ID = 10, 11
CAMERA, REPAIRS, MICROPHONE = 1001, 2001, 5


class ListenerFake:
    """A listener of a peer that keeps the packets of its microphone."""

    def __init__(self) -> None:
        self.heard_packets: list[Packet] = []
        self.voice_relay: VoiceRelay | None = None

    def heard(self, seat: str, packet: Packet, now: float, codec: str = "opus") -> None:
        self.heard_packets.append(packet)

    def relay(self, seat: str) -> VoiceRelay | None:
        return self.voice_relay

    def lip_sync_delay_s(self, seat: str) -> float:
        return 0.1 if seat == "b" else 0.0

    def hurry(self) -> None:
        """Do nothing: no room ticks."""

    def changed(self, seat: str, state: State, reason: str) -> None:
        raise AssertionError("nothing connects here")


class Viewer:
    """A sink of one layer that keeps the sequence numbers it is sent."""

    stream = None

    def __init__(self) -> None:
        self.seen: list[int] = []

    def send(self, source: Source, packets: list[Packet], now: float) -> None:
        self.seen += [packet.sequence for packet in packets]


class PeerFixture:
    """A peer and a viewer of its first layer; packets are sent without a network."""

    def __init__(self, mux: UdpMux, offer: str = CHROMIUM) -> None:
        self.flush_queue, self.listener = FlushQueue(), ListenerFake()
        self.peer = WebRtcPeer(
            "a",
            parse_offer(offer),
            mux=mux,
            certificate=CERTIFICATE,
            flush_queue=self.flush_queue,
            listener=self.listener,
        )
        self.viewer = Viewer()
        self.now = 0.0

    def _packet(self, payload_type: int, sequence: int, ssrc: int, payload: bytes, named: tuple[int, str]) -> None:
        number, rid = named
        head = HEADER.pack(0x90 if rid else 0x80, payload_type, sequence & 0xFFFF, 0, ssrc)
        extension = pack("!HHBsxx", 0xBEDE, 1, number << 4, rid.encode()) if rid else b""
        data = head + extension + payload
        self.now += 0.01
        packet, extensions = parse(data, len(data))
        self.peer.rtp([packet], extensions, self.now)
        self.flush_queue.flush(self.now)

    def send(self, sequence: int, *, ssrc: int = CAMERA, rid: str = "") -> None:
        """Send one picture of one packet."""
        self._packet(VP8, sequence, ssrc, packetize_vp8(b"picture", sequence & 0x7FFF)[0], (RID_ID, rid))

    def speak(self, sequence: int, payload: bytes = b"\x48abc", payload_type: int = OPUS) -> None:
        """Send one packet of a microphone."""
        self._packet(payload_type, sequence, MICROPHONE, payload, (RID_ID, ""))

    def repair(self, sequence: int, at: int, *, ssrc: int = REPAIRS, rid: str = "") -> None:
        """Send the same picture as a retransmission, whose own sequence number is `at`."""
        payload = pack("!H", sequence) + packetize_vp8(b"picture", sequence & 0x7FFF)[0]
        self._packet(RTX, at, ssrc, payload, (REPAIRED_RID_ID, rid))

    def poll(self) -> list[int]:
        """Attach the viewer to the newest layer; return its list of sequence numbers, which goes on growing."""
        self.peer.camera.layers[-1].attach(self.viewer)
        return self.viewer.seen
