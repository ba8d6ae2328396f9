"""Tests of the forwarder: one steady stream to a peer, whichever source is behind it."""

import itertools
from collections.abc import Iterable, Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.congestion.pacer import HEADERS_BYTES
from mediaserver.congestion.repetition import SPACING_S, RepetitionLimit
from mediaserver.congestion.retransmission_limit import MAX_LOOKUPS, RetransmissionLimit
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


class TransportFake:
    """A transport that keeps the packets it is given."""

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


class ForwarderFixture:
    """A forwarder with its transport, and two cameras."""

    def __init__(self, codecs: tuple[str, str] = ("VP8", "VP8"), rtx: bool = False) -> None:
        self.flush_queue = FlushQueue()
        self.transport = TransportFake()
        repair = RtxStream({96: 97, 102: 103}, RTX_SSRC, 0xFFFF) if rtx else None
        self.forwarder = Forwarder(NUMBERS, 90000, self.transport, rtx=repair)
        self.one = Camera("one", codecs[0], self.flush_queue, 0xFFFE)
        self.two = Camera("two", codecs[1], self.flush_queue, 500)
        self.now = 0.0

    def show(self, source: Camera, keyframe: bool = False) -> None:
        source.picture(keyframe)
        self.now += 0.04
        self.flush_queue.flush(self.now)

    def seen(self) -> list[str]:
        """Return the names of the cameras in the payloads sent."""
        return [payload[-3:].decode() for *_, payload in self.transport.sent]

    def numbers(self) -> list[int]:
        """Return the sequence numbers sent, relative to the first."""
        first = self.transport.sent[0][1]
        return [(sequence - first) & 0xFFFF for _, sequence, *_ in self.transport.sent]


def test_a_picture_begins_with_a_key_frame_which_is_asked_for() -> None:
    fixture = ForwarderFixture()
    fixture.forwarder.follow(fixture.one, 0.0)
    assert fixture.one.keyframe_requests == 1
    for keyframe in (False, False, True, False):
        fixture.show(fixture.one, keyframe)
    assert (fixture.seen(), fixture.numbers()) == (["one", "one"], [0, 1])
    assert (fixture.forwarder.packets, fixture.forwarder.octets) == (2, 14)


def test_the_old_picture_goes_on_until_the_new_one_has_a_key_frame() -> None:
    fixture = ForwarderFixture()
    fixture.forwarder.follow(fixture.one, 0.0)
    fixture.show(fixture.one, True)
    fixture.forwarder.follow(fixture.two, fixture.now)
    assert fixture.two.keyframe_requests == 1
    for source, keyframe in ((fixture.one, False), (fixture.two, False), (fixture.one, False), (fixture.two, True)):
        fixture.show(source, keyframe)
    fixture.show(fixture.one)
    fixture.show(fixture.two)
    assert fixture.seen() == ["one", "one", "one", "two", "two"]
    assert fixture.numbers() == [0, 1, 2, 3, 4]
    ids = [vp8_descriptor(payload).picture_id for *_, payload in fixture.transport.sent]
    assert ids == [(ids[0] + i) & 0x7FFF for i in range(5)]  # type: ignore[operator]
    stamps = [timestamp for _, _, timestamp, *_ in fixture.transport.sent]
    assert all((b - a) & 0xFFFFFFFF < 10_000 for a, b in itertools.pairwise(stamps))
    assert fixture.forwarder not in fixture.one.sinks


def test_it_is_known_when_a_camera_begins_in_whatever_layer() -> None:
    fixture = ForwarderFixture()
    layer = Camera("one", "VP8", fixture.flush_queue, 900)
    for source in (fixture.one, layer, fixture.two):
        fixture.forwarder.follow(source, fixture.now)
        for keyframe in (True, False):
            fixture.show(source, keyframe)
    stamps = [timestamp for _, _, timestamp, *_ in fixture.transport.sent]
    assert fixture.seen() == ["one"] * 4 + ["two"] * 2
    assert fixture.forwarder.since == stamps[4]
    fixture.forwarder.follow(None, fixture.now)
    fixture.forwarder.follow(layer, fixture.now)
    fixture.show(layer, True)
    assert fixture.forwarder.since == fixture.transport.sent[-1][2]


def test_padding_within_a_camera_leaves_no_hole_and_no_trace_in_the_pictures() -> None:
    fixture = ForwarderFixture()
    fixture.forwarder.follow(fixture.one, 0.0)
    for at in range(2):
        fixture.show(fixture.one, at == 0)
    for source, keyframe in ((fixture.one, False), (fixture.two, True)):
        fixture.one.push(Packet(0, fixture.one.sequence & 0xFFFF, 0, 0, False, b""))
        fixture.one.sequence += 1
        fixture.flush_queue.flush(fixture.now)
        fixture.forwarder.pad(600, fixture.now)
        assert fixture.transport.whole  # the picture before it is complete
        fixture.transport.whole.clear()
        fixture.forwarder.follow(source, fixture.now)
        fixture.show(source, keyframe)
    payloads = [payload for *_, payload in fixture.transport.sent]
    assert [payload[-3:] for payload in payloads] == [b"one", b"one", b"", b"one", b"", b"two"]
    ids = [vp8_descriptor(payload).picture_id for payload in payloads if payload]
    assert ids == [0x7FFE, 0x7FFF, 1, 2]  # of the camera's own numbers, of which padding took one


def test_a_codec_may_change_with_the_source() -> None:
    fixture = ForwarderFixture(("H264", "VP8"))
    fixture.forwarder.follow(fixture.one, 0.0)
    fixture.show(fixture.one, True)
    fixture.forwarder.follow(fixture.two, fixture.now)
    fixture.show(fixture.two, True)
    assert [second & 0x7F for second, *_ in fixture.transport.sent] == [102, 96]
    assert fixture.numbers() == [0, 1]
    assert (fixture.forwarder.takes("VP8"), fixture.forwarder.takes("opus")) == (True, False)


def test_the_first_vp8_source_goes_as_it_is_whatever_came_before() -> None:
    fixture = ForwarderFixture(("H264", "VP8"))
    fixture.one.name = "\xfc\xff\xff\xff\xff\xff"  # as bytes, what might be a descriptor of VP8
    fixture.forwarder.follow(fixture.one, 0.0)
    fixture.show(fixture.one, True)
    for source in (fixture.two, fixture.one, fixture.two):
        fixture.forwarder.follow(source, fixture.now)
        fixture.show(source, True)
        fixture.show(source)
    ids = [vp8_descriptor(p).picture_id for second, _, _, _, p in fixture.transport.sent if second & 0x7F == 96]
    assert ids == [500, 501, 502, 503]


def test_a_change_of_source_that_is_taken_back_keeps_the_first_source() -> None:
    fixture = ForwarderFixture()
    fixture.forwarder.follow(fixture.one, 0.0)
    fixture.show(fixture.one, True)
    fixture.forwarder.follow(fixture.two, fixture.now)
    fixture.forwarder.follow(fixture.one, fixture.now)
    fixture.show(fixture.two, True)
    fixture.show(fixture.one)
    assert fixture.seen() == ["one", "one"]
    assert fixture.two.sinks == []


def test_nothing_is_sent_after_leaving() -> None:
    for closes in (False, True):
        fixture = ForwarderFixture()
        fixture.forwarder.follow(fixture.one, 0.0)
        fixture.show(fixture.one, True)
        fixture.forwarder.follow(fixture.two, fixture.now)
        if closes:
            fixture.forwarder.close()
        else:
            fixture.forwarder.follow(None, fixture.now)
        fixture.show(fixture.one, True)
        fixture.show(fixture.two, True)
        assert fixture.seen() == ["one"]
        assert fixture.one.sinks == fixture.two.sinks == []


def test_sound_changes_at_once() -> None:
    flush_queue, transport = FlushQueue(), TransportFake()
    forwarder = Forwarder({"opus": 111}, 48000, transport)
    full, minus = Source("mix", "opus", flush_queue), Source("minus", "opus", flush_queue)
    forwarder.follow(full, 0.0)
    for source, sequence in ((full, 1), (full, 2), (minus, 9)):
        forwarder.follow(source, 0.0)
        source.push(Packet(0, sequence, 2**33 + sequence, 0, False, source.name.encode()))
        flush_queue.flush(0.0)
    assert [payload for *_, payload in transport.sent] == [b"mix", b"mix", b"minus"]
    assert all(timestamp < 2**32 for _, _, timestamp, *_ in transport.sent)


class MixListener:
    """A listener and two mixes on one clock; each tick's packet has its number as payload."""

    def __init__(self) -> None:
        self.flush_queue, self.transport = FlushQueue(), TransportFake()
        self.forwarder = Forwarder({"opus": 111}, 48000, self.transport)
        self.mixes = [Source("mix", "opus", self.flush_queue), Source("minus", "opus", self.flush_queue)]
        self.numbers = [0xFFF0, 7]
        self.forwarder.follow(self.mixes[0], 0.0)

    def push(self, tick: int) -> None:
        for at, mix in enumerate(self.mixes):
            mix.push(Packet(0, self.numbers[at] & 0xFFFF, 2**33 + tick * 960, 0, False, b"%d" % tick))
            self.numbers[at] += 1

    def heard(self) -> list[int]:
        """Return the ticks in the order sent; timestamps and sequence numbers must go on without a gap."""
        ticks = [int(payload) for *_, payload in self.transport.sent]
        first = self.transport.sent[0]
        assert [(stamp - first[2]) & 0xFFFFFFFF for _, _, stamp, *_ in self.transport.sent] == [
            960 * (tick - ticks[0]) for tick in ticks
        ]
        assert [(number - first[1]) & 0xFFFF for _, number, *_ in self.transport.sent] == list(range(len(ticks)))
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
    fixture = ForwarderFixture()
    fixture.forwarder.follow(fixture.one, 0.0)
    for at in range(10):
        fixture.show(fixture.one, at == 0)
    sent = list(fixture.transport.sent)
    fixture.transport.sent.clear()
    fixture.forwarder.resend(
        [sent[3][1], sent[7][1], (sent[-1][1] + 1) & 0xFFFF, (sent[0][1] - 1) & 0xFFFF],
        *RATE_AND_ROUND_TRIP,
        fixture.now,
    )
    assert fixture.transport.sent == [sent[3], sent[7]]
    fixture.show(fixture.one)
    assert (fixture.transport.sent[-1][1] - sent[-1][1]) & 0xFFFF == 1


def repaired(fixture: ForwarderFixture) -> list[tuple[int, int, bytes]]:
    """Return the packets sent in the RTX stream: their own number, the original one, the payload."""
    found = [packet for packet in fixture.transport.sent if packet[3] == RTX_SSRC]
    assert {second & 0x7F for second, *_ in found} <= {97}
    packets = [Packet(97, sequence, stamp, RTX_SSRC, second > 127, data) for second, sequence, stamp, _, data in found]
    originals = [unwrap(packet, fixture.forwarder.ssrc, 96) for packet in packets]
    return [(packet.sequence, o.sequence, o.payload) for packet, o in zip(packets, originals, strict=True) if o]


def test_a_peer_with_a_stream_for_retransmissions_gets_them_there_in_numbers_of_their_own() -> None:
    fixture = ForwarderFixture(rtx=True)
    fixture.forwarder.follow(fixture.one, 0.0)
    for at in range(10):
        fixture.show(fixture.one, at == 0)
    sent = list(fixture.transport.sent)
    fixture.forwarder.resend([sent[3][1], sent[7][1]], *RATE_AND_ROUND_TRIP, fixture.now)
    assert repaired(fixture) == [(0xFFFF, sent[3][1], sent[3][4]), (0, sent[7][1], sent[7][4])]
    fixture.show(fixture.one)
    assert (fixture.transport.sent[-1][1] - sent[-1][1]) & 0xFFFF == 1
    assert (fixture.forwarder.packets, fixture.forwarder.octets) == (11, 77)


class RepeatingFixture(ForwarderFixture):
    """A forwarder of a peer that takes retransmissions, paced and repeating; its pictures come every 80 ms."""

    def __init__(self, rtx: bool = True) -> None:
        super().__init__(rtx=rtx)
        self.counters = Counters()
        self.forwarder = Forwarder(
            NUMBERS,
            90000,
            self.transport,
            rtx=self.forwarder.rtx,
            flush_queue=self.flush_queue,
            repetition_limit=RepetitionLimit(self.counters),
        )
        self.forwarder.follow(self.one, 0.0)

    def show(self, source: Camera, keyframe: bool = False) -> None:
        source.picture(keyframe)
        for _ in range(4):
            self.flush_queue.flush(self.now)
            self.now += 0.02

    def again(self) -> list[int]:
        """Return the packets sent in the RTX stream, by their places in the first one."""
        first = next(sequence for _, sequence, _, ssrc, _ in self.transport.sent if ssrc != RTX_SSRC)
        return [(original - first) & 0xFFFF for _, original, _ in repaired(self)]


def test_pictures_are_sent_again_unasked_and_key_frames_twice() -> None:
    fixture = RepeatingFixture()
    fixture.show(fixture.one, True)
    handed_over = [fixture.forwarder.stream.source]
    fixture.forwarder.repeat(1)
    handed_over.append(fixture.forwarder.stream.source)
    for keyframe in (False, True, False):
        fixture.show(fixture.one, keyframe)
    fixture.flush_queue.flush(fixture.now)
    handed_over.append(fixture.forwarder.stream.source)
    fixture.forwarder.repeat(0)
    fixture.show(fixture.one)
    handed_over.append(fixture.forwarder.stream.source)
    assert fixture.again() == [1, 2, 2, 3]
    assert handed_over == [fixture.one, None, None, fixture.one]
    assert (fixture.forwarder.packets, fixture.counters.repeated, fixture.flush_queue) == (5, 4, [])
    sent = {sequence: packet for packet in fixture.transport.sent if packet[3] != RTX_SSRC for sequence in packet[1:2]}
    assert all(sent[original][4] == payload for _, original, payload in repaired(fixture))
    assert fixture.forwarder.resent_octets == 4 * (7 + HEADERS_BYTES)


def test_what_is_requested_comes_twice_while_pictures_do() -> None:
    fixture = RepeatingFixture()
    fixture.forwarder.repeat(2)
    fixture.show(fixture.one, True)
    fixture.show(fixture.one)
    fixture.flush_queue.flush(fixture.now)
    fixture.transport.sent[:] = fixture.transport.sent[:1]
    fixture.forwarder.resend([(fixture.transport.sent[0][1] + 1) & 0xFFFF], *RATE_AND_ROUND_TRIP, fixture.now)
    for later in (0.0, SPACING_S, 2 * SPACING_S):
        fixture.flush_queue.flush(fixture.now + later)
    assert fixture.again() == [1, 1]


def test_nothing_is_sent_again_unasked_to_a_peer_without_a_stream_for_it() -> None:
    fixture = RepeatingFixture(rtx=False)
    fixture.forwarder.repeat(2)
    for keyframe in (True, False):
        fixture.show(fixture.one, keyframe)
    assert fixture.numbers() == [0, 1]
    assert fixture.forwarder.stream.source is fixture.one


def test_a_request_is_answered_by_the_key_frame_that_is_under_way() -> None:
    fixture = RepeatingFixture()
    fixture.forwarder.repeat(1)
    fixture.show(fixture.one, True)
    before = fixture.one.keyframe_requests
    asked = []
    for later in (0.1, 0.5, 0.6, 0.65):
        fixture.forwarder.request_keyframe(later, 0.6)
        asked.append(fixture.one.keyframe_requests - before)
    assert asked == [0, 0, 1, 1]


def test_a_packet_under_way_is_not_sent_again() -> None:
    fixture = ForwarderFixture(rtx=True)
    fixture.forwarder.follow(fixture.one, 0.0)
    fixture.show(fixture.one, True)
    lost, (rate, round_trip) = fixture.transport.sent[0][1], RATE_AND_ROUND_TRIP
    for later in (0.0, 0.5 * round_trip, 1.1 * round_trip):
        fixture.forwarder.resend([lost], rate, round_trip, fixture.now + later)
    assert len(repaired(fixture)) == 2


def test_a_flood_of_requests_is_looked_at_no_further_than_a_cache_goes() -> None:
    fixture, looked = ForwarderFixture(rtx=True), 0

    def flood() -> Iterator[int]:
        nonlocal looked
        for looked in range(1, 5000):
            yield looked * 7 & 0xFFFF

    fixture.forwarder.follow(fixture.one, 0.0)
    fixture.show(fixture.one, True)
    read = []
    for _ in range(3):
        fixture.forwarder.resend(flood(), *RATE_AND_ROUND_TRIP, fixture.now)
        read.append(looked)
    assert read == [MAX_LOOKUPS + 1, 1, 1]


def test_the_streams_of_a_peer_share_one_limit_and_each_has_numbers_of_its_own() -> None:
    fixture, limit = ForwarderFixture(), RetransmissionLimit()
    streams = [Forwarder(NUMBERS, 90000, fixture.transport, retransmission_limit=limit) for _ in range(2)]
    for stream in streams:
        stream.rewriter.next_sequence = 7
        stream.follow(fixture.one, 0.0)
    fixture.show(fixture.one, True)
    for stream in streams:
        stream.resend([7], *RATE_AND_ROUND_TRIP, fixture.now)
    numbers = [(packet[3], packet[1]) for packet in fixture.transport.sent]
    assert numbers == 2 * [(stream.ssrc, 7) for stream in streams]
    flood = iter(range(10 * MAX_LOOKUPS))
    for stream in streams:
        stream.resend(flood, *RATE_AND_ROUND_TRIP, fixture.now)
    assert next(flood) == MAX_LOOKUPS, "two were looked up before, and each stream takes one that it does not look up"


def test_a_key_frame_is_sent_in_parts_and_what_follows_waits_its_turn() -> None:
    fixture = ForwarderFixture()
    fixture.forwarder = Forwarder(NUMBERS, 90000, fixture.transport, flush_queue=fixture.flush_queue)
    fixture.forwarder.follow(fixture.one, 0.0)
    for at in range(60):
        fixture.one.push(Packet(0, at, 0, 0, at == 59, b"x" * 1000, at == 0))
    fixture.one.sequence = 60
    counts = []
    for _ in range(5):
        fixture.show(fixture.one)
        counts.append(len(fixture.transport.sent))
    assert counts[0] < 20
    assert counts[-1] == 65
    assert all(b - a < 20 for a, b in itertools.pairwise(counts))
    assert fixture.numbers() == list(range(65))
    fixture.forwarder.pad(10_000, fixture.now)
    assert len(fixture.transport.whole) > 0


def test_waiting_packets_of_a_picture_are_dropped_when_the_next_source_takes_its_place() -> None:
    fixture = ForwarderFixture()
    fixture.forwarder = Forwarder(NUMBERS, 90000, fixture.transport, flush_queue=fixture.flush_queue)
    fixture.forwarder.follow(fixture.one, 0.0)
    for at in range(200):
        fixture.one.push(Packet(0, at, 0, 0, at == 199, b"x" * 1000, at == 0))
    fixture.flush_queue.flush(0.0)
    begun = len(fixture.transport.sent)
    assert begun < 20
    waits = (fixture.transport.sent[-1][1] + 1) & 0xFFFF
    fixture.forwarder.resend([waits], *RATE_AND_ROUND_TRIP, 0.0)
    assert len(fixture.transport.sent) == begun  # it comes anyway, in its turn
    fixture.forwarder.follow(fixture.two, 0.0)
    fixture.two.picture(keyframe=True)
    fixture.flush_queue.flush(0.0)
    for _ in range(2):
        fixture.show(fixture.two)
    assert fixture.seen()[begun:] == ["two"] * 3
    assert fixture.numbers() == list(range(begun + 3))
    assert fixture.forwarder.packets == begun + 3
    assert fixture.forwarder.octets == sum(len(payload) for *_, payload in fixture.transport.sent)


def test_no_number_is_used_twice_when_a_repaired_packet_was_the_first_to_wait() -> None:
    fixture = ForwarderFixture()
    fixture.forwarder = Forwarder(NUMBERS, 90000, fixture.transport, flush_queue=fixture.flush_queue)
    fixture.forwarder.follow(fixture.one, 0.0)
    numbers = [*range(3), *range(4, 17), 3, *range(17, 60)]  # the fourth was lost on its way to us, and comes late
    for number in numbers:
        fixture.one.push(Packet(0, number, 0, 0, True, b"x" * 1000, number == 0))
        fixture.flush_queue.flush(0.0)
    sent = len(fixture.transport.sent)
    assert fixture.numbers() == [*range(3), *range(4, 17)]
    fixture.forwarder.follow(fixture.two, 0.0)
    fixture.two.picture(keyframe=True)
    for now in (0.0, 0.04):
        fixture.flush_queue.flush(now)
    assert fixture.seen()[sent:] == ["two"]
    used = fixture.numbers()
    assert len(set(used)) == len(used) and used[-1] == max(used[:-1]) + 1


def test_a_link_is_filled_with_the_newest_packets_and_numbers_stay_as_they_are() -> None:
    fixture = ForwarderFixture(rtx=True)
    fixture.forwarder.follow(fixture.one, 0.0)
    for at in range(5):
        fixture.show(fixture.one, at == 0)
    sent = list(fixture.transport.sent)
    fixture.forwarder.pad(3 * (len(sent[-1][4]) + HEADERS_BYTES) + 1, fixture.now)
    assert [original for _, original, _ in repaired(fixture)] == [packet[1] for packet in sent[:1:-1]]
    fixture.show(fixture.one)
    assert (fixture.transport.sent[-1][1] - sent[-1][1]) & 0xFFFF == 1
    before = len(repaired(fixture))
    fixture.forwarder.pad(1e9, fixture.now)
    again = [original for _, original, _ in repaired(fixture)][before:]
    assert [(number - sent[0][1]) & 0xFFFF for number in again] == (MAX_REPEATED // 6) * [5, 4, 3, 2, 1, 0]
    assert fixture.transport.whole == []


def test_packets_of_an_earlier_source_are_not_sent_again() -> None:
    fixture = ForwarderFixture()
    fixture.forwarder.follow(fixture.one, 0.0)
    fixture.show(fixture.one, True)
    fixture.forwarder.follow(fixture.two, fixture.now)
    fixture.show(fixture.two, True)
    before = list(fixture.transport.sent)
    fixture.forwarder.resend([before[0][1]], *RATE_AND_ROUND_TRIP, fixture.now)
    assert fixture.transport.sent == before


def test_a_viewers_request_reaches_the_picture_it_has_and_the_one_it_waits_for() -> None:
    fixture = ForwarderFixture()
    fixture.forwarder.request_keyframe(0.0)
    fixture.forwarder.follow(fixture.one, 0.0)
    fixture.show(fixture.one, True)
    fixture.forwarder.follow(fixture.two, fixture.now)
    fixture.forwarder.request_keyframe(9.0)
    assert (fixture.one.keyframe_requests, fixture.two.keyframe_requests) == (2, 2)


def test_a_viewers_request_that_comes_too_soon_is_passed_on_later_unless_a_key_frame_comes_first() -> None:
    fixture = ForwarderFixture()
    forwarder, camera = fixture.forwarder, fixture.one
    forwarder.follow(camera, 0.0)
    fixture.show(camera, True)
    seen = []
    for at, step in (
        *((10.0, "request"), (10.1, "key frame"), (10.2, "request"), (10.4, "tick"), (10.5, "tick")),
        *((10.6, "key frame"), (10.7, "request"), (10.8, "key frame"), (11.5, "tick"), (12.5, "tick")),
    ):
        match step:
            case "request":
                forwarder.request_keyframe(at)
            case "tick":
                forwarder.remind(at)
            case "key frame":
                fixture.show(camera, True)
        seen.append((step, camera.keyframe_requests - 1, forwarder.request_waits))
    assert seen == [
        *(("request", 1, False), ("key frame", 1, False), ("request", 1, True), ("tick", 1, True), ("tick", 2, False)),
        *(("key frame", 2, False), ("request", 2, True), ("key frame", 2, True), ("tick", 2, False)),
        ("tick", 2, False),
    ]


def test_a_viewers_request_that_waits_is_dropped_with_the_source_it_was_for() -> None:
    fixture = ForwarderFixture()
    forwarder = fixture.forwarder
    for at, source in enumerate((fixture.one, fixture.two, None)):
        for later in (0.0, 0.1):
            forwarder.request_keyframe(10.0 * at + later)
        assert forwarder.request_waits
        forwarder.follow(source, 10.0 * at + 0.2)
        if source is not None:
            fixture.show(source, True)
        assert not forwarder.request_waits


def test_padding_fills_numbers_between_pictures_and_never_within_one() -> None:
    fixture = ForwarderFixture()
    fixture.forwarder.pad(10_000, fixture.now)
    fixture.forwarder.follow(fixture.one, 0.0)
    fixture.show(fixture.one, True)
    fixture.forwarder.pad(3 * (PADDING_BYTES + HEADERS_BYTES), fixture.now)
    fixture.show(fixture.one)
    packets = [parse(data, len(data))[0] for data in fixture.transport.whole]
    assert [packet.payload for packet in packets] == [b""] * 3
    assert {(packet.payload_type, packet.ssrc) for packet in packets} == {(96, fixture.forwarder.ssrc)}
    first = fixture.transport.sent[0][1]
    assert [(packet.sequence - first) & 0xFFFF for packet in packets] == [1, 2, 3]
    assert fixture.numbers() == [0, 4]
    fixture.one.picture(marker=False)
    fixture.flush_queue.flush(fixture.now)
    fixture.forwarder.pad(10_000, fixture.now)
    assert len(fixture.transport.whole) == 3


class TemporalCamera(Camera):
    """A camera with three temporal layers, in pictures of two packets. The payload's last byte is the layer's digit."""

    LAYERS = "02120212"
    SYNC = (1, 2)
    """The pictures of eight that refer to the lowest layer alone."""

    def __init__(self, flush_queue: FlushQueue) -> None:
        super().__init__("camera", "VP8", flush_queue, 0xFFF0)
        self.pictures = 0x7FF8
        self.made: dict[int, Packet] = {}
        """Each packet by its sequence number."""

    def next(self, lost: tuple[int, ...] = (), keyframe: bool = False) -> list[Packet]:
        """Make the next picture; return the packets of those numbers in it that do not come."""
        at = 0 if keyframe else self.pictures % 8
        layer, missing = self.LAYERS[at], []
        for part in (0, 1):
            third = int(layer) << 6 | (at in self.SYNC) << 5
            head = bytes(
                [0x80 if part else 0x90, 0xE0, 0x80 | self.pictures >> 8 & 0x7F, self.pictures & 0xFF, 7, third]
            )
            number, stamp = self.sequence & 0xFFFF, self.pictures * 3000 & 0xFFFFFFFF
            packet = Packet(0, number, stamp, 0, part == 1, head + layer.encode(), keyframe and part == 0)
            self.made[number] = packet
            self.sequence += 1
            if part in lost:
                missing.append(packet)
            else:
                self.push(packet)
        self.pictures += 1
        return missing


class TemporalFixture(ForwarderFixture):
    """A forwarder of a camera with temporal layers."""

    def __init__(self, rtx: bool = False) -> None:
        super().__init__(rtx=rtx)
        self.camera = TemporalCamera(self.flush_queue)
        self.forwarder.follow(self.camera, 0.0)
        self.next(keyframe=True)

    def next(self, lost: tuple[int, ...] = (), keyframe: bool = False) -> list[Packet]:
        """Send the next picture; return what does not come."""
        missing = self.camera.next(lost, keyframe)
        self.now += 0.03
        self.flush_queue.flush(self.now)
        return missing

    def layers(self) -> str:
        """Return the layers of the pictures sent."""
        return "".join(payload[-1:].decode() for *_, payload in self.transport.sent if payload[0] & 0x10)

    def ids(self) -> list[int]:
        """Return the picture ids sent, relative to the first."""
        ids = [vp8_descriptor(payload).picture_id or 0 for *_, payload in self.transport.sent]
        return [(each - ids[0]) & 0x7FFF for each in ids]


def test_without_upper_temporal_layers_numbers_and_picture_ids_go_on_without_a_gap() -> None:
    fixture, sent = TemporalFixture(), 0
    expected = {1: "10101010", 0: "0000", None: "101021202120"}
    for limit, layers in expected.items():
        sent = len(fixture.layers())
        fixture.forwarder.limit_temporal_layers(limit)
        assert (fixture.forwarder.stream.source is None) == (limit == 1), "the fast loop goes on once it moves ids"
        for _ in range(16):
            fixture.next()
        assert fixture.layers()[sent:] == layers
        assert fixture.forwarder.stream.source is fixture.camera
    assert fixture.numbers() == list(range(len(fixture.transport.sent)))
    assert fixture.ids() == [at // 2 for at in range(len(fixture.transport.sent))]
    stamps = [timestamp for _, _, timestamp, *_ in fixture.transport.sent]
    assert all(0 <= (b - a) & 0xFFFFFFFF <= 12_000 for a, b in itertools.pairwise(stamps))


def test_missed_packets_of_the_lowest_temporal_layer_are_sent_again_bit_for_bit() -> None:
    fixture = TemporalFixture()
    fixture.forwarder.limit_temporal_layers(0)
    for _ in range(40):
        fixture.next()
    sent = list(fixture.transport.sent)
    fixture.transport.sent.clear()
    fixture.forwarder.resend([packet[1] for packet in sent], *RATE_AND_ROUND_TRIP, fixture.now)
    assert fixture.transport.sent == sent


def test_a_packet_that_comes_late_fills_its_number_whatever_its_layer() -> None:
    fixture = TemporalFixture()
    fixture.forwarder.limit_temporal_layers(0)
    missing = [packet for lost in ((0,), (), (1,), (0, 1), (1,), (0, 1)) for packet in fixture.next(lost)]
    for _ in range(4):
        fixture.next()
    used = set(fixture.numbers())
    fixture.camera.push(*missing)
    fixture.flush_queue.flush(fixture.now)
    numbers = fixture.numbers()
    assert len(set(numbers)) == len(numbers)
    assert sorted(numbers) == list(range(len(numbers))), "no number is left to be requested for ever"
    assert len(used) < len(numbers)


def test_the_link_is_filled_with_packets_of_the_lowest_temporal_layer_alone() -> None:
    fixture = TemporalFixture(rtx=True)
    fixture.forwarder.limit_temporal_layers(0)
    for _ in range(9):
        fixture.next()
    sent = list(fixture.transport.sent)
    fixture.forwarder.pad(4 * (len(sent[-1][4]) + 2 + HEADERS_BYTES), fixture.now)
    assert [original for _, original, _ in repaired(fixture)] == [packet[1] for packet in sent[:-5:-1]]


def test_another_camera_comes_without_the_temporal_layers_of_the_one_before() -> None:
    fixture = TemporalFixture()
    fixture.forwarder.limit_temporal_layers(0)
    for _ in range(7):
        fixture.next()
    other = TemporalCamera(fixture.flush_queue)
    fixture.forwarder.limit_temporal_layers(1)
    fixture.forwarder.follow(other, fixture.now)
    other.next(keyframe=True)
    for _ in range(7):
        other.next()
    fixture.flush_queue.flush(fixture.now)
    assert fixture.layers() == "00" + "0101"
    assert fixture.numbers() == list(range(len(fixture.transport.sent)))
    assert fixture.ids() == [at // 2 for at in range(len(fixture.transport.sent))]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 1, None, "stay", "stay", "stay", "key"]),
            st.sampled_from([(), (), (), (0,), (1,), (0, 1)]),
            st.integers(1, 5),
        ),
        max_size=60,
    )
)
def test_whatever_temporal_layers_are_forwarded_a_number_stays_that_of_its_packet(
    history: list[tuple[int | str | None, tuple[int, ...], int]],
) -> None:
    """Each number is used for one payload, none is skipped but for packets that never come, and what is requested again
    is what was sent."""
    fixture = TemporalFixture()
    late: list[tuple[int, Packet]] = []
    for at, (happens, lost, delay) in enumerate(history):
        if happens not in ("stay", "key"):
            fixture.forwarder.limit_temporal_layers(happens if isinstance(happens, int) else None)
        late += [(at + delay, packet) for packet in fixture.next(lost, happens == "key")]
        fixture.camera.push(*[packet for due, packet in late if due == at])
        fixture.flush_queue.flush(fixture.now)
    outstanding = [packet for due, packet in late if due >= len(history)]
    sent = list(fixture.transport.sent)
    numbers = fixture.numbers()
    assert len(set(numbers)) == len(numbers)
    assert max(numbers) + 1 - len(numbers) <= len(outstanding)
    fixture.transport.sent.clear()
    fixture.forwarder.resend([packet[1] for packet in sent], *RATE_AND_ROUND_TRIP, fixture.now)
    by_number = {packet[1]: packet for packet in sent}
    assert all(packet == by_number[packet[1]] for packet in fixture.transport.sent)
    assert len(fixture.transport.sent) == len(sent)


class LyingCamera(Camera):
    """A camera whose VP8 descriptors are any of RFC 7741 §4.2, with picture ids and temporal layers drawn by chance."""

    def __init__(self, name: str, flush_queue: FlushQueue, draw: Random) -> None:
        super().__init__(name, "VP8", flush_queue, draw.randrange(0x10000))
        self.draw = draw

    def _descriptor(self) -> bytes:
        fields = self.draw.choice([0x00, 0x20, 0x30, 0x80, 0xC0, 0xA0, 0xE0, 0xE0, 0xE0, 0xF0])
        short = bytes([self.draw.randrange(0x80)])
        long = bytes([0x80 | self.draw.randrange(0x80), self.draw.randrange(0x100)])
        ids = self.draw.choice([short, long, long]) if fields & 0x80 else b""
        return bytes([fields]) + ids + self.draw.randbytes((fields & 0x40 != 0) + (fields & 0x30 != 0))

    def next(self) -> list[Packet]:
        """Send the next picture; return packets of it that are late."""
        descriptor, late, keyframe = self._descriptor(), [], self.draw.random() < 0.1
        for part in range(count := self.draw.randrange(1, 4)):
            payload = bytes([0x80 if part else 0x90]) + descriptor + self.draw.randbytes(4)
            stamp, marker = self.sequence * 3000 & 0xFFFFFFFF, part == count - 1
            packet = Packet(0, self.sequence & 0xFFFF, stamp, 0, marker, payload, keyframe and not part)
            self.sequence += 1
            if self.draw.random() < 0.1:
                late.append(packet)
            else:
                self.push(packet)
        return late


@pytest.mark.parametrize("seed", range(20))
def test_whatever_a_camera_says_of_its_pictures_a_number_stays_that_of_its_payload(seed: int) -> None:
    fixture, draw, sent = ForwarderFixture(), Random(seed), dict[int, Outgoing]()
    cameras = [LyingCamera(name, fixture.flush_queue, draw) for name in ("one", "two")]
    late: list[tuple[int, LyingCamera, Packet]] = []
    for at in range(400):
        now = 0.03 * at
        if draw.random() < 0.1:
            fixture.forwarder.follow(draw.choice(cameras), now)
        if draw.random() < 0.1:
            fixture.forwarder.limit_temporal_layers(draw.choice([0, 1, 2, None]))
        late += [(at + draw.randrange(6), camera, packet) for camera in cameras for packet in camera.next()]
        for _, camera, packet in [each for each in late if each[0] == at]:
            camera.push(packet)
        fixture.flush_queue.flush(now)
        recent = list(sent)[-100:]
        fixture.forwarder.resend(draw.sample(recent, len(recent) // 5), 4_000_000, 0.0, now)
        for packet_sent in fixture.transport.sent:
            assert sent.setdefault(packet_sent[1], packet_sent) == packet_sent
        fixture.transport.sent.clear()
    assert len(sent) > 100


STEPS = st.lists(
    st.tuples(st.sampled_from(["one", "two"]), st.sampled_from(["look", "show", "key", "hole", "pad"])), max_size=60
)


@given(STEPS, st.sampled_from([("VP8", "VP8"), ("H264", "VP8"), ("H264", "H264")]), st.booleans())
def test_whatever_happens_a_number_is_used_once_and_numbers_only_skip_where_the_source_did(
    steps: list[tuple[str, str]], codecs: tuple[str, str], paced: bool
) -> None:
    fixture, holes = ForwarderFixture(codecs), 0
    if paced:
        fixture.forwarder = Forwarder(NUMBERS, 90000, fixture.transport, flush_queue=fixture.flush_queue)
        fixture.transport.path.pace = 5000.0  # a picture in a tenth of a second
    for name, step in steps:
        source = fixture.one if name == "one" else fixture.two
        match step:
            case "look":
                fixture.forwarder.follow(source, fixture.now)
            case "hole":
                source.sequence += 3
                holes += 1
            case "pad":
                fixture.forwarder.pad(PADDING_BYTES + HEADERS_BYTES, fixture.now)
            case _:
                fixture.show(source, step == "key")
    padded = [parse(data, len(data))[0].sequence for data in fixture.transport.whole]
    used = [sequence for _, sequence, *_ in fixture.transport.sent] + padded
    assert len(set(used)) == len(used)
    if fixture.transport.sent:
        first = fixture.transport.sent[0][1]
        span = max((sequence - first) & 0xFFFF for sequence in used) + 1
        assert len(used) <= span <= len(used) + 3 * holes
