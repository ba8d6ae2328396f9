"""Figures of the points after a worker was killed."""

from loadtest.load.worker_kill import KillOutcome, kill_figures
from loadtest.report.html_page import page
from tests.loadtest.report.case_results import figures, report


def test_only_points_that_were_hit_and_came_back_have_a_time() -> None:
    outcomes = [
        KillOutcome(False, 0.1),
        KillOutcome(True, 1.5),
        KillOutcome(True, 0.9),
        KillOutcome(True, 40.1),
        KillOutcome(True, None),
    ]
    assert kill_figures("media-0", outcomes, 40.0) == {
        "worker": "media-0",
        "expected": 5,
        "hit": 4,
        "back": 3,
        "back_s": {"median": 0.9, "p95": 1.5, "max": 1.5},
        "times_s": [0.9, 1.5],
    }


def test_points_that_never_came_back_are_not_drawn_as_back() -> None:
    kill = kill_figures("media-0", [KillOutcome(False, 0.1), KillOutcome(True, 0.9), KillOutcome(True, 40.1)], 40.0)
    case = figures(kill=kill)
    assert [verdict["word"] for verdict in case["verdicts"] if not verdict["passed"]] == ["back"]
    assert "40.1" not in page(report(case))


def test_a_kill_that_hits_nobody_shows_nothing() -> None:
    case = figures(kill=kill_figures("media-0", [KillOutcome(False, 0.1)] * 3, 40.0))
    assert [verdict["word"] for verdict in case["verdicts"] if not verdict["passed"]] == ["hit"]
