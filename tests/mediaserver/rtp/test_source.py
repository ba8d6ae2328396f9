"""Tests of sources, sinks and the flush queue between them."""

import pytest

from mediaserver.rtp import source as rtp_source
from mediaserver.rtp.inbound_stream import MAX_PENDING
from mediaserver.rtp.keyframe_requests import MIN_INTERVAL_S
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue, Source, VideoSource


class KeepingSink:
    """A sink that keeps the packets it gets."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, list[int], float]] = []

    stream = None

    def send(self, source: Source, packets: list[Packet], now: float) -> None:
        self.batches.append((source.name, [packet.sequence for packet in packets], now))


class CountingSource(VideoSource):
    """A source that counts how often it was asked for a key frame."""

    keyframe_requests = 0

    def ask(self) -> None:
        self.keyframe_requests += 1


def packet(sequence: int, keyframe: bool = False) -> Packet:
    return Packet(96, sequence, 0, 1, False, b"x", keyframe)


def test_packets_wait_for_the_flush_and_reach_every_sink_once() -> None:
    flush_queue = FlushQueue()
    one, two = Source("one", "VP8", flush_queue), Source("two", "VP8", flush_queue)
    left, right = KeepingSink(), KeepingSink()
    for sink in (left, right, left):
        one.attach(sink)
    two.attach(right)
    for source, sequence in ((one, 1), (two, 7), (one, 2)):
        source.push(packet(sequence))
    assert left.batches == []
    flush_queue.flush(5.0)
    flush_queue.flush(6.0)
    assert left.batches == [("one", [1, 2], 5.0)]
    assert right.batches == [("one", [1, 2], 5.0), ("two", [7], 5.0)]


def test_a_sink_that_left_gets_nothing() -> None:
    flush_queue, sink = FlushQueue(), KeepingSink()
    source = Source("one", "VP8", flush_queue)
    source.detach(sink)
    source.attach(sink)
    source.push(packet(1))
    source.detach(sink)
    flush_queue.flush(0.0)
    assert sink.batches == []


class BrokenSink:
    """A sink that fails at everything."""

    stream = None

    def send(self, source: Source, packets: list[Packet], now: float) -> None:
        raise ZeroDivisionError


class StuckSender:
    """A sender whose packets cannot be sent."""

    def flush(self, now: float) -> None:
        raise ZeroDivisionError


def test_a_sink_that_fails_loses_its_packets_and_costs_nobody_else_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    posted = 0

    def post() -> None:
        nonlocal posted
        posted += 1

    monkeypatch.setattr(rtp_source, "send_prepared", post)
    flush_queue = FlushQueue()
    one, two = Source("one", "VP8", flush_queue), Source("two", "VP8", flush_queue)
    broken, behind, elsewhere = BrokenSink(), KeepingSink(), KeepingSink()
    for source, sink in ((one, broken), (one, behind), (two, elsewhere)):
        source.attach(sink)
    for sequence in range(3):
        flush_queue.append(StuckSender())
        for source in (one, two):
            source.push(packet(sequence))
        flush_queue.flush(float(sequence))
    assert behind.batches == [("one", [sequence], float(sequence)) for sequence in range(3)]
    assert elsewhere.batches == [("two", [sequence], float(sequence)) for sequence in range(3)]
    assert (one.sinks, list(flush_queue)) == ([broken, behind], [])
    assert posted == 3  # at the end of each flush: none of the sinks is sent anything that could overtake
    assert flush_queue.throttled_log.count == 6
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "x flush of a StuckSender")
    ]


def test_packets_nobody_takes_are_remembered_but_do_not_wait() -> None:
    flush_queue, sink = FlushQueue(), KeepingSink()
    source = VideoSource("one", "VP8", flush_queue)
    source.push(packet(1))
    source.attach(sink)
    flush_queue.flush(0.0)
    assert sink.batches == []
    assert source.recall(1) is not None


def test_a_flood_between_two_flushes_drops_its_oldest() -> None:
    flush_queue, sink = FlushQueue(), KeepingSink()
    source = Source("one", "VP8", flush_queue)
    source.attach(sink)
    for sequence in range(MAX_PENDING + 10):
        source.push(packet(sequence))
    flush_queue.flush(0.0)
    assert sink.batches == [("one", list(range(10, MAX_PENDING + 10)), 0.0)]


def test_key_frames_are_asked_for_at_once_then_at_intervals_until_one_comes() -> None:
    source = CountingSource("one", "VP8", FlushQueue())
    source.request_keyframe(0.0)
    source.request_keyframe(0.1)
    assert source.keyframe_requests == 1
    source.remind(MIN_INTERVAL_S)
    assert source.keyframe_requests == 2
    source.push(packet(1, keyframe=True))
    source.remind(10.0)
    assert source.keyframe_requests == 2


def test_a_key_frame_is_not_asked_for_again_when_all_who_wanted_it_have_left() -> None:
    source, left, right = CountingSource("one", "VP8", FlushQueue()), KeepingSink(), KeepingSink()
    for sink in (left, right):
        source.attach(sink)
    source.request_keyframe(0.0)
    source.detach(left)
    source.remind(MIN_INTERVAL_S)
    assert source.keyframe_requests == 2
    source.detach(right)
    source.remind(10.0)
    assert source.keyframe_requests == 2
    assert source.rests(10.0)
