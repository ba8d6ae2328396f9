"""Tests of the forwarder: one steady stream to a peer, whichever source is behind it."""

import itertools
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.congestion.pacer import HEADERS_BYTES
from mediaserver.congestion.retransmission_limit import MAX_LOOKUPS
from mediaserver.peer.forwarder import MAX_REPEATED, PADDING_BYTES, Forwarder
from mediaserver.rtp.packet import Packet, parse
from mediaserver.rtp.payload import packetize_vp8, vp8_descriptor
from mediaserver.rtp.rtx import RtxStream, unwrap
from mediaserver.rtp.source import FlushQueue, Source, VideoSource
from mediaserver.transport.peer_path import Counters, PeerPath
from mediaserver.transport.srtp import Outgoing

NUMBERS = {"VP8": 96, "H264": 102}
RATE_AND_ROUND_TRIP = (1_000_000, 0.05)
"""Bit/s, round trip."""
RTX_SSRC = 77


class Wire:
    """A transport that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.whole: list[bytes] = []
        self.path = PeerPath(self, Counters())

    def send(self, packets: Iterable[Outgoing], send_time: int = 0) -> None:
        self.sent += packets

    def send_packet(self, packet: bytes) -> None:
        self.whole.append(packet)


class Camera(VideoSource):
    """A source that makes one-packet pictures and counts requests."""

    def __init__(self, name: str, codec: str, flush_queue: FlushQueue, first: int = 0) -> None:
        super().__init__(name, codec, flush_queue)
        self.sequence = first
        self.keyframe_requests = 0

    def ask(self) -> None:
        self.keyframe_requests += 1

    def picture(self, keyframe: bool = False, marker: bool = True) -> None:
        data = self.name.encode()
        payload = packetize_vp8(data, self.sequence & 0x7FFF)[0] if self.codec == "VP8" else data
        self.push(Packet(0, self.sequence & 0xFFFF, self.sequence * 3600 & 0xFFFFFFFF, 0, marker, payload, keyframe))
        self.sequence += 1


class Scene:
    """A viewer and two cameras."""

    def __init__(self, codecs: tuple[str, str] = ("VP8", "VP8"), rtx: bool = False) -> None:
        self.flush_queue = FlushQueue()
        self.wire = Wire()
        repair = RtxStream({96: 97, 102: 103}, RTX_SSRC, 0xFFFF) if rtx else None
        self.forwarder = Forwarder(NUMBERS, 90000, self.wire, rtx=repair)
        self.one = Camera("one", codecs[0], self.flush_queue, 0xFFFE)
        self.two = Camera("two", codecs[1], self.flush_queue, 500)
        self.now = 0.0

    def show(self, source: Camera, keyframe: bool = False) -> None:
        source.picture(keyframe)
        self.now += 0.04
        self.flush_queue.flush(self.now)

    def seen(self) -> list[str]:
        """Names in the payloads sent."""
        return [payload[-3:].decode() for *_, payload in self.wire.sent]

    def numbers(self) -> list[int]:
        """Sequence numbers relative to the first."""
        first = self.wire.sent[0][1]
        return [(sequence - first) & 0xFFFF for _, sequence, *_ in self.wire.sent]


def test_a_picture_begins_with_a_key_frame_which_is_asked_for() -> None:
    scene = Scene()
    scene.forwarder.follow(scene.one, 0.0)
    assert scene.one.keyframe_requests == 1
    for keyframe in (False, False, True, False):
        scene.show(scene.one, keyframe)
    assert (scene.seen(), scene.numbers()) == (["one", "one"], [0, 1])
    assert (scene.forwarder.packets, scene.forwarder.octets) == (2, 14)


def test_the_old_picture_goes_on_until_the_new_one_has_a_key_frame() -> None:
    scene = Scene()
    scene.forwarder.follow(scene.one, 0.0)
    scene.show(scene.one, True)
    scene.forwarder.follow(scene.two, scene.now)
    assert scene.two.keyframe_requests == 1
    for source, keyframe in ((scene.one, False), (scene.two, False), (scene.one, False), (scene.two, True)):
        scene.show(source, keyframe)
    scene.show(scene.one)
    scene.show(scene.two)
    assert scene.seen() == ["one", "one", "one", "two", "two"]
    assert scene.numbers() == [0, 1, 2, 3, 4]
    ids = [vp8_descriptor(payload).picture_id for *_, payload in scene.wire.sent]
    assert ids == [(ids[0] + i) & 0x7FFF for i in range(5)]  # type: ignore[operator]
    stamps = [timestamp for _, _, timestamp, *_ in scene.wire.sent]
    assert all((b - a) & 0xFFFFFFFF < 10_000 for a, b in itertools.pairwise(stamps))
    assert scene.forwarder not in scene.one.sinks


def test_padding_within_a_camera_leaves_no_hole_and_no_trace_in_the_pictures() -> None:
    scene = Scene()
    scene.forwarder.follow(scene.one, 0.0)
    for at in range(2):
        scene.show(scene.one, at == 0)
    for source, keyframe in ((scene.one, False), (scene.two, True)):
        scene.one.push(Packet(0, scene.one.sequence & 0xFFFF, 0, 0, False, b""))
        scene.one.sequence += 1
        scene.flush_queue.flush(scene.now)
        scene.forwarder.pad(600, scene.now)
        assert scene.wire.whole  # the picture before it is complete
        scene.wire.whole.clear()
        scene.forwarder.follow(source, scene.now)
        scene.show(source, keyframe)
    payloads = [payload for *_, payload in scene.wire.sent]
    assert [payload[-3:] for payload in payloads] == [b"one", b"one", b"", b"one", b"", b"two"]
    ids = [vp8_descriptor(payload).picture_id for payload in payloads if payload]
    assert ids == [0x7FFE, 0x7FFF, 1, 2]  # of the camera's own numbers, of which padding took one


def test_a_codec_may_change_with_the_source() -> None:
    scene = Scene(("H264", "VP8"))
    scene.forwarder.follow(scene.one, 0.0)
    scene.show(scene.one, True)
    scene.forwarder.follow(scene.two, scene.now)
    scene.show(scene.two, True)
    assert [second & 0x7F for second, *_ in scene.wire.sent] == [102, 96]
    assert scene.numbers() == [0, 1]
    assert (scene.forwarder.takes("VP8"), scene.forwarder.takes("opus")) == (True, False)


def test_the_first_vp8_source_goes_as_it_is_whatever_came_before() -> None:
    scene = Scene(("H264", "VP8"))
    scene.one.name = "\xfc\xff\xff\xff\xff\xff"  # as bytes, what might be a descriptor of VP8
    scene.forwarder.follow(scene.one, 0.0)
    scene.show(scene.one, True)
    for source in (scene.two, scene.one, scene.two):
        scene.forwarder.follow(source, scene.now)
        scene.show(source, True)
        scene.show(source)
    ids = [vp8_descriptor(p).picture_id for second, _, _, _, p in scene.wire.sent if second & 0x7F == 96]
    assert ids == [500, 501, 502, 503]


def test_a_change_of_source_that_is_taken_back_keeps_the_first_source() -> None:
    scene = Scene()
    scene.forwarder.follow(scene.one, 0.0)
    scene.show(scene.one, True)
    scene.forwarder.follow(scene.two, scene.now)
    scene.forwarder.follow(scene.one, scene.now)
    scene.show(scene.two, True)
    scene.show(scene.one)
    assert scene.seen() == ["one", "one"]
    assert scene.two.sinks == []


def test_nothing_is_sent_after_leaving() -> None:
    for closes in (False, True):
        scene = Scene()
        scene.forwarder.follow(scene.one, 0.0)
        scene.show(scene.one, True)
        scene.forwarder.follow(scene.two, scene.now)
        if closes:
            scene.forwarder.close()
        else:
            scene.forwarder.follow(None, scene.now)
        scene.show(scene.one, True)
        scene.show(scene.two, True)
        assert scene.seen() == ["one"]
        assert scene.one.sinks == scene.two.sinks == []


def test_sound_changes_at_once() -> None:
    flush_queue, wire = FlushQueue(), Wire()
    forwarder = Forwarder({"opus": 111}, 48000, wire)
    full, minus = Source("mix", "opus", flush_queue), Source("minus", "opus", flush_queue)
    forwarder.follow(full, 0.0)
    for source, sequence in ((full, 1), (full, 2), (minus, 9)):
        forwarder.follow(source, 0.0)
        source.push(Packet(0, sequence, 2**33 + sequence, 0, False, source.name.encode()))
        flush_queue.flush(0.0)
    assert [payload for *_, payload in wire.sent] == [b"mix", b"mix", b"minus"]
    assert all(timestamp < 2**32 for _, _, timestamp, *_ in wire.sent)


class MixListener:
    """A listener and two mixes on one clock; each tick's packet has its number as payload."""

    def __init__(self) -> None:
        self.flush_queue, self.wire = FlushQueue(), Wire()
        self.forwarder = Forwarder({"opus": 111}, 48000, self.wire)
        self.mixes = [Source("mix", "opus", self.flush_queue), Source("minus", "opus", self.flush_queue)]
        self.numbers = [0xFFF0, 7]
        self.forwarder.follow(self.mixes[0], 0.0)

    def push(self, tick: int) -> None:
        for at, mix in enumerate(self.mixes):
            mix.push(Packet(0, self.numbers[at] & 0xFFFF, 2**33 + tick * 960, 0, False, b"%d" % tick))
            self.numbers[at] += 1

    def heard(self) -> list[int]:
        """Ticks in the order in which they were sent; their timestamps and numbers go on without a hole or a double."""
        ticks = [int(payload) for *_, payload in self.wire.sent]
        first = self.wire.sent[0]
        assert [(stamp - first[2]) & 0xFFFFFFFF for _, _, stamp, *_ in self.wire.sent] == [
            960 * (tick - ticks[0]) for tick in ticks
        ]
        assert [(number - first[1]) & 0xFFFF for _, number, *_ in self.wire.sent] == list(range(len(ticks)))
        return ticks


@pytest.mark.parametrize("late", [0.0, 0.0012, 0.021])
@pytest.mark.parametrize("turned", [False, True])
def test_sound_that_changes_mixes_has_each_20_ms_once(late: float, turned: bool) -> None:
    listener = MixListener()
    for tick in range(40):
        listener.push(tick)
        if tick in (10, 11, 25):
            listener.forwarder.follow(listener.mixes[tick % 2], tick / 50)
        if turned:
            listener.flush_queue.reverse()
        listener.flush_queue.flush(tick / 50 + late * (tick % 3))
    assert listener.heard() == list(range(40))


def test_sound_that_changes_mixes_when_two_ticks_leave_together_has_each_once() -> None:
    listener = MixListener()
    for tick in range(20):
        listener.push(tick)
        if tick == 5:
            listener.forwarder.follow(listener.mixes[1], 0.12)
            continue
        listener.flush_queue.flush(tick / 50)
    assert listener.heard() == list(range(20))


def test_after_a_pause_sound_goes_on_where_the_clock_is() -> None:
    listener = MixListener()
    for tick in (*range(5), *range(50, 55)):
        if tick == 50:
            listener.forwarder.follow(listener.mixes[1], 0.5)
        listener.push(tick)
        listener.flush_queue.flush(tick / 50)
    assert listener.heard() == [*range(5), *range(50, 55)]


def test_missed_packets_are_sent_again_with_their_own_numbers() -> None:
    scene = Scene()
    scene.forwarder.follow(scene.one, 0.0)
    for at in range(10):
        scene.show(scene.one, at == 0)
    sent = list(scene.wire.sent)
    scene.wire.sent.clear()
    scene.forwarder.resend(
        [sent[3][1], sent[7][1], (sent[-1][1] + 1) & 0xFFFF, (sent[0][1] - 1) & 0xFFFF], *RATE_AND_ROUND_TRIP, scene.now
    )
    assert scene.wire.sent == [sent[3], sent[7]]
    scene.show(scene.one)
    assert (scene.wire.sent[-1][1] - sent[-1][1]) & 0xFFFF == 1


def repaired(scene: Scene) -> list[tuple[int, int, bytes]]:
    """Return the packets sent in the RTX stream: their own number, the original one, the payload."""
    found = [packet for packet in scene.wire.sent if packet[3] == RTX_SSRC]
    assert {second & 0x7F for second, *_ in found} <= {97}
    packets = [Packet(97, sequence, stamp, RTX_SSRC, second > 127, data) for second, sequence, stamp, _, data in found]
    originals = [unwrap(packet, scene.forwarder.ssrc, 96) for packet in packets]
    return [(packet.sequence, o.sequence, o.payload) for packet, o in zip(packets, originals, strict=True) if o]


def test_a_peer_with_a_stream_for_retransmissions_gets_them_there_in_numbers_of_their_own() -> None:
    scene = Scene(rtx=True)
    scene.forwarder.follow(scene.one, 0.0)
    for at in range(10):
        scene.show(scene.one, at == 0)
    sent = list(scene.wire.sent)
    scene.forwarder.resend([sent[3][1], sent[7][1]], *RATE_AND_ROUND_TRIP, scene.now)
    assert repaired(scene) == [(0xFFFF, sent[3][1], sent[3][4]), (0, sent[7][1], sent[7][4])]
    scene.show(scene.one)
    assert (scene.wire.sent[-1][1] - sent[-1][1]) & 0xFFFF == 1
    assert (scene.forwarder.packets, scene.forwarder.octets) == (11, 77)


def test_a_packet_under_way_is_not_sent_again() -> None:
    scene = Scene(rtx=True)
    scene.forwarder.follow(scene.one, 0.0)
    scene.show(scene.one, True)
    lost, (rate, round_trip) = scene.wire.sent[0][1], RATE_AND_ROUND_TRIP
    for later in (0.0, 0.5 * round_trip, 1.1 * round_trip):
        scene.forwarder.resend([lost], rate, round_trip, scene.now + later)
    assert len(repaired(scene)) == 2


def test_a_flood_of_requests_is_looked_at_no_further_than_a_cache_goes() -> None:
    scene, looked = Scene(rtx=True), 0

    def flood() -> Iterator[int]:
        nonlocal looked
        for looked in range(1, 5000):
            yield looked * 7 & 0xFFFF

    scene.forwarder.follow(scene.one, 0.0)
    scene.show(scene.one, True)
    read = []
    for _ in range(3):
        scene.forwarder.resend(flood(), *RATE_AND_ROUND_TRIP, scene.now)
        read.append(looked)
    assert read == [MAX_LOOKUPS + 1, 1, 1]


def test_a_key_frame_is_sent_in_parts_and_what_follows_waits_its_turn() -> None:
    scene = Scene()
    scene.forwarder = Forwarder(NUMBERS, 90000, scene.wire, flush_queue=scene.flush_queue)
    scene.forwarder.follow(scene.one, 0.0)
    for at in range(60):
        scene.one.push(Packet(0, at, 0, 0, at == 59, b"x" * 1000, at == 0))
    scene.one.sequence = 60
    counts = []
    for _ in range(5):
        scene.show(scene.one)
        counts.append(len(scene.wire.sent))
    assert counts[0] < 20
    assert counts[-1] == 65
    assert all(b - a < 20 for a, b in itertools.pairwise(counts))
    assert scene.numbers() == list(range(65))
    scene.forwarder.pad(10_000, scene.now)
    assert len(scene.wire.whole) > 0


def test_waiting_packets_of_a_picture_are_dropped_when_the_next_source_takes_its_place() -> None:
    scene = Scene()
    scene.forwarder = Forwarder(NUMBERS, 90000, scene.wire, flush_queue=scene.flush_queue)
    scene.forwarder.follow(scene.one, 0.0)
    for at in range(200):
        scene.one.push(Packet(0, at, 0, 0, at == 199, b"x" * 1000, at == 0))
    scene.flush_queue.flush(0.0)
    begun = len(scene.wire.sent)
    assert begun < 20
    waits = (scene.wire.sent[-1][1] + 1) & 0xFFFF
    scene.forwarder.resend([waits], *RATE_AND_ROUND_TRIP, 0.0)
    assert len(scene.wire.sent) == begun  # it comes anyway, in its turn
    scene.forwarder.follow(scene.two, 0.0)
    scene.two.picture(keyframe=True)
    scene.flush_queue.flush(0.0)
    for _ in range(2):
        scene.show(scene.two)
    assert scene.seen()[begun:] == ["two"] * 3
    assert scene.numbers() == list(range(begun + 3))
    assert scene.forwarder.packets == begun + 3
    assert scene.forwarder.octets == sum(len(payload) for *_, payload in scene.wire.sent)


def test_no_number_is_used_twice_when_a_repaired_packet_was_the_first_to_wait() -> None:
    scene = Scene()
    scene.forwarder = Forwarder(NUMBERS, 90000, scene.wire, flush_queue=scene.flush_queue)
    scene.forwarder.follow(scene.one, 0.0)
    numbers = [*range(3), *range(4, 17), 3, *range(17, 60)]  # the fourth was lost on its way to us, and comes late
    for number in numbers:
        scene.one.push(Packet(0, number, 0, 0, True, b"x" * 1000, number == 0))
        scene.flush_queue.flush(0.0)
    sent = len(scene.wire.sent)
    assert scene.numbers() == [*range(3), *range(4, 17)]
    scene.forwarder.follow(scene.two, 0.0)
    scene.two.picture(keyframe=True)
    for now in (0.0, 0.04):
        scene.flush_queue.flush(now)
    assert scene.seen()[sent:] == ["two"]
    used = scene.numbers()
    assert len(set(used)) == len(used) and used[-1] == max(used[:-1]) + 1


def test_a_link_is_filled_with_the_newest_packets_and_numbers_stay_as_they_are() -> None:
    scene = Scene(rtx=True)
    scene.forwarder.follow(scene.one, 0.0)
    for at in range(5):
        scene.show(scene.one, at == 0)
    sent = list(scene.wire.sent)
    scene.forwarder.pad(3 * (len(sent[-1][4]) + HEADERS_BYTES) + 1, scene.now)
    assert [original for _, original, _ in repaired(scene)] == [packet[1] for packet in sent[:1:-1]]
    scene.show(scene.one)
    assert (scene.wire.sent[-1][1] - sent[-1][1]) & 0xFFFF == 1
    before = len(repaired(scene))
    scene.forwarder.pad(1e9, scene.now)
    again = [original for _, original, _ in repaired(scene)][before:]
    assert [(number - sent[0][1]) & 0xFFFF for number in again] == (MAX_REPEATED // 6) * [5, 4, 3, 2, 1, 0]
    assert scene.wire.whole == []


def test_packets_of_an_earlier_source_are_not_sent_again() -> None:
    scene = Scene()
    scene.forwarder.follow(scene.one, 0.0)
    scene.show(scene.one, True)
    scene.forwarder.follow(scene.two, scene.now)
    scene.show(scene.two, True)
    before = list(scene.wire.sent)
    scene.forwarder.resend([before[0][1]], *RATE_AND_ROUND_TRIP, scene.now)
    assert scene.wire.sent == before


def test_a_viewers_request_reaches_the_picture_it_has_and_the_one_it_waits_for() -> None:
    scene = Scene()
    scene.forwarder.request_keyframe(0.0)
    scene.forwarder.follow(scene.one, 0.0)
    scene.show(scene.one, True)
    scene.forwarder.follow(scene.two, scene.now)
    scene.forwarder.request_keyframe(9.0)
    assert (scene.one.keyframe_requests, scene.two.keyframe_requests) == (2, 2)


def test_padding_fills_numbers_between_pictures_and_never_within_one() -> None:
    scene = Scene()
    scene.forwarder.pad(10_000, scene.now)
    scene.forwarder.follow(scene.one, 0.0)
    scene.show(scene.one, True)
    scene.forwarder.pad(3 * (PADDING_BYTES + HEADERS_BYTES), scene.now)
    scene.show(scene.one)
    packets = [parse(data, len(data))[0] for data in scene.wire.whole]
    assert [packet.payload for packet in packets] == [b""] * 3
    assert {(packet.payload_type, packet.ssrc) for packet in packets} == {(96, scene.forwarder.ssrc)}
    first = scene.wire.sent[0][1]
    assert [(packet.sequence - first) & 0xFFFF for packet in packets] == [1, 2, 3]
    assert scene.numbers() == [0, 4]
    scene.one.picture(marker=False)
    scene.flush_queue.flush(scene.now)
    scene.forwarder.pad(10_000, scene.now)
    assert len(scene.wire.whole) == 3


STEPS = st.lists(
    st.tuples(st.sampled_from(["one", "two"]), st.sampled_from(["look", "show", "key", "hole", "pad"])), max_size=60
)


@given(STEPS, st.sampled_from([("VP8", "VP8"), ("H264", "VP8"), ("H264", "H264")]), st.booleans())
def test_whatever_happens_a_number_is_used_once_and_numbers_only_skip_where_the_source_did(
    steps: list[tuple[str, str]], codecs: tuple[str, str], paced: bool
) -> None:
    scene, holes = Scene(codecs), 0
    if paced:
        scene.forwarder = Forwarder(NUMBERS, 90000, scene.wire, flush_queue=scene.flush_queue)
        scene.forwarder.stream.pace = 5000.0  # a picture in a tenth of a second
    for name, step in steps:
        source = scene.one if name == "one" else scene.two
        match step:
            case "look":
                scene.forwarder.follow(source, scene.now)
            case "hole":
                source.sequence += 3
                holes += 1
            case "pad":
                scene.forwarder.pad(PADDING_BYTES + HEADERS_BYTES, scene.now)
            case _:
                scene.show(source, step == "key")
    padded = [parse(data, len(data))[0].sequence for data in scene.wire.whole]
    used = [sequence for _, sequence, *_ in scene.wire.sent] + padded
    assert len(set(used)) == len(used)
    if scene.wire.sent:
        first = scene.wire.sent[0][1]
        span = max((sequence - first) & 0xFFFF for sequence in used) + 1
        assert len(used) <= span <= len(used) + 3 * holes
