"""Tests of a browser's peer, fed with plain packets: what reaches the layers of its camera."""

import time
from itertools import count

import pytest

from mediaserver.api import COMPOSED
from mediaserver.audio.voice_relay import VoiceRelay
from mediaserver.congestion.downlink import SOUND_BPS
from mediaserver.congestion.pacer import HEADERS_BYTES
from mediaserver.congestion.redundancy import FRAME_BPS, HOLD_S
from mediaserver.peer.forwarder import PADDING_BYTES, Forwarder
from mediaserver.peer.webrtc import LOST_AUDIO_S, LOST_AUDIO_SHARE, WebRtcPeer
from mediaserver.rtp import red, rtcp
from mediaserver.rtp.keyframe_requests import MIN_INTERVAL_S
from mediaserver.rtp.nack import MAX_TRIES, RETRY_S
from mediaserver.rtp.packet import Packet, parse
from mediaserver.rtp.payload import packetize_vp8
from mediaserver.rtp.source import FlushQueue, Source, VideoSource
from mediaserver.transport.srtp import Outgoing
from mediaserver.transport.udp_mux import UdpMux
from mediaserver.video.quality import USUAL
from tests.mediaserver.meeting import Meeting, clip
from tests.mediaserver.offers import CHROMIUM
from tests.mediaserver.peer.peer_fixture import CAMERA, OPUS, RED, REPAIRS, RID_ID, VP8, ListenerFake, PeerFixture

MID_ID, SCREEN, OTHER_SCREEN = 4, 3001, 3002

_, _, _WATCHED = CHROMIUM.partition("m=video")[2].rpartition("m=video")
SHARING = (
    CHROMIUM.replace("BUNDLE 0 1 2", "BUNDLE 0 1 2 3")
    + f"m=video{_WATCHED}".replace("a=mid:2", "a=mid:3").replace("a=recvonly", "a=sendonly")
    + f"a=ssrc:{SCREEN} cname:screen\r\n"
)
"""A fourth m-line for a screen, as the page offers it."""
WITHOUT_RTX = "".join(line for line in CHROMIUM.splitlines(True) if "rtx/90000" not in line)


@pytest.mark.parametrize("microphone", [True, False])
async def test_a_link_that_loses_every_fifth_packet_is_known_by_sound_and_by_picture(
    mux: UdpMux, microphone: bool
) -> None:
    fixture = PeerFixture(mux)
    fixture.peer.transport.state = "connected"
    fixture.peer.transport.send_rtcp = lambda _: None  # type: ignore[assignment, method-assign]
    for number in range(1000):
        if number % 5 != 1:
            fixture.speak(number) if microphone else fixture.send(number, rid="q")
        fixture.now = number / 50
        fixture.peer.tick(fixture.now)
    quality = fixture.peer.connection_quality
    assert quality.up == pytest.approx(0.2, abs=0.03)
    assert quality.camera == (0 if microphone else 180)
    octets = HEADERS_BYTES + (4 if microphone else len(packetize_vp8(b"picture", 1)[0]))
    assert quality.received == pytest.approx(0.8 * 50 * 8 * octets, rel=0.05)
    assert mux.counters.lost_in == pytest.approx(200, abs=11)  # the last second is not reported on


async def test_redundant_sound_reaches_the_room_as_the_packets_that_were_sent(mux: UdpMux) -> None:
    fixture = PeerFixture(mux)
    fixture.listener.voice_relay = VoiceRelay(Packet)
    fixture.speak(10, b"ten")
    fixture.speak(12, red.write([red.Block(OPUS, 960, b"eleven")], red.Block(OPUS, 0, b"twelve")), RED)
    fixture.speak(13, red.write([], red.Block(OPUS, 0, b"thirteen"))[:-9], RED)
    fixture.speak(14, b"\xff", RED)
    fixture.speak(11, b"eleven")
    fixture.speak(15, b"fifteen")
    heard = [(each.payload_type, each.sequence, each.payload) for each in fixture.listener.heard_packets]
    assert heard == [
        (OPUS, 10, b"ten"),
        (OPUS, 11, b"eleven"),
        (OPUS, 12, b"twelve"),
        (OPUS, 15, b"fifteen"),
    ]
    assert (fixture.peer.voice.received, mux.counters.malformed) == (6, 2)
    assert fixture.peer.voice.octets == sum(map(len, (b"ten", b"eleven", b"twelve", b"eleven", b"fifteen"))) + 5 + 1


@pytest.mark.parametrize(
    ("payload_type", "open_floor", "steady"), [(OPUS, True, True), (RED, True, False), (RED, False, True)]
)
async def test_the_inbox_takes_no_redundant_sound_that_is_heard(
    mux: UdpMux, payload_type: int, open_floor: bool, steady: bool
) -> None:
    fixture = PeerFixture(mux)
    fixture.listener.voice_relay = VoiceRelay(Packet) if open_floor else None
    fixture.speak(1, red.write([], red.Block(OPUS, 0, b"one")), payload_type)
    assert fixture.peer.voice.steady == steady


@pytest.mark.parametrize("offer", [CHROMIUM, CHROMIUM.replace("a=rtpmap:63 red/48000/2\n", "")])
async def test_who_loses_sound_gets_earlier_frames_with_each_packet_if_its_browser_takes_them(
    mux: UdpMux, offer: str
) -> None:
    fixture, sent, queue = PeerFixture(mux, offer), list[Outgoing](), FlushQueue()
    audio, takes = fixture.peer.audio, offer is CHROMIUM
    assert audio is not None
    fixture.peer.transport.send = lambda packets, _send_time=0: sent.extend(packets)  # type: ignore[assignment, method-assign]
    mixes = Source("mix", "opus", queue), Source("minus:a", "opus", queue)
    numbers = {mix.name: count(first) for mix, first in zip(mixes, (9, 700), strict=True)}

    def hear(mix: Source, tick: int) -> None:
        audio.follow(mix, tick / 50)
        mix.push(Packet(0, next(numbers[mix.name]), tick * 960, 0, False, b"%d" % tick))
        queue.flush(tick / 50)

    def report(lost: float, highest: int, now: float) -> None:
        fixture.peer.rtcp(
            rtcp.receiver_report(1, [rtcp.Block(audio.ssrc, round(256 * lost), 0, highest, 0, 0, 0)]), now
        )

    hear(mixes[0], 0)
    handed_over = [audio.stream.source]
    report(0.1, 250, 1.0)
    handed_over.append(audio.stream.source)
    assert fixture.peer.downlink.sound_bps == SOUND_BPS + 2 * FRAME_BPS * takes
    for tick, mix in enumerate((0, 0, 1, 1), 1):
        hear(mixes[mix], tick)
    handed_over.append(audio.stream.source)
    report(0.0, 500, 1.0 + HOLD_S)
    hear(mixes[1], 5)
    handed_over.append(audio.stream.source)
    carried = [[b"0"], [b"1"], [b"1", b"2"], [b"1", b"2", b"3"], [b"2", b"3", b"4"], [b"5"]]
    blocks = [red.parse(payload) if second == RED else [red.Block(second, 0, payload)] for second, *_, payload in sent]
    assert [[each.payload for each in packet] for packet in blocks] == (carried if takes else [c[-1:] for c in carried])
    assert {each.payload_type for packet in blocks for each in packet} == {OPUS}
    assert [[each.offset for each in packet] for packet in blocks] == [
        [960 * back for back in reversed(range(len(packet)))] for packet in blocks
    ]
    assert handed_over == [mixes[0], *((None, None) if takes else mixes), mixes[1]]
    assert audio.octets == sum(len(payload) for *_, payload in sent)
    assert fixture.peer.downlink.sound_bps == SOUND_BPS


@pytest.mark.parametrize(("round_trip", "offer"), [(0.6, CHROMIUM), (0.05, CHROMIUM), (0.6, WITHOUT_RTX)])
async def test_a_long_line_that_loses_gets_the_lowest_picture_again_unasked(
    mux: UdpMux, monkeypatch: pytest.MonkeyPatch, round_trip: float, offer: str
) -> None:
    peer, again = PeerFixture(mux, offer).peer, list[int]()
    picture = peer.picture
    assert picture is not None
    monkeypatch.setattr(picture, "repeat", again.append)
    repeats = round_trip == 0.6 and offer is CHROMIUM

    def report(lost: float, highest: int, now: float) -> None:
        sent = report_on(picture, peer, "one", now - round_trip, monkeypatch).ntp >> 16 & 0xFFFFFFFF
        block = rtcp.Block(picture.ssrc, round(256 * lost), 0, highest, 0, sent, 0)
        peer.rtcp(rtcp.receiver_report(1, [block]), now)

    found = []
    for lost, highest, now in ((0.0, 100, 100.0), (0.1, 200, 101.0), (0.05, 300, 131.0), (0.0, 400, 161.0)):
        report(lost, highest, now)
        found.append((peer.downlink.max_step, peer.connection_quality.most))
    usual = (USUAL, USUAL)
    assert found == [usual, *([(0, USUAL)] * 2 if repeats else [usual] * 2), usual]
    assert again == ([0, 2, 1, 0] if repeats else [0] * 4)
    peer.limit(1)
    report(0.1, 500, 162.0)
    peer.limit(2)
    assert peer.downlink.max_step == (0 if repeats else 2)


@pytest.mark.parametrize(("round_trip", "every"), [(0.6, 10), (0.05, 10), (0.6, 100)])
async def test_of_a_long_line_that_loses_the_lowest_layer_is_requested_ahead(
    mux: UdpMux, monkeypatch: pytest.MonkeyPatch, round_trip: float, every: int
) -> None:
    fixture, sent = PeerFixture(mux), list[bytes]()
    peer = fixture.peer
    peer.transport.state = "connected"
    monkeypatch.setattr(peer.transport, "send_rtcp", sent.append)
    peer.downlink.reported(round_trip)
    requested, only = dict[int, list[float]](), False
    fixture.now = 100.0
    for number in range(1, 400):
        if number % every:
            fixture.send(number, rid="q")
        if number == 1:
            fixture.poll()
        fixture.now = 100.0 + number / 30
        if number % 2:
            peer.tick(fixture.now)
            for data in sent:
                for nack in (heard for heard in rtcp.parse(data, 0.0) if isinstance(heard, rtcp.Nack)):
                    for ahead in nack.sequences:
                        if ahead > number:
                            requested.setdefault(ahead, []).append(fixture.now)
            sent.clear()
        only = only or peer.lowest_layer_only
    asked = [number for number in range(200, 400) if len(requested.get(number, [])) == 2]
    comes_s = [requested[number][0] + round_trip / 2 - (100.0 + number / 30 - round_trip / 2) for number in asked]
    if round_trip > 0.5 and every == 10:
        assert (only, len(asked)) == (True, 200)
        assert min(comes_s) > 0.0 and max(comes_s) < 0.2  # a request comes there so long after its packet left
    else:
        assert (only, requested) == (False, {})


async def test_packets_that_a_browser_reports_as_lost_are_counted(mux: UdpMux) -> None:
    peer = PeerFixture(mux).peer
    assert peer.audio is not None and peer.picture is not None
    peer.audio.stream.packets = peer.picture.stream.packets = 100
    for ssrc, lost in ((peer.audio.ssrc, 3), (peer.picture.ssrc, 5), (peer.audio.ssrc, 4), (77, 9)):
        peer.rtcp(rtcp.receiver_report(1, [rtcp.Block(ssrc, 0, lost, 0, 0, 0, 0)]), 100.0)
    assert mux.counters.lost_out == 9


async def test_a_layer_at_rest_says_nothing_of_the_link_as_it_is_now(
    mux: UdpMux, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixture, transits = PeerFixture(mux), list[float]()
    monkeypatch.setattr(fixture.peer._uplink, "add_transit", transits.append)
    fixture.send(10, rid="q")
    for later in (0.5, 5.0):
        fixture.peer.rtcp(rtcp.sender_report(CAMERA, 1000.0 + later, 90_000 * 4, 1, 7), fixture.now + later)
    assert transits == [pytest.approx(fixture.now - (1000.5 - 4.0))]


async def test_retransmissions_of_a_layer_fill_its_holes_and_nothing_else(mux: UdpMux) -> None:
    fixture = PeerFixture(mux)
    fixture.send(10, rid="q")
    seen = fixture.poll()
    fixture.send(13)
    fixture.repair(11, 500, rid="q")
    fixture.repair(10, 501)  # came long ago: fills the sender's link
    fixture.repair(12, 502)
    fixture.repair(12, 503)
    fixture.send(14)
    assert seen == [13, 11, 12, 14]
    (layer,) = fixture.peer.camera.layers
    assert not layer.nack.waiting
    assert layer.receive_stats.take(layer.ssrc, fixture.now)[1:] == (3, 2)  # what the link lost, not what was mended


async def test_a_restarted_stream_is_a_new_layer_and_a_stray_packet_is_none(mux: UdpMux) -> None:
    fixture = PeerFixture(mux)
    fixture.send(10, rid="q")
    seen = fixture.poll()
    fixture.send(10 + 0x8000)
    fixture.send(11)
    (before,) = fixture.peer.camera.layers
    fixture.send(10 + 0x9000)
    fixture.send(11 + 0x9000)
    (after,) = fixture.peer.camera.layers
    assert seen == [11]
    assert (after is before, after.rid, after.height) == (False, "q", before.height)
    fixture.poll()
    fixture.send(13 + 0x9000)
    fixture.repair(12 + 0x9000, 500, rid="q")
    assert seen == [11, 13 + 0x9000, 12 + 0x9000]


async def test_a_loss_of_sound_counts_for_a_while(mux: UdpMux) -> None:
    peer = PeerFixture(mux).peer
    assert peer.audio is not None and peer.picture is not None

    def report(ssrc: int, lost: float) -> bytes:
        return rtcp.receiver_report(1, [rtcp.Block(ssrc, round(256 * lost), 0, 0, 0, 0, 0)])

    peer.rtcp(report(peer.audio.ssrc, LOST_AUDIO_SHARE), 100.0)
    peer.rtcp(report(peer.picture.ssrc, 0.5), 100.0)
    assert not peer.loses_audio(100.0)
    peer.rtcp(report(peer.audio.ssrc, 0.1), 101.0)
    peer.rtcp(report(peer.audio.ssrc, 0.0), 102.0)
    assert [peer.loses_audio(now) for now in (101.0, 101.0 + LOST_AUDIO_S - 0.1, 101.0 + LOST_AUDIO_S)] == [
        True,
        True,
        False,
    ]


def report_on(
    picture: Forwarder, peer: WebRtcPeer, source: str, at: float, monkeypatch: pytest.MonkeyPatch
) -> rtcp.SenderReport:
    """Return the sender report a peer gets `at` some time about a picture from `source` that was sent at 100 s."""
    peer.transport.state = "connected"
    sent: list[bytes] = []
    monkeypatch.setattr(peer.transport, "send_rtcp", sent.append)
    shown = VideoSource(source, "VP8", FlushQueue())
    picture.follow(shown, 100.0)
    picture.send(shown, [Packet(VP8, 1, 0, 7, True, packetize_vp8(b"", 0)[0], keyframe=True)], 100.0)
    peer.tick(at)
    (report,) = (heard for heard in rtcp.parse(sent[-1], 100.0) if isinstance(heard, rtcp.SenderReport))
    return report


async def test_round_trips_are_measured_by_a_clock_that_nobody_sets(
    mux: UdpMux, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = PeerFixture(mux).peer
    assert peer.picture is not None
    report = report_on(peer.picture, peer, "one", 100.0, monkeypatch)
    block = rtcp.Block(peer.picture.ssrc, 0, 0, 1, 0, report.ntp >> 16 & 0xFFFFFFFF, 65536 // 2)
    peer.rtcp(rtcp.receiver_report(1, [block]), 100.75)
    assert peer.downlink.round_trip == pytest.approx(0.25, abs=0.001)


async def test_a_round_trip_is_measured_once_however_often_it_is_reported(
    mux: UdpMux, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer, measured = PeerFixture(mux).peer, list[float]()
    assert peer.picture is not None
    monkeypatch.setattr(peer.downlink, "reported", measured.append)
    for at in (100.0, 101.0):
        sent = report_on(peer.picture, peer, "one", at, monkeypatch).ntp >> 16 & 0xFFFFFFFF
        for kept in (0.25, 0.5):
            block = rtcp.Block(peer.picture.ssrc, 0, 0, 1, 0, sent, round(65536 * kept))
            peer.rtcp(rtcp.receiver_report(1, [block]), at + kept + 0.05)
    assert measured == [pytest.approx(0.05, abs=0.001)] * 2


@pytest.mark.parametrize(("name", "wait"), [("camera:b", 0.1), ("camera:c", 0.0), ("composed", 0.0)])
async def test_sender_reports_align_a_forwarded_picture_with_the_voice_that_is_held_back(
    mux: UdpMux, monkeypatch: pytest.MonkeyPatch, name: str, wait: float
) -> None:
    peer = PeerFixture(mux).peer
    assert peer.picture is not None
    report = report_on(peer.picture, peer, name, 101.0, monkeypatch)
    assert (report.timestamp - peer.picture.rewriter.last_timestamp) & 0xFFFFFFFF == round((1 - wait) * 90_000)


async def test_a_link_that_got_narrow_is_looked_at_with_the_next_tick(mux: UdpMux) -> None:
    peer = PeerFixture(mux).peer
    peer.transport.state = "connected"
    assert (peer.tick(100.0), peer.due) == (False, 101.0)
    peer.rtcp(rtcp.remb(1, 4_000_000, [2]), 100.1)
    assert peer.due == 101.0
    peer.rtcp(rtcp.remb(1, 400_000, [2]), 100.2)
    assert peer.due == 0.0


async def test_a_peer_that_misses_nothing_on_a_quiet_link_is_left_alone_between_reports(mux: UdpMux) -> None:
    fixture = PeerFixture(mux)
    peer = fixture.peer
    peer.transport.state = "connected"
    assert peer.audio is not None
    assert (peer.tick(100.0), peer.due) == (False, 101.0)
    peer.rtcp(rtcp.receiver_report(1, [rtcp.Block(peer.audio.ssrc, 0, 0, 0, 0, 0, 0)]), 100.1)
    assert peer.due == 101.0
    peer.limit(peer.downlink.max_step)
    assert peer.due == 101.0
    peer.limit(0)
    assert peer.due == 0.0
    assert (peer.tick(100.3), peer.downlink.step, peer.due) == (True, 0, 0.0)  # and sees how that does
    assert (peer.tick(102.0), peer.due) == (False, 0.0)  # for as long as a queue may drain
    assert (peer.tick(103.4), peer.due) == (False, 104.0)
    fixture.send(1, rid="q")
    assert peer.due == 0.0
    assert (peer.tick(103.5), peer.due) == (False, 104.0)


async def test_a_hole_in_a_camera_is_looked_after_until_it_is_filled_or_given_up(mux: UdpMux) -> None:
    fixture = PeerFixture(mux)
    peer = fixture.peer
    peer.transport.state = "connected"
    fixture.send(10, rid="q")
    fixture.poll()
    assert (peer.tick(100.0), peer.due) == (False, 101.0)
    fixture.send(11)
    assert peer.due == 101.0
    fixture.send(14)
    assert peer.due == 0.0
    fixture.repair(12, 500, rid="q")
    assert (peer.tick(100.1), peer.due) == (False, 0.0)
    fixture.repair(13, 501)
    assert (peer.tick(100.2), peer.due) == (False, 101.0)
    fixture.send(16)
    for tick in range(1, MAX_TRIES + 1):
        assert (peer.tick(100.2 + tick * 1.01 * RETRY_S), peer.due) == (False, 101.0 if tick == MAX_TRIES else 0.0)


async def test_a_key_frame_that_does_not_come_is_asked_for_again(mux: UdpMux, monkeypatch: pytest.MonkeyPatch) -> None:
    fixture = PeerFixture(mux)
    peer = fixture.peer
    peer.transport.state = "connected"
    rtcp_sent: list[bytes] = []
    fixture.now = 100.0
    fixture.send(10, rid="q")
    (layer,) = peer.camera.layers
    assert (peer.tick(100.0), peer.due) == (False, 101.0)
    monkeypatch.setattr(peer.transport, "send_rtcp", rtcp_sent.append)
    layer.request_keyframe(100.1)
    assert (peer.due, len(rtcp_sent)) == (0.0, 1)
    assert (peer.tick(100.2), peer.due, len(rtcp_sent)) == (False, 0.0, 1)
    assert (peer.tick(100.1 + MIN_INTERVAL_S), peer.due, len(rtcp_sent)) == (False, 0.0, 2)
    layer.push(Packet(VP8, 11, 0, CAMERA, True, b"", keyframe=True))
    assert (peer.tick(100.7), peer.due) == (False, 0.0)  # another one may be wanted before it may be asked for
    layer.request_keyframe(100.8)
    assert (peer.tick(100.1 + 2 * MIN_INTERVAL_S), len(rtcp_sent)) == (False, 4)  # and the second's report
    layer.push(Packet(VP8, 12, 0, CAMERA, True, b"", keyframe=True))
    assert (peer.tick(101.7), peer.due) == (False, 102.0)


async def test_a_peers_request_for_a_key_frame_that_comes_too_soon_is_passed_on_by_the_housekeeping(
    mux: UdpMux, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = PeerFixture(mux).peer
    picture = peer.picture
    assert picture is not None
    passed_on: list[float] = []
    source = VideoSource("other", "VP8", FlushQueue())
    picture.follow(source, 0.0)
    monkeypatch.setattr(source, "request_keyframe", passed_on.append)
    peer.transport.state = "connected"
    request = rtcp.picture_loss(1, picture.ssrc)
    assert (peer.tick(100.0), peer.due) == (False, 101.0)
    peer.rtcp(request, 100.1)
    assert (passed_on, peer.due) == ([100.1], 101.0)
    peer.rtcp(request, 100.2)
    assert (peer.due, peer.tick(100.3), peer.due, passed_on) == (0.0, False, 0.0, [100.1])
    assert (peer.tick(100.6), peer.due, passed_on) == (False, 101.0, [100.1, 100.6])


@pytest.mark.parametrize("view", ["camera:b", COMPOSED])
async def test_a_member_whose_numbers_jump_is_seen_again(meeting: Meeting, view: str) -> None:
    a = await meeting.join("a", "red", 440, view=view)
    b = await meeting.join("b", "green", 660)
    (layer,) = b.endpoint._layers.values()
    for colour, jump in (
        ("green", 0),
        ("blue", 0x8000),
        ("green", 0x5000),
    ):  # SRTP itself refuses to go back (RFC 3711 §3.3.1)
        layer._sequence = (layer._sequence + jump) & 0xFFFF
        layer._clip = clip("VP8", colour, (320, 180))
        await a.watch.until(lambda colour=colour: colour in {a.watch.colour(x) for x in (0.25, 0.75)})  # type: ignore[misc]


async def test_retransmissions_before_their_layer_is_known_are_left_out(mux: UdpMux) -> None:
    fixture = PeerFixture(mux)
    fixture.repair(11, 500, rid="q")
    fixture.send(10, rid="h")
    fixture.repair(11, 501, rid="q")
    fixture.repair(11, 502)
    assert [layer.rid for layer in fixture.peer.camera.layers] == ["h"]


async def test_a_camera_without_layers_names_its_retransmissions_in_the_offer(mux: UdpMux) -> None:
    plain = "".join(line for line in CHROMIUM.splitlines(True) if not line.startswith(("a=rid", "a=simulcast")))
    plain = plain.replace("a=sendonly\r\n", f"a=sendonly\r\na=ssrc-group:FID {CAMERA} {REPAIRS}\r\n")
    fixture = PeerFixture(mux, plain)
    fixture.send(10)
    seen = fixture.poll()
    fixture.send(12)
    fixture.repair(11, 500)
    assert seen == [12, 11]


async def test_a_shared_screen_is_distinguished_from_the_camera_by_mid_or_ssrc(mux: UdpMux) -> None:
    fixture = PeerFixture(mux, SHARING)
    fixture.send(1, rid="q")
    fixture.send(1, ssrc=SCREEN)
    fixture._packet(VP8, 1, OTHER_SCREEN, packetize_vp8(b"picture", 1)[0], (MID_ID, "3"))
    peer = fixture.peer
    assert [(layer.name, layer.ssrc) for layer in peer.camera.layers] == [("camera:a", CAMERA)]
    assert [(layer.name, layer.ssrc) for layer in peer.content.layers] == [
        ("content:a", SCREEN),
        ("content:a", OTHER_SCREEN),
    ]
    assert "a=mid:3\r\na=recvonly" in peer.answer
    plain = PeerFixture(mux)
    plain.send(1, ssrc=SCREEN, rid="q")
    assert [len(camera.layers) for camera in (plain.peer.camera, plain.peer.content)] == [1, 0]


@pytest.mark.parametrize(("removed", "number"), [("a=rtcp-rsize", 2), ("a=rtpmap:97 rtx/90000", 0)])
async def test_a_video_stream_without_rtx_carries_no_send_times(mux: UdpMux, removed: str, number: int) -> None:
    stamp = "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n"
    head, video, watched = CHROMIUM.rpartition("m=video")
    watched = watched.replace("a=mid:2\r\n", f"a=mid:2\r\n{stamp}")
    for line in (removed, "a=rtpmap:103 H264/90000", "a=rtpmap:109 H264/90000"):  # which have no rtx there
        watched = watched.replace(f"{line}\r\n", "")
    peer = PeerFixture(mux, head + video + watched).peer
    assert peer.picture is not None and peer.audio is not None
    assert (peer.picture.stream.send_time, peer.picture._send_time, peer.audio.stream.send_time) == (
        number,
        number,
        2,
    )
    assert peer.answer.rpartition("m=video")[2].count(stamp) == (number > 0)


async def test_of_26_videos_that_a_member_would_send_two_are_taken_and_the_others_rejected(mux: UdpMux) -> None:
    further = [SHARING.rpartition("m=video")[2].replace("a=mid:3", f"a=mid:{mid}") for mid in range(4, 28)]
    fixture = PeerFixture(mux, "m=video".join([SHARING, *further]))
    peer = fixture.peer
    taken = [line.split()[1] != "0" for line in peer.answer.splitlines() if line.startswith("m=")]
    assert taken == 4 * [True] + 24 * [False]
    assert "a=group:BUNDLE 0 1 2 3\r\n" in peer.answer
    fixture.send(1, rid="q")
    for mid in range(3, 28):
        fixture._packet(VP8, 1, SCREEN + mid, packetize_vp8(b"picture", 1)[0], (MID_ID, chr(mid + ord("0"))))
    assert [layer.ssrc for layer in peer.camera.layers] == [CAMERA]
    assert [layer.ssrc for layer in peer.content.layers] == [SCREEN + 3]


async def test_a_camera_without_layers_is_not_taken_from_another_m_line(mux: UdpMux) -> None:
    plain = "".join(line for line in CHROMIUM.splitlines(True) if not line.startswith(("a=rid", "a=simulcast")))
    fixture = PeerFixture(mux, plain)
    for ssrc, mid in ((CAMERA, "1"), (SCREEN, "2"), (OTHER_SCREEN, "9")):
        fixture._packet(VP8, 1, ssrc, packetize_vp8(b"picture", 1)[0], (MID_ID, mid))
    assert [layer.ssrc for layer in fixture.peer.camera.layers] == [CAMERA]


async def test_a_retransmission_mends_no_other_stream_than_its_own(mux: UdpMux) -> None:
    plain = "".join(line for line in SHARING.splitlines(True) if not line.startswith(("a=rid", "a=simulcast")))
    named = f"a=sendonly\r\na=ssrc-group:FID {CAMERA} {REPAIRS}\r\na=ssrc-group:FID {SCREEN} {OTHER_SCREEN}\r\n"
    fixture = PeerFixture(mux, plain.replace("a=sendonly\r\n", named, 1))
    fixture.send(10)
    fixture.send(10, ssrc=SCREEN)
    seen = fixture.poll()
    fixture.send(12)
    fixture.send(12, ssrc=SCREEN)
    fixture.repair(11, 500, ssrc=OTHER_SCREEN)  # says it in the camera's m-line
    fixture.repair(11, 501, ssrc=SCREEN)
    fixture.repair(0xFFFF, 503)
    assert seen == [12]
    fixture.repair(11, 504)
    assert seen == [12, 11]


async def test_a_packet_that_comes_after_its_retransmission_is_left_out_whatever_it_carries(mux: UdpMux) -> None:
    """Viewers would be sent two packets under one number, from which the key of AES-GCM can be worked out."""
    fixture = PeerFixture(mux)
    fixture.send(10, rid="q")
    seen = fixture.poll()
    fixture.send(12)
    fixture.repair(11, 500, rid="q")
    fixture._packet(VP8, 11, CAMERA, packetize_vp8(b"another picture", 11)[0], (RID_ID, ""))
    fixture.send(12)
    fixture.send(14)
    fixture.send(13)
    assert seen == [12, 11, 14, 13]
    (layer,) = fixture.peer.camera.layers
    kept = layer.recall(11)
    assert kept is not None and kept.payload == packetize_vp8(b"picture", 11)[0]


async def test_the_link_is_measured_before_pictures_are_sent(mux: UdpMux, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ListenerFake, "changed", lambda *_: None)
    peer, sent = PeerFixture(mux).peer, list[bytes]()
    assert peer.picture is not None and peer.picture.rtx is not None
    monkeypatch.setattr(peer.transport, "send_packet", sent.append)
    monkeypatch.setattr(peer.transport, "send_round_trip_request", lambda _: sent.append(b""))
    peer.transport._set_state("connected", "")
    now = time.monotonic()
    assert (sent, peer.downlink.measurement.running) == ([b""], True)
    trains = []
    for waited in (0.0, 0.24, 0.12):  # the response to a request alone, and those behind two trains on 0.2 Mbit/s
        sent.clear()
        peer.responded(0.05 + waited, now)
        trains.append(sent.copy())
    first, second, none = trains
    assert (first[-1], second[-1], none) == (b"", b"", [])
    for train, octets in ((first, 6000), (second, 3000)):
        assert (len(train) - 1) * (PADDING_BYTES + HEADERS_BYTES) == pytest.approx(octets, abs=160)
    packets = [parse(packet, len(packet))[0] for packet in first[:-1]]
    assert {packet.ssrc for packet in packets} == {peer.picture.rtx.ssrc}
    assert [packet.sequence - packets[0].sequence for packet in packets] == list(range(len(packets)))
    assert not any(packet.payload for packet in packets), "padding alone, which repairs nothing"
    assert peer.transport.path.level > 0, "pictures wait"
    assert (peer.tick(now), peer.downlink.step, peer.transport.path.level) == (True, 0, 0)
