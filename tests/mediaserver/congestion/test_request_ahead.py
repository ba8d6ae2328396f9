"""Tests of requests for packets that were not sent yet."""

import pytest

from mediaserver.congestion.request_ahead import AFTER_S, MAX_REQUESTED, WINDOW_S, RequestAhead

TICK_S, ROUND_TRIP_S = 0.06, 0.6


def requested(first: int, packets_a_second: float, seconds: float, later: int = 0) -> list[tuple[float, list[int]]]:
    """Return what is requested, and when, of a steady stream of which each packet came at once."""
    rule, ticks = RequestAhead(), round(seconds / TICK_S)
    times = [tick * TICK_S for tick in range(ticks)]
    return [(now, rule.due(later + first + int(now * packets_a_second), ROUND_TRIP_S, now)) for now in times]


@pytest.mark.parametrize("first", [1000, 0xFFFF - 150])
@pytest.mark.parametrize("packets_a_second", [12.0, 30.0, 60.0])
def test_each_packet_is_requested_twice_soon_after_it_was_sent(first: int, packets_a_second: float) -> None:
    seen: dict[int, list[float]] = {}
    for now, numbers in requested(first, packets_a_second, 10.0):
        for number in numbers:
            seen.setdefault((number - first) & 0xFFFF, []).append(now + ROUND_TRIP_S / 2)
    whole = range(round(3 * packets_a_second), round(9 * packets_a_second))
    assert [len(seen[number]) for number in whole] == [2] * len(whole)
    lags = [seen[number][0] - (number / packets_a_second - ROUND_TRIP_S / 2) for number in whole]
    assert min(lags) > 0.0
    assert max(lags) < AFTER_S + 2 * TICK_S + 1 / packets_a_second


def test_nothing_is_requested_until_the_pace_is_known_and_little_at_once() -> None:
    found = requested(0, 2000.0, 2 * WINDOW_S)
    assert all(not numbers for now, numbers in found if now < WINDOW_S / 2)
    assert max(len(numbers) for _, numbers in found) == MAX_REQUESTED


def test_a_stream_that_begins_anew_is_counted_anew() -> None:
    rule = RequestAhead()
    for tick in range(40):
        rule.due(1000 + 2 * tick, ROUND_TRIP_S, tick * TICK_S)
    assert rule.due(1082, ROUND_TRIP_S, 40 * TICK_S)
    assert [rule.due(5 + 2 * tick, ROUND_TRIP_S, (41 + tick) * TICK_S) for tick in range(16)] == [[]] * 16
    rule.forget()
    assert rule.due(2000, ROUND_TRIP_S, 100.0) == []


def test_a_stream_that_rests_is_requested_no_further() -> None:
    rule = RequestAhead()
    for tick in range(40):
        rule.due(1000 + 2 * tick, ROUND_TRIP_S, tick * TICK_S)
    rested = [rule.due(1078, ROUND_TRIP_S, (40 + tick) * TICK_S) for tick in range(60)]
    assert sum(map(len, rested[1:])) <= 2
    assert rested[2:] == [[]] * 58
