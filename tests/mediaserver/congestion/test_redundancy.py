"""Tests of the rule for redundant sound."""

import pytest

from mediaserver.congestion.redundancy import HOLD_S, JUDGED_PACKETS, Redundancy


def heard(*reports: tuple[float, float], packets: int = 250, full: bool = False) -> list[int]:
    """Return the earlier frames after each report of (time, share lost)."""
    rule = Redundancy()
    return [rule.reported(lost, at * packets, now, full=full) for at, (now, lost) in enumerate(reports, 1)]


@pytest.mark.parametrize(("lost", "frames"), [(0.0, 0), (0.02, 0), (0.03, 1), (0.07, 1), (0.08, 2), (1.0, 2)])
def test_the_more_is_lost_the_more_is_carried(lost: float, frames: int) -> None:
    assert heard((100.0, lost)) == [frames]


def test_it_begins_at_once_and_ends_after_a_while_without_need() -> None:
    later = 100.0 + HOLD_S
    assert heard((100.0, 0.05), (101.0, 0.2), (later, 0.04), (later + 1, 0.04), (2 * later, 0.0), (3 * later, 0.0)) == [
        1,
        2,
        2,
        1,
        0,
        0,
    ]
    assert heard((100.0, 0.1), (115.0, 0.0), (120.0, 0.1), (140.0, 0.0), (149.9, 0.0), (150.0, 0.0)) == [2] * 5 + [0]


def test_a_handful_of_packets_is_judged_with_those_that_follow() -> None:
    few = JUDGED_PACKETS // 5
    assert heard((100.0, 0.0), *((101.0, share) for share in (0.5, 0.0, 0.0, 0.0, 0.0)), packets=few) == [0] * 5 + [2]


def test_what_a_full_link_loses_is_not_made_up_for() -> None:
    assert heard((100.0, 0.2), (101.0, 0.2), full=True) == [0, 0]
    rule = Redundancy()
    rule.reported(0.2, 250, 100.0, full=False)
    assert [rule.reported(0.2, number * 250, now, full=True) for number, now in ((2, 110.0), (3, 130.0))] == [2, 0]


def test_a_report_of_impossible_numbers_counts_little() -> None:
    rule = Redundancy()
    frames = [rule.reported(0.0, highest, 100.0, full=False) for highest in (5, 4, 0xFFFFFFFF, 0)]
    assert (frames, rule.frames) == ([0] * 4, 0)
