"""An endpoint against the server's own transport, over loopback.

Also tests `decoder.py` and `transport.py`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import cast

import pytest

from loadtest.endpoint.decoder import Decoder
from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.participant import Participant
from loadtest.endpoint.receive_counters import HEADER
from loadtest.endpoint.rtcp import ResendRequest, RtcpRequest, keyframe_request, parse_requests
from loadtest.endpoint.sdp_offer import H264, OPUS, OfferOptions
from loadtest.endpoint.sender import PICTURE_STEP
from loadtest.endpoint.transport import TransportFailed
from loadtest.media.clip import Clip, Material
from loadtest.media.picture import KEY_EVERY, Card, clips, colour
from loadtest.media.tone import encode_tone
from loadtest.server.rest_client import Client
from mediaserver.audio.opus import silence
from mediaserver.rtp.nack import RETRY_S
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import is_keyframe
from mediaserver.rtp.rtcp import nack
from mediaserver.sdp.webrtc import Local, Offer, parse_offer, write_answer
from mediaserver.transport.dtls import fingerprint, make_certificate
from mediaserver.transport.srtp import Outgoing
from mediaserver.transport.udp_mux import UdpMux
from mediaserver.transport.webrtc import WebRtcTransport
from mediaserver.worker.ticker import Ticker

CERTIFICATE = make_certificate()


class ServerTransport:
    """The server's transport of one peer, and everything it received."""

    def __init__(self) -> None:
        self.mux = UdpMux()
        self.mux.open(["127.0.0.1"], 0)
        self.ticker = Ticker(5, lambda: self.mux.poll(time.monotonic()))
        self.ticker.start()
        self.transport: WebRtcTransport | None = None
        self.offer: Offer | None = None
        self.states: list[tuple[str, str]] = []
        self.packets: list[tuple[Packet, dict[int, bytes]]] = []
        self.requests: list[RtcpRequest] = []
        self.greeting: list[bytes] = []
        self._news = asyncio.Event()

    def answer(self, offer: str) -> str:
        self.offer = parse_offer(offer)
        self.transport = WebRtcTransport(
            self.mux,
            CERTIFICATE,
            self.offer.fragment,
            self.offer.password,
            list(self.offer.fingerprints),
            self,
            self.changed,
        )
        ice = self.transport.ice
        local = Local(ice.fragment, ice.password, fingerprint(CERTIFICATE), tuple(self.mux.addresses), {"0": 1, "2": 2})
        return write_answer(self.offer, local, ("H264", "VP8"))

    def rtp(self, packets: list[Packet], extensions: dict[int, bytes], now: float) -> None:
        self.packets += [(packets[0], extensions), *((packet, {}) for packet in packets[1:])]
        self._news.set()

    def rtcp(self, data: bytes, now: float) -> None:
        self.requests += parse_requests(data)
        self._news.set()

    def responded(self, round_trip: float, now: float) -> None:
        """Ignore round trips: this test sends no binding requests of the server's own."""

    def changed(self, state: str, reason: str) -> None:
        self.states.append((state, reason))
        self._news.set()
        if state == "connected" and self.transport is not None:
            for packet in self.greeting:
                self.transport.send_packet(packet)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def video(self, rid: bytes) -> int:
        return next((p.ssrc for p, extensions in self.packets if extensions.get(10) == rid), 0)


@pytest.fixture
async def server() -> AsyncIterator[ServerTransport]:
    running = ServerTransport()
    yield running
    if running.transport is not None:
        await running.transport.close()
    running.ticker.stop()
    running.mux.close()


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clip, ...]:
    return clips(Card("Xã Diên Lạc", 4), "H264", 3, tmp_path_factory.mktemp("clips"))


@pytest.fixture
def material(camera: tuple[Clip, ...]) -> Material:
    return Material(encode_tone(440), lambda _codec, layers: camera[:layers])


MakeEndpoint = Callable[..., Endpoint]


@pytest.fixture
async def make_endpoint(material: Material) -> AsyncIterator[MakeEndpoint]:
    """Yield a function that makes endpoints; close them at the end."""
    made: list[Endpoint] = []

    def make(options: OfferOptions, decode: Decoder | None = None) -> Endpoint:
        made.append(Endpoint(make_certificate(), material, options, decode))
        return made[-1]

    yield make
    for endpoint in made:
        await endpoint.close()


async def connected(server: ServerTransport, endpoint: Endpoint) -> WebRtcTransport:
    await endpoint.connect(server.answer(endpoint.offer()))
    assert server.transport is not None
    await server.until(lambda: ("connected", "") in server.states)
    return server.transport


async def test_packets_right_behind_the_handshake_are_not_lost(
    server: ServerTransport, make_endpoint: MakeEndpoint
) -> None:
    endpoint = make_endpoint(OfferOptions())
    server.greeting = [HEADER.pack(0x80, OPUS, n, n * 960, 7) + silence() for n in range(40)]
    await connected(server, endpoint)
    async with asyncio.timeout(20):
        while 7 not in endpoint.counters.streams or endpoint.counters.streams[7].highest < 39:
            await asyncio.sleep(0.01)
    assert (endpoint.counters.streams[7].packets, endpoint.counters.streams[7].lost) == (40, 0)


async def test_microphone_and_three_layers_arrive(server: ServerTransport, make_endpoint: MakeEndpoint) -> None:
    endpoint = make_endpoint(OfferOptions())
    await connected(server, endpoint)
    await server.until(lambda: all(server.video(rid) for rid in (b"q", b"h", b"f")))
    mic = endpoint._ssrcs.mic
    await server.until(lambda: any(p.ssrc == mic for p, _ in server.packets))
    first = {p.ssrc: p for p, _ in reversed(server.packets)}
    assert {p.payload_type for p in first.values()} == {OPUS, H264}
    assert set(first) == {mic, *endpoint._ssrcs.camera}
    assert all(is_keyframe("H264", first[ssrc].payload) for ssrc in endpoint._ssrcs.camera)


@pytest.mark.parametrize(("layers", "wanted"), [(1, 3), (3, 1)])
async def test_paused_layers_send_nothing_and_the_others_go_on(
    server: ServerTransport, make_endpoint: MakeEndpoint, layers: int, wanted: int
) -> None:
    endpoint = make_endpoint(OfferOptions())
    await connected(server, endpoint)
    await server.until(lambda: all(server.video(rid) for rid in (b"q", b"h", b"f")))
    lowest, *others = endpoint._ssrcs.camera
    endpoint.sending.layers, endpoint.sending.wanted = layers, wanted

    async def of_the_lowest(count: int) -> None:
        server.packets.clear()
        await server.until(lambda: sum(p.ssrc == lowest for p, _ in server.packets) >= count)

    await of_the_lowest(3)  # what was on its way has come
    await of_the_lowest(10)
    assert not {p.ssrc for p, _ in server.packets} & set(others)


@pytest.mark.parametrize(("lines", "layers"), [(180, 1), (360, 2), (720, 3)])
def test_layers_that_nobody_views_are_paused(make_endpoint: MakeEndpoint, lines: int, layers: int) -> None:
    participant = Participant(cast("Client", None), lambda: make_endpoint(OfferOptions()))
    participant.endpoint = make_endpoint(OfferOptions())
    participant._take({"type": "wanted", "lines": lines})
    assert participant.endpoint.sending.wanted == layers


async def test_a_key_frame_comes_when_asked_for(server: ServerTransport, make_endpoint: MakeEndpoint) -> None:
    endpoint = make_endpoint(OfferOptions(layers=1))
    transport = await connected(server, endpoint)
    ssrc = endpoint._ssrcs.camera[0]

    def pictures() -> list[Packet]:
        return [p for p, _ in server.packets if p.ssrc == ssrc]

    await server.until(lambda: len({p.timestamp for p in pictures()}) > 3)
    seen = len(pictures())
    transport.send_rtcp(keyframe_request(1, ssrc))
    await server.until(lambda: any(is_keyframe("H264", p.payload) for p in pictures()[seen:]))
    stamps = list(dict.fromkeys(p.timestamp for p in pictures() if is_keyframe("H264", p.payload)))
    assert (stamps[1] - stamps[0]) & 0xFFFFFFFF < KEY_EVERY * PICTURE_STEP


async def test_a_screen_is_shared_with_key_frames_on_request_until_that_ends_and_again(
    server: ServerTransport, make_endpoint: MakeEndpoint, camera: tuple[Clip, ...]
) -> None:
    endpoint = make_endpoint(OfferOptions(layers=1, screen=True))
    transport = await connected(server, endpoint)
    ssrc = endpoint._ssrcs.screen

    def keyframes() -> set[int]:
        screen = (p for p, _ in server.packets if p.ssrc == ssrc)
        return {p.timestamp for p in screen if is_keyframe("H264", p.payload)}

    endpoint.share(camera[0])
    await server.until(lambda: len(keyframes()) == 1)
    transport.send_rtcp(keyframe_request(1, ssrc))
    await server.until(lambda: len(keyframes()) == 2)
    endpoint.share(None)

    def later() -> int:
        return next(at for at, (p, _) in enumerate(reversed(server.packets)) if p.ssrc == ssrc)

    await server.until(lambda: later() > 20)  # of the camera and the microphone
    last = next(p for p, _ in reversed(server.packets) if p.ssrc == ssrc)
    server.packets.clear()
    endpoint.share(camera[0])
    await server.until(lambda: any(p.ssrc == ssrc for p, _ in server.packets))
    again = next(p for p, _ in server.packets if p.ssrc == ssrc)
    assert again.sequence == (last.sequence + 1) & 0xFFFF  # SRTP takes no number twice
    assert 0 < (again.timestamp - last.timestamp) & 0xFFFFFFFF < 10 * 90_000


async def test_a_lost_packet_is_sent_again(server: ServerTransport, make_endpoint: MakeEndpoint) -> None:
    endpoint = make_endpoint(OfferOptions(layers=1))
    transport = await connected(server, endpoint)
    ssrc, sent = endpoint._ssrcs.camera[0], []

    def lose_the_third(packets: Iterable[Outgoing]) -> None:
        remaining = []
        for packet in packets:
            sent.append(packet[1]) if packet[3] == ssrc else None
            remaining.append(packet) if packet[3] != ssrc or len(sent) != 3 else None
        whole(remaining)

    whole = endpoint._transport.send
    endpoint._transport.send = lose_the_third  # type: ignore[method-assign]
    await server.until(lambda: len(sent) > 3)
    assert sent[2] not in [p.sequence for p, _ in server.packets if p.ssrc == ssrc]
    transport.send_rtcp(nack(1, ssrc, [sent[2]]))
    await server.until(lambda: sent[2] in [p.sequence for p, _ in server.packets if p.ssrc == ssrc])


async def test_older_lost_packets_are_requested_again_with_newer_ones(
    server: ServerTransport, make_endpoint: MakeEndpoint
) -> None:
    transport = await connected(server, make_endpoint(OfferOptions()))
    for last in ([10, 13], [20]):
        transport.send([(H264, sequence, 0, 2, b"\x41") for sequence in last])
        await server.until(lambda last=last: last[-1] - 1 in requested(server.requests))  # type: ignore[misc]
        await asyncio.sleep(RETRY_S + 0.01)
    assert [getattr(request, "sequences", ()) for request in server.requests] == [
        (11, 12),
        (14, 15, 16, 17, 18, 19, 11, 12),
    ]


def requested(requests: Iterable[RtcpRequest]) -> set[int]:
    """Return the sequence numbers of all requested packets."""
    return {sequence for request in requests if isinstance(request, ResendRequest) for sequence in request.sequences}


async def test_packets_of_the_server_are_counted_and_decoded_on_request(
    server: ServerTransport, make_endpoint: MakeEndpoint, material: Material, camera: tuple[Clip, ...]
) -> None:
    decode = Decoder()
    endpoint = make_endpoint(OfferOptions(camera=False), decode)
    transport = await connected(server, endpoint)
    sequence = 0
    for at, frame in enumerate(camera[0].frames[:30]):
        last = len(frame.payloads) - 1
        packets = [(H264 | (i == last) << 7, sequence + i, at * 3600, 2, p) for i, p in enumerate(frame.payloads)]
        transport.send(packets)
        transport.send([(OPUS, at, at * 960, 1, material.voice[at])])
        sequence += len(packets)
    async with asyncio.timeout(20):
        while decode.pictures < 30 or endpoint.counters.audio().packets < 30:
            await asyncio.sleep(0)
    assert endpoint.counters.picture().frames == 30
    assert endpoint.counters.picture().packets == sequence
    assert endpoint.counters.picture().lost == 0
    summary = decode.summary()
    assert summary["size"] == [320, 180]
    assert summary["faults"] == 0
    assert abs(summary["tone_hz"] - 440) <= 3
    green, red = summary["mean_rgb"][1], summary["mean_rgb"][0]
    assert (green > red) == (colour(4)[1] > colour(4)[0])


class ArrivalTimes:
    """Notes when the kernel received each packet."""

    def __init__(self) -> None:
        self.received_at: list[float] = []

    def packet(self, _codec: str, _data: memoryview, _length: int, received_at: float) -> bool:
        self.received_at.append(received_at)
        return False


async def test_a_packet_has_come_when_the_kernel_received_it_however_late_it_is_read(
    server: ServerTransport, make_endpoint: MakeEndpoint, material: Material
) -> None:
    arrivals = ArrivalTimes()
    transport = await connected(server, make_endpoint(OfferOptions(camera=False), arrivals))
    sent = []
    for at in range(2):
        began = time.monotonic()
        transport.send([(OPUS, at, at * 960, 1, material.voice[at])])
        sent.append((began, time.monotonic()))  # the loopback delivers within the system call
        time.sleep(0.1)  # all that time the endpoint, which has the same loop, reads nothing
    async with asyncio.timeout(20):
        while len(arrivals.received_at) < 2:
            await asyncio.sleep(0)
    assert [began <= at <= ended for at, (began, ended) in zip(arrivals.received_at, sent, strict=True)] == [True] * 2


async def test_leaving_is_noticed_at_once(server: ServerTransport, make_endpoint: MakeEndpoint) -> None:
    endpoint = make_endpoint(OfferOptions())
    await connected(server, endpoint)
    await endpoint.close()
    await server.until(lambda: server.states[-1] == ("closed", "closed"))


async def test_a_server_that_does_not_respond_raises_transport_failed(
    server: ServerTransport, make_endpoint: MakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadtest.endpoint.transport.CHECK_S", 0.001)
    endpoint = make_endpoint(OfferOptions())
    answer = server.answer(endpoint.offer()).replace("a=ice-pwd:", "a=ice-pwd:wrong")
    with pytest.raises(TransportFailed):
        await endpoint.connect(answer)
    assert server.states == []
