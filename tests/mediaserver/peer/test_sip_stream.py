"""Tests of one m-line of a room system: which stream is accepted, and what is reported on it."""

from collections.abc import Iterator
from dataclasses import replace
from struct import unpack_from

import pytest

from mediaserver.congestion.downlink import Downlink
from mediaserver.peer.sip_quality import SentQuality
from mediaserver.peer.sip_stream import TAKEOVER_S, SipAudioStream, SipVideoStream
from mediaserver.rtp import rtcp
from mediaserver.rtp.frame_assembler import PATIENCE_S
from mediaserver.rtp.nack import BURST, RETRY_S
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.rtcp import Block
from mediaserver.rtp.source import FlushQueue, Source, VideoSource
from mediaserver.sdp.h264 import decoder_limits
from mediaserver.sdp.sip_parse import Codec, Media
from mediaserver.sdp.sip_write import CAMERA_BPS
from mediaserver.transport.peer_path import Counters
from mediaserver.transport.plain_rtp import PlainPorts
from mediaserver.transport.srtp import Outgoing
from mediaserver.video.quality import USUAL
from tests.ports import FIRST_PORT

RANGE = range(FIRST_PORT, FIRST_PORT + 10)


@pytest.fixture
def heard() -> list[tuple[int, int, str]]:
    """Return the list for what comes: SSRC, timestamp at 48 kHz and codec of each packet."""
    return []


@pytest.fixture
def sound(heard: list[tuple[int, int, str]]) -> Iterator[SipAudioStream]:
    ports = PlainPorts(RANGE, Counters())
    held = SipAudioStream(
        ports,
        "127.0.0.1",
        Downlink([1], 0),
        lambda packet, _, codec: heard.append((packet.ssrc, packet.timestamp, codec)),
        lambda digit: heard.append((0, 0, digit)),
    )
    held.codecs = {9: "G722", 8: "PCMA"}
    yield held
    held.port_pair.close()


@pytest.fixture
def picture() -> Iterator[SipVideoStream]:
    held = SipVideoStream(
        PlainPorts(RANGE, Counters()), "127.0.0.1", Downlink([1], 0), "camera:vcs", FlushQueue(), CAMERA_BPS
    )
    held.codecs = {97: "H264"}
    yield held
    held.port_pair.close()


def packet(ssrc: int, sequence: int, *, number: int = 9, timestamp: int = 0, payload: bytes = b"x") -> Packet:
    return Packet(number, sequence, timestamp, ssrc, False, payload)


def test_packets_lost_both_ways_are_counted(sound: SipAudioStream) -> None:
    forwarder = sound.send({"G722": 9}, None)
    forwarder.stream.packets = 100
    for sequence in (0, 1, 3, 6):
        sound.rtp(packet(1, sequence), 0.02 * sequence)
    sound.report(1.0)
    for ssrc, lost in ((forwarder.ssrc, 2), (forwarder.ssrc, 3), (77, 9)):
        sound.rtcp(rtcp.receiver_report(1, [Block(ssrc, 0, lost, 0, 0, 0, 0)]), 1.0)
    assert (sound._counters.lost_in, sound._counters.lost_out) == (3, 3)


def test_another_host_is_sent_a_key_frame_since_what_came_before_went_elsewhere(
    picture: SipVideoStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested_at: list[float] = []
    picture.latched(1.0)  # nothing is sent yet
    forwarder = picture.send({"H264": 97}, FlushQueue())
    monkeypatch.setattr(forwarder, "request_keyframe", requested_at.append)
    picture.latched(2.0)
    assert requested_at == [2.0]


def test_timestamps_are_of_48_khz_and_run_on_where_they_wrap(
    sound: SipAudioStream, heard: list[tuple[int, int, str]]
) -> None:
    for sequence, timestamp in enumerate((0xFFFFFF60, 0, 160)):
        sound.rtp(packet(1, sequence, timestamp=timestamp, number=8), 0.02 * sequence)
    assert heard == [(1, 2**32 - 960, "PCMA"), (1, 0, "PCMA"), (1, 960, "PCMA")]


def test_tones_comfort_noise_and_empty_packets_are_no_sound(
    sound: SipAudioStream, heard: list[tuple[int, int, str]]
) -> None:
    for number, payload in ((101, b"x"), (13, b"x"), (9, b"")):
        sound.rtp(packet(1, 1, number=number, payload=payload), 0.0)
    assert heard == []


def test_digits_are_no_sound_but_have_their_numbers_in_its_stream(
    sound: SipAudioStream, heard: list[tuple[int, int, str]]
) -> None:
    sound.event_types = frozenset({101})
    sound.rtp(packet(1, 1, timestamp=160), 0.0)
    for sequence in (2, 3, 4):
        sound.rtp(packet(1, sequence, number=101, timestamp=320, payload=b"\x0b\x0a\x00\xa0"), 0.0)
    sound.rtp(packet(1, 5, timestamp=800), 0.0)
    assert heard == [(1, 960, "G722"), (0, 0, "#"), (1, 4800, "G722")]
    assert sound.receive_stats is not None and sound.receive_stats.received == 5
    sound.taken = False  # on hold
    sound.rtp(packet(1, 6, number=101, timestamp=960, payload=b"\x01\x0a\x00\xa0"), 0.0)
    assert len(heard) == 3


def test_another_stream_is_heard_once_the_first_is_silent(
    sound: SipAudioStream, heard: list[tuple[int, int, str]]
) -> None:
    for tick in range(10):
        sound.rtp(packet(1, tick), 0.02 * tick)
        sound.rtp(packet(2, tick), 0.02 * tick)
    assert {ssrc for ssrc, *_ in heard} == {1}
    sound.rtp(packet(2, 10), 0.18 + TAKEOVER_S - 0.01)
    assert heard[-1][0] == 1
    sound.rtp(packet(2, 11), 0.18 + TAKEOVER_S + 0.01)
    assert heard[-1][0] == 2


def test_a_camera_has_one_layer_whoever_sends(picture: SipVideoStream) -> None:
    for ssrc in range(1, 6):
        picture.rtp(packet(ssrc, 7 * ssrc, number=97), ssrc * 2 * TAKEOVER_S)
        assert [(layer.ssrc, layer.most) for layer in picture.camera.layers] == [(ssrc, CAMERA_BPS)]
    for sequence in (30_000, 30_001):
        picture.rtp(packet(5, sequence, number=97), 5.5)
    assert [layer.receive_stats.received for layer in picture.camera.layers] == [1]  # it restarted, one is on probation


def test_a_report_tells_what_was_lost_and_when_they_last_reported(
    sound: SipAudioStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    monkeypatch.setattr(sound.port_pair, "send_rtcp", sent.append)
    assert sound.report(1.0) == (0, 0)
    sound.rtp(packet(9, 1), 1.0)
    sound.rtp(packet(9, 4), 1.0)
    sound.rtcp(bytes.fromhex("80c80006 00000009 00010002 00030000") + bytes(12), 1.5)
    assert sound.report(2.0) == (2, 2)
    assert [data[:2] for data in sent] == [b"\x80\xc9", b"\x81\xc9"]
    ssrc, loss, highest, _, middle, delay = unpack_from("!IIIIII", sent[1], 8)
    assert (ssrc, loss >> 24, loss & 0xFFFFFF, highest, middle, delay) == (9, 128, 2, 4, 0x00020003, 32_768)
    assert all(data[data.index(b"\x81\xca") + 8 :][2:9] == b"diemcau" for data in sent)


def test_a_camera_is_limited_where_its_system_knows_that_until_it_confirms(
    picture: SipVideoStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    monkeypatch.setattr(picture.port_pair, "send_rtcp", sent.append)
    picture.rtp(packet(9, 1, number=97), 1.0)
    picture.report(1.0)
    picture.feedback = frozenset({"ccm tmmbr"})
    limits = []
    for second in (2, 3, 4):
        picture.rtp(packet(9, second, number=97), float(second))
        picture.report(float(second))
        limits += [each for each in rtcp.parse(sent.pop(), 0.0) if isinstance(each, rtcp.BitrateLimit)]
        picture.rtcp(rtcp.bitrate_limit_taken(9, picture._own_ssrc if second == 3 else 7, CAMERA_BPS, 40), second)
    assert limits == 2 * [rtcp.BitrateLimit(9, picture._own_ssrc, CAMERA_BPS, 40)]


def test_a_limit_from_the_peer_is_confirmed_and_kept(picture: SipVideoStream, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    monkeypatch.setattr(picture.port_pair, "send_rtcp", sent.append)
    limit = rtcp.receiver_report(9, []) + rtcp.name(9) + rtcp.bitrate_limit(9, 5, 384_000, 40)
    picture.rtcp(limit, 1.0)
    assert sent == []  # it takes no picture of ours
    picture.quality = SentQuality((0, 1, USUAL), 25)
    picture.rtcp(limit, 1.0)
    assert picture.quality.step == 1
    assert sent[0][:2] == b"\x80\xc9" and sent[0].endswith(rtcp.bitrate_limit_taken(picture._own_ssrc, 9, 384_000, 40))


REPAIRED = Media(
    *("video", "RTP/AVPF", (), "127.0.0.1", 5000, 5001, True, True),
    (H264 := Codec("H264", 97, decoder_limits({}), rtx=99),),
    frozenset({"nack", "nack pli"}),
)


class Keeper:
    """A sink that keeps sequence numbers."""

    stream = None

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def send(self, source: Source, packets: list[Packet], now: float) -> None:
        self.numbers += [each.sequence for each in packets]


@pytest.mark.parametrize("offered", [True, False])
def test_packets_are_requested_again_where_that_is_offered_and_taken_in_a_stream_of_their_own(
    picture: SipVideoStream, monkeypatch: pytest.MonkeyPatch, offered: bool
) -> None:
    sent: list[bytes] = []
    monkeypatch.setattr(picture.port_pair, "send_rtcp", sent.append)
    picture.expect(REPAIRED if offered else replace(REPAIRED, feedback=frozenset()), H264)
    keeper = Keeper()
    picture.rtp(packet(9, 1, number=97), 1.0)
    picture.camera.layers[0].attach(keeper)
    picture.rtp(packet(9, 4, number=97), 1.0)
    picture.remind(1.0 + RETRY_S)
    picture.rtp(packet(77, 50, number=99, payload=b"\0\2x"), 1.1)
    picture.remind(1.1 + RETRY_S)
    picture._flush_queue.flush(1.2)
    nacks = [list(each.sequences) for data in sent for each in rtcp.parse(data, 0.0) if isinstance(each, rtcp.Nack)]
    assert nacks == ([[2, 3], [2, 3], [3]] if offered else [])
    assert keeper.numbers == ([4, 2] if offered else [4])
    for sequence in range(10, 400, 3):
        picture.rtp(packet(9, sequence, number=97), 1.2)
    assert len(sent) <= 3 + BURST


def test_of_a_line_that_loses_much_each_packet_is_requested_in_time(
    picture: SipVideoStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred packets a second, of which a fourth is lost, and ten requests a second."""
    sent: list[bytes] = []
    monkeypatch.setattr(picture.port_pair, "send_rtcp", sent.append)
    picture.expect(REPAIRED, H264)
    picture.rtp(packet(9, 0, number=97), 0.0)
    picture.camera.layers[0].attach(Keeper())
    missing_since, waited = dict[int, float](), list[float]()
    for number in range(1, 500):
        now = number / 100
        if number % 4 == 2:
            missing_since[number] = now
            continue
        picture.rtp(packet(9, number, number=97), now)
        if number % 6 == 0:
            picture.remind(now)
        for data in sent:
            for each in rtcp.parse(data, 0.0):
                for requested in each.sequences if isinstance(each, rtcp.Nack) else ():
                    waited.append(now - missing_since.pop(requested, now))
        sent.clear()
    assert max(waited) < PATIENCE_S and min(missing_since, default=499) > 480


def test_packets_that_the_peer_misses_are_sent_again_in_its_retransmission_stream(
    picture: SipVideoStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Outgoing] = []
    monkeypatch.setattr(picture.port_pair, "send", lambda packets, _: sent.extend(packets))
    forwarder = picture.send({"H264": 97}, None, {97: 99})
    assert picture.send({"H264": 97}, None, {97: 99}) is forwarder is not picture.send({"H264": 97}, None)
    forwarder, queue = picture.send({"H264": 97}, None, {97: 99}), FlushQueue()
    source = VideoSource("composed", "H264", queue)
    forwarder.follow(source, 1.0)
    source.push(Packet(0, 5, 0, 0, True, b"key", True), Packet(0, 6, 3000, 0, True, b"next"))
    queue.flush(1.0)
    picture.rtcp(rtcp.receiver_report(9, []) + rtcp.nack(9, forwarder.ssrc, [sent[1][1]]), 1.1)
    number, _, timestamp, ssrc, payload = sent[2]
    assert forwarder.rtx is not None and (number & 0x7F, timestamp, ssrc) == (99, sent[1][2], forwarder.rtx.ssrc)
    assert payload == sent[1][1].to_bytes(2, "big") + b"next"
