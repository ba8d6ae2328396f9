"""Tests that packets which the inbox takes by itself have the same effect as those that its owner sees, in C as in
Python."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from struct import pack
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylibsrtp import Policy

from mediaserver.audio.voice_relay import PlainVoiceRelay, VoiceRelay
from mediaserver.peer.webrtc import WebRtcPeer
from mediaserver.rtp import inbound_stream, rtcp
from mediaserver.rtp.inbound_stream import ACTIVE_S, MAX_PENDING
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import is_keyframe
from mediaserver.rtp.source import FlushQueue
from mediaserver.sdp.webrtc import parse_offer
from mediaserver.transport import udp_mux, webrtc
from mediaserver.transport.peer_path import PlainInbox, PlainPeerPath
from mediaserver.transport.udp_mux import Port, UdpMux
from tests.mediaserver.offers import CHROMIUM
from tests.mediaserver.peer.peer_fixture import CAMERA, MICROPHONE, OPUS, REPAIRED_RID_ID, RID_ID, RTX, VP8
from tests.mediaserver.rtp.fed_source import FedSource, KeepingSink, rtp
from tests.mediaserver.rtp.loopback_viewer import CERTIFICATE, KEY, Viewer, loopback, session, srtp, waiting

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="nothing was compiled without a compiler")

H264 = 103
KEY_PICTURE, PICTURE, REST = b"\x90\x80\x05\x00", b"\x90\x80\x05\x01", b"\x80\x80\x05"
"""VP8 payloads: the first packet of a key frame and of another picture, and a further packet."""


@needs_compiler
def test_it_was_compiled() -> None:
    assert inbound_stream.InboundStream is not inbound_stream.PlainInboundStream


class Listener:
    """Listens to a microphone while `floor` is open, and keeps what it hears."""

    def __init__(self, relay: PlainVoiceRelay) -> None:
        self.floor = False
        self._relay = relay
        """It is stopped: all packets are heard."""
        self.voices: list[tuple[int, int | None]] = []

    def relay(self, seat: str) -> PlainVoiceRelay | None:
        return self._relay if self.floor else None

    def heard(self, seat: str, packet: Packet, now: float, codec: str = "opus") -> None:
        if self.floor:
            self.voices.append((packet.sequence, packet.level))

    def lip_sync_delay_s(self, seat: str) -> float:
        return 0.0

    def hurry(self) -> None:
        pass

    def changed(self, *_: object) -> None:
        pass


@contextmanager
def plain_transport() -> Iterator[None]:
    """Let peers and ports that are made meanwhile use no compiled loop for reading."""
    with patch.object(udp_mux, "Inbox", PlainInbox), patch.object(webrtc, "PeerPath", PlainPeerPath):
        yield


@contextmanager
def unregistered() -> Iterator[None]:
    """Let no stream be registered: its owner sees every packet."""
    with patch.object(PlainPeerPath, "register", lambda *_: None):
        yield


@dataclass
class World:
    """A peer that sends a camera of two layers and a microphone, and viewers of the layers."""

    mux: UdpMux
    sock: Any = field(default_factory=loopback)
    sender: Any = field(default_factory=loopback)
    flush_queue: FlushQueue = field(default_factory=FlushQueue)
    relay: type[PlainVoiceRelay] = VoiceRelay

    def __post_init__(self) -> None:
        self.listener = Listener(self.relay(Packet))
        port = Port(self.sock, self.mux.counters)
        self.mux._sockets[self.sock] = port
        self.mux.addresses = [port.address]
        self.peer = WebRtcPeer(
            "a",
            parse_offer(CHROMIUM),
            mux=self.mux,
            certificate=CERTIFICATE,
            flush_queue=self.flush_queue,
            listener=self.listener,
        )
        assert self.peer.audio is not None
        self.peer.audio.ssrc = 7  # of its feedback
        transport, address = self.peer.transport, self.sender.getsockname()
        transport._srtp, transport._port, transport.ice.selected = srtp(), port, address
        transport.path.open(transport._srtp)
        self.mux.validate(address, transport)
        self.keepers = {ssrc: KeepingSink() for ssrc in (CAMERA, CAMERA + 1)}
        self.viewers = [Viewer(self.mux, port, plain=plain) for plain in (False, True)]

    def look(self, datagrams: list[bytes], now: float) -> None:
        for data in datagrams:
            self.sender.sendto(data, self.sock.getsockname())
        self.mux.poll(now)
        self.flush_queue.flush(now)

    def do(self, happens: str, now: float) -> None:
        layers = self.peer.camera.layers
        if happens == "follow":
            for viewer in self.viewers:
                viewer.forwarder.follow(layers[0] if layers else None, now)
        if happens == "keep":
            for layer in layers:
                layer.attach(self.keepers[layer.ssrc])
        if happens == "leave":
            for viewer in self.viewers:
                viewer.forwarder.follow(None, now)
            for layer in layers:
                layer.detach(self.keepers[layer.ssrc])
        if happens == "floor":
            self.listener.floor = not self.listener.floor
            self.peer.listen()
        if happens == "tick":
            self.peer.tick(now)
        if happens == "resend":
            for viewer in self.viewers:
                viewer.forwarder.resend([viewer.forwarder.stream.next_sequence - 2 & 0xFFFF], 4e6, 0.05, now)

    def state(self) -> list[object]:
        """Return all that packets change, and what was sent."""
        layers = self.peer.camera.layers
        numbers = [
            (ssrc, each.received, each.highest, each.base, each.cycles)
            for ssrc, each in sorted(self.peer._receive_stats.items())
        ]
        cached = [[packet and packet.sequence for packet in layer._cache.ring] for layer in layers]
        asked = [(layer.ssrc, layer.nack._missing, layer.nack.lost, layer._keyframes._wanted) for layer in layers]
        active = [(layer.ssrc, layer.heard, layer.receive_stats.octets, list(layer._transits)) for layer in layers]
        sent = [waiting(viewer.sock) for viewer in self.viewers]
        counters = self.mux.counters
        return [
            numbers,
            cached,
            asked,
            active,
            sent,
            waiting(self.sender),
            [each.got for each in self.keepers.values()],
            self.peer.due,
            [viewer.state() for viewer in self.viewers],
            self.listener.voices,
            counters,
        ]

    def close(self) -> None:
        for sock in (self.sock, self.sender, *(viewer.sock for viewer in self.viewers)):
            sock.close()


class Camera:
    """Writes the packets of two layers and a microphone; both layers begin just before their numbers wrap."""

    def __init__(self) -> None:
        self.client = session(KEY, Policy.SSRC_ANY_OUTBOUND)
        self.next = {CAMERA: 65533, CAMERA + 1: 65520, MICROPHONE: 65534, CAMERA + 2: 1}
        self.far = {ssrc: self.next[ssrc] - 700 for ssrc in (CAMERA, CAMERA + 1)}
        """The numbers of stray packets: older than any that is valid, and not too old for libsrtp."""
        self.kept: list[bytes] = []

    def write(self, what: str, layer: int) -> list[bytes]:
        ssrc, rid = CAMERA + layer, b"qh"[layer : layer + 1]
        named, number = (RID_ID, rid), self.next[ssrc]
        match what:
            case "key":
                data = self._next(ssrc, KEY_PICTURE, named)
            case "picture":
                data = self._next(ssrc, PICTURE, named) + self._next(ssrc, REST) + self._next(ssrc, REST, (3, b"x"))
            case "hole":
                self.next[ssrc] += 2
                data = self._next(ssrc, REST)
            case "late":
                data = [rtp(VP8, number - 2, ssrc, REST)]
            case "swap":
                data = [*self._next(ssrc, PICTURE), *self._next(ssrc, REST), *self._next(ssrc, REST)]
                data[1:] = data[:0:-1]
            case "far":
                self.far[ssrc] += 1
                data = [rtp(VP8, self.far[ssrc], ssrc, REST)]
            case "restart":
                self.next[ssrc] += 10_000
                data = self._next(ssrc, KEY_PICTURE, named) + self._next(ssrc, REST)
            case "codec":
                data = [rtp(H264, number, ssrc, b"\x41\x9a")]
            case "padding":
                data = [rtp(VP8, number, ssrc, b"\0\0\0\4", first=0xA0)]
                self.next[ssrc] += 1
            case "malformed":
                data = [rtp(VP8, number, ssrc, b"\xbe\xde\xff\xff", first=0x90)]
            case _:
                data = self._next(MICROPHONE, b"\x48abc") + self._next(MICROPHONE, b"")
        protected = [self._protect(each) for each in data]
        self.kept = (self.kept + protected)[-8:]
        return protected

    def report(self, now: float) -> bytes:
        """Return a sender report of the first layer."""
        return self.client.protect_rtcp(rtcp.sender_report(CAMERA, now, 7, 1, 1))

    def _next(self, ssrc: int, payload: bytes, named: tuple[int, bytes] = (0, b"")) -> list[bytes]:
        sequence = self.next[ssrc]
        self.next[ssrc] += 1
        return [rtp(OPUS if ssrc == MICROPHONE else VP8, sequence, ssrc, payload + b"%d" % sequence, named)]

    def repair(self) -> bytes:
        """Return a packet of the first layer that was left out, as a retransmission."""
        self.next[CAMERA + 2] += 1
        payload = pack("!H", self.next[CAMERA] - 2 & 0xFFFF) + REST
        return self._protect(rtp(RTX, self.next[CAMERA + 2], CAMERA + 2, payload, (REPAIRED_RID_ID, b"q")))

    def _protect(self, data: bytes) -> bytes:
        try:
            return self.client.protect(data)
        except Exception:  # libsrtp sends nothing that is too old; then it is a stranger's packet
            return data


sent = st.sampled_from(
    ["picture"] * 8 + ["key", "hole", "late", "swap", "far", "restart", "codec", "padding", "malformed"]
    + ["voice", "voice", "again"]
)  # fmt: skip
looks = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "follow",
                "follow",
                "keep",
                "keep",
                "leave",
                "tick",
                "resend",
                "report",
                "report",
                "floor",
                "repair",
                "repair",
                "",
            ]
        ),
        st.lists(st.tuples(sent, st.sampled_from([0, 0, 1])), max_size=8),
        st.sampled_from([0.02, 0.02, 0.02, ACTIVE_S, 2.0]),
    ),
    min_size=2,
    max_size=12,
)
"""What viewers do, what is sent (what, on which layer), and the seconds until then. Reports and retransmissions, which
their owner always sees, come last: what is in step overtakes those that came with it."""
Looks = list[tuple[str, list[tuple[str, int]], float]]


@needs_compiler
@settings(max_examples=60)
@given(looks)
def test_a_packet_in_step_has_the_effect_that_it_has_when_its_owner_sees_it(history: Looks) -> None:
    asyncio.run(_compare(history))


async def _compare(history: Looks) -> None:
    compiled = World(UdpMux())
    with plain_transport():
        plain = World(UdpMux(), relay=PlainVoiceRelay)
        seen = World(UdpMux(), relay=PlainVoiceRelay)
    worlds, camera, now = [compiled, plain, seen], Camera(), 100.0
    for happens, packets, later in [("", [("key", 0), ("key", 1), ("voice", 0)], 0.0), *history]:
        now += later
        datagrams = []
        for what, layer in packets:
            datagrams += camera.kept[-3:] if what == "again" else camera.write(what, layer)
        if happens == "report":
            datagrams.append(camera.report(now))
        if happens == "repair":
            datagrams.append(camera.repair())
        for world in worlds:
            world.do(happens, now)
        compiled.look(datagrams, now)
        plain.look(datagrams, now)
        with unregistered():
            seen.look(datagrams, now)
        states = [world.state() for world in worlds]
        assert states[0] == states[1]
        assert states[1] == states[2]
    for world in worlds:
        world.close()


payloads = st.one_of(
    st.binary(max_size=8),
    st.builds(
        lambda head, rest: bytes(head) + rest,
        st.lists(
            st.sampled_from([0x10, 0x90, 0x80, 0x70, 0x18, 0x05, 0x65, 0x67, 0x7C, 0x85, 0x87, 1, 2, 0]), max_size=6
        ),
        st.binary(max_size=3),
    ),
    st.builds(
        lambda nals: b"\x78" + b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals),
        st.lists(st.sampled_from([b"\x67\x42", b"\x65\x80", b"\x65\x00\x01", b"\x68\xce", b"\x06", b""]), max_size=3),
    ),
)


@needs_compiler
@given(st.sampled_from(["VP8", "H264"]), st.lists(payloads, max_size=20))
def test_the_owner_sees_each_key_frame_and_no_other_picture(codec: str, sent: list[bytes]) -> None:
    fed, seen = FedSource(codec, plain=False), []
    for payload in sent:
        fed.send(payload)
        seen.append(bool(fed.read()))
    assert seen == [is_keyframe(codec, payload) for payload in sent]
    assert fed.flush_queue == []
    fed.close()


@pytest.mark.parametrize("plain", [False, True])
@needs_compiler
def test_the_owner_sees_a_flood_between_two_looks(plain: bool) -> None:
    """It drops the oldest."""
    fed = FedSource("VP8", plain=plain)
    fed.source.attach(KeepingSink())
    for _ in range(MAX_PENDING + 2):
        fed.send(REST)
    assert fed.read() == [[MAX_PENDING + 1, MAX_PENDING + 2]]
    assert (fed.stream.received, fed.flush_queue) == (MAX_PENDING, [fed.stream])
    fed.close()
