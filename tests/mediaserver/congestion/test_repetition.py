"""Tests of the rule for pictures that are sent again unasked, and of what holds them until then."""

from dataclasses import dataclass

import pytest

from mediaserver.congestion.pacer import HEADERS_BYTES
from mediaserver.congestion.repetition import (
    AGAIN_S,
    BURST_S,
    MAX_PAUSE_S,
    MAX_WAITING,
    MOST_BPS,
    PAUSE_S,
    SPACING_S,
    Repeater,
    Repetition,
    RepetitionLimit,
)
from mediaserver.rtp.rtx import Sent


@dataclass
class CountersFake:
    """Counters of a process."""

    repeated: int = 0


def packet(number: int, octets: int = 100) -> Sent:
    return 96, number, 0, 1, bytes(octets)


def test_it_begins_where_the_line_carries_more_and_ends_with_the_loss() -> None:
    rule, found = Repetition(), []
    for second, (times, carries_more) in enumerate(((2, False), (2, True), (1, False), (0, False), (1, False))):
        rule.judge(times, 100.0 + second, full=False, carries_more=carries_more)
        found.append((rule.times, rule.lowest_only))
    assert found == [(0, False), (2, True), (1, True), (0, False), (0, False)]


def pauses(times: int, wait_s: float) -> list[float]:
    """Return the seconds without repetitions, so many times, of a line that is full whenever they went on for so
    long."""
    rule, now, found = Repetition(), 100.0, list[float]()
    rule.judge(2, now, full=False, carries_more=True)
    for _ in range(times):
        now += wait_s
        began = now
        rule.judge(2, now, full=True, carries_more=False)
        while not rule.times:
            assert rule.lowest_only
            now += 0.1
            rule.judge(2, now, full=False, carries_more=False)
        found.append(now - began)
    return found


def test_a_full_line_gets_each_packet_once_and_longer_each_time() -> None:
    assert pauses(7, 1.0) == pytest.approx([PAUSE_S * 2**each for each in range(5)] + [MAX_PAUSE_S] * 2, abs=0.11)
    assert pauses(3, AGAIN_S) == pytest.approx([PAUSE_S] * 3, abs=0.11)


def test_a_line_that_loses_again_gets_repetitions_at_once() -> None:
    rule, found = Repetition(), []
    for now, times, full in ((100.0, 2, False), (101.0, 2, True), (101.1, 0, False), (101.2, 1, False)):
        rule.judge(times, now, full=full, carries_more=True)
        found.append(rule.times)
    assert found == [2, 0, 0, 1]


def test_packets_come_again_in_their_order_each_at_its_time() -> None:
    counters = CountersFake()
    repeater = Repeater(RepetitionLimit(counters))
    repeater.put([packet(1), packet(2)], 2, 0.0)
    repeater.put([packet(3)], 1, 0.02)
    seen = [(tick, [sent[1] for sent in repeater.take(tick / 50)]) for tick in range(6)]
    assert SPACING_S == 2 / 50
    assert seen == [(0, []), (1, []), (2, [1, 2]), (3, [3]), (4, [1, 2]), (5, [])]
    assert (repeater.waits, counters.repeated) == (False, 5)


def test_all_streams_of_a_peer_share_one_limit() -> None:
    counters = CountersFake()
    limit = RepetitionLimit(counters)
    streams, octets = [Repeater(limit) for _ in range(2)], 1000 - HEADERS_BYTES
    burst = round(MOST_BPS / 8 * BURST_S / 1000 - 0.5)
    for stream in streams:
        stream.put([packet(number, octets) for number in range(burst)], 1, 0.0)
    assert [len(stream.take(1.0)) for stream in streams] == [burst, 0]
    assert not any(stream.waits for stream in streams), "what the limit refuses is given up"
    streams[1].put([packet(number, octets) for number in range(burst)], 1, 1.0)
    assert len(streams[1].take(1.0 + BURST_S / 2)) == pytest.approx(burst / 2, abs=1)
    assert counters.repeated == pytest.approx(1.5 * burst, abs=1)


def test_no_more_than_some_packets_wait() -> None:
    repeater = Repeater(RepetitionLimit(CountersFake()))
    repeater.put([packet(number, 0) for number in range(MAX_WAITING + 3)], 2, 0.0)
    assert [sent[1] for sent in repeater.take(1.0)] == list(range(3, MAX_WAITING + 3))
