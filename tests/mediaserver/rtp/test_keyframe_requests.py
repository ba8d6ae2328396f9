"""Tests of key frame requests, counted against the interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.rtp.keyframe_requests import (
    BURST,
    EVERY_S,
    MAX_INTERVAL_S,
    MIN_INTERVAL_S,
    KeyframeShare,
    KeyframeThrottle,
)

STEPS = st.lists(st.tuples(st.sampled_from(["want", "due", "arrived", "forget"]), st.integers(0, 1000)), max_size=60)


def test_the_first_request_goes_out_at_once_and_is_repeated_until_one_comes() -> None:
    throttle = KeyframeThrottle()
    assert throttle.want(0.0)
    assert [throttle.due(t / 10) for t in range(1, 11)] == [False] * 4 + [True] + [False] * 4 + [True]
    throttle.arrived()
    assert not throttle.due(10.0)


@pytest.mark.parametrize(("round_trip", "interval"), [(0.04, MIN_INTERVAL_S), (0.6, 0.66), (5.0, MAX_INTERVAL_S)])
def test_a_request_is_repeated_once_its_key_frame_could_be_there(round_trip: float, interval: float) -> None:
    throttle = KeyframeThrottle()
    throttle.follow_line(round_trip)
    assert throttle.want(0.0)
    asked = [t / 100 for t in range(1, 301) if throttle.due(t / 100)]
    assert asked[0] == interval
    assert len(asked) == int(3.0 / interval)
    throttle.arrived()
    assert [throttle.rests(asked[-1] + later) for later in (0.99 * interval, 1.01 * interval)] == [False, True]


@given(STEPS)
def test_requests_keep_their_distance_and_none_is_forgotten(steps: list[tuple[str, int]]) -> None:
    throttle, now, requested_at, wanted = KeyframeThrottle(), 0.0, -1.0, False
    for step, milliseconds in steps:
        now += milliseconds / 1000
        if step in ("arrived", "forget"):
            throttle.arrived() if step == "arrived" else throttle.forget()
            wanted = False
            continue
        wanted = wanted or step == "want"
        expected = wanted and now - requested_at >= MIN_INTERVAL_S
        assert (throttle.want if step == "want" else throttle.due)(now) is expected
        if expected:
            requested_at = now
        assert throttle.rests(now) is (not wanted and now - requested_at >= MIN_INTERVAL_S)


def test_a_receiver_that_requests_all_the_time_is_heard_now_and_then_and_one_that_lost_a_key_frame_at_once() -> None:
    share = KeyframeShare()
    heard = [t / 8 for t in range(97) if share.want(t / 8)]
    assert heard == [0.0, 0.5, 1.0, *(2.0 * each for each in range(1, 7))]
    assert (heard[:BURST], heard[-1] - heard[-2]) == ([0.0, MIN_INTERVAL_S, 2 * MIN_INTERVAL_S], EVERY_S)
    share.forget()
    assert [share.want(t / 8) for t in range(160, 172)] == [True, *[False] * 3] * 3


def test_a_receiver_that_requests_once_too_soon_is_heard_once_as_soon_as_it_may() -> None:
    share, heard = KeyframeShare(), []
    for t in range(49):
        requests = t in (0, 3, 4, 8, 9)  # eighths of a second
        if share.want(t / 8) if requests else share.due(t / 8):
            heard.append(t / 8)
    assert heard == [0.0, 0.5, 1.0, 2.0]


def test_a_request_that_waits_is_dropped_once_it_was_answered() -> None:
    share = KeyframeShare()
    assert [share.want(0.0), share.waits, share.want(0.25), share.waits] == [True, False, False, True]
    share.forget()
    assert [share.waits, share.due(0.5)] == [False, False]
