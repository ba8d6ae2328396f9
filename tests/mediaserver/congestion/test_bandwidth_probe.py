"""Tests of the bandwidth probe: when it grows, waits, retreats and ends.

Also tests `round_trips.py`.
"""

import pytest

from mediaserver.congestion.bandwidth_probe import (
    GROWTH,
    HOLD_S,
    LATE_RESPONSES,
    LATE_S,
    REPORT_S,
    RETREAT,
    SHORT_S,
    Probe,
    Verdict,
)
from mediaserver.congestion.round_trips import AGAIN_S

LEAST_S = 0.05


def begun(goal: float = 1e9) -> Probe:
    """Return a probe of a link that carries 1 Mbit/s, which has just sent its first request."""
    probe = Probe(1e6, goal, 0.0)
    assert probe.should_request(LEAST_S, 0.0)
    return probe


def test_it_grows_with_every_response_that_shows_no_queue_and_with_nothing_else() -> None:
    probe = begun()
    assert probe.rate == GROWTH * 1e6
    assert not probe.should_request(LEAST_S, 0.04)
    probe.responded(SHORT_S, 0.05)
    assert probe.rate == GROWTH**2 * 1e6
    assert probe.should_request(LEAST_S, 0.06)
    probe.responded(LATE_S, 0.15)
    assert probe.rate == GROWTH**2 * 1e6
    assert probe.sends(0.15) == probe.rate


def test_late_responses_in_a_row_take_growth_back_and_fail_the_probe() -> None:
    probe = begun()
    rates = []
    for late in range(LATE_RESPONSES):
        assert probe.verdict(1.0) is Verdict.OPEN
        probe.responded(LATE_S + 0.01, late)
        rates.append(probe.rate / (GROWTH * 1e6))
    assert rates == pytest.approx([1.0, RETREAT, RETREAT**2, RETREAT**3])
    assert probe.verdict(1.0) is Verdict.FAILED


def test_a_good_response_between_late_ones_forgives_them() -> None:
    probe = begun()
    for at in range(3 * LATE_RESPONSES):
        probe.responded(0.0 if at % 3 == 2 else LATE_S + 0.01, at)
        assert probe.verdict(at) is Verdict.OPEN


def test_an_overdue_response_is_late_before_it_comes_and_only_once() -> None:
    probe = begun()
    assert not probe.should_request(LEAST_S, LEAST_S + LATE_S + 0.001)
    probe.responded(LATE_S + 0.1, 0.25)
    assert probe.rate == GROWTH * 1e6  # the first late one takes nothing back
    assert probe.should_request(LEAST_S, 0.3)
    assert not probe.should_request(LEAST_S, 0.3 + LEAST_S + LATE_S + 0.001)
    assert probe.rate == RETREAT * GROWTH * 1e6
    probe.responded(LATE_S + 0.1, 0.5)
    assert probe.rate == RETREAT * GROWTH * 1e6


def test_a_request_whose_response_got_lost_is_sent_again() -> None:
    probe = begun()
    limit = 2 * LEAST_S + AGAIN_S
    assert [probe.should_request(LEAST_S, limit - 0.001), probe.should_request(LEAST_S, limit + 0.001)] == [False, True]


def test_a_link_without_a_response_fails_the_probe() -> None:
    probe = begun()
    open_times = (at / 10 for at in range(1, 30) if probe.verdict(at / 10) is Verdict.OPEN)
    request_times = [now for now in open_times if probe.should_request(LEAST_S, now)]
    assert len(request_times) == LATE_RESPONSES - 1
    assert probe.verdict(3.0) is Verdict.FAILED


def test_a_goal_is_held_then_a_report_decides() -> None:
    probe = begun(goal=GROWTH * 1e6)
    probe.responded(0.0, 0.05)
    probe.reported(lossy=False, now=HOLD_S - 0.01)
    assert (probe.sends(HOLD_S - 0.01), probe.verdict(HOLD_S - 0.01)) == (GROWTH * 1e6, Verdict.OPEN)
    assert (probe.sends(HOLD_S), probe.verdict(HOLD_S)) == (0.0, Verdict.OPEN)
    probe.reported(lossy=False, now=HOLD_S + 0.2)
    assert probe.verdict(HOLD_S + 0.2) is Verdict.PASSED


def test_losses_fail_the_probe_at_any_time() -> None:
    probe = begun(goal=GROWTH * 1e6)
    probe.reported(lossy=True, now=0.1)
    assert probe.verdict(0.1) is Verdict.FAILED
    probe.reported(lossy=False, now=HOLD_S)
    assert probe.verdict(HOLD_S) is Verdict.FAILED


def test_a_probe_without_a_report_on_its_goal_does_not_pass() -> None:
    probe = begun(goal=GROWTH * 1e6)
    assert probe.verdict(REPORT_S) is Verdict.OPEN
    assert probe.verdict(REPORT_S + 0.01) is Verdict.FAILED
