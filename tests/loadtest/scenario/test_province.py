"""The report of a province's cases, and the capacity that it proposes.

Also tests `loadtest/report/case_result.py`.
"""

from typing import Any

import pytest

from loadtest.load.cases import CASES
from loadtest.report.case_result import ran_in_full
from loadtest.scenario.province import ProvinceSettings, conditions, proposal
from tests.loadtest.report.case_results import figures


def passed_case(meetings: int, points: int, cpu_pct: float, **changed: Any) -> dict[str, Any]:
    reached = {"sizes": [points // meetings] * meetings, "points": points, "cameras": points, "layers": 3}
    return figures(**{"reached": reached, "server": figures()["server"] | {"cpu_pct": cpu_pct}} | changed)


def test_the_proposal_is_fitted_over_the_cases_that_passed() -> None:
    found = proposal([passed_case(1, 160, 52), passed_case(4, 190, 118)], 1.0)
    assert found is not None
    assert (found["why"]["session_pct"], found["why"]["point_pct"]) == (20.0, 0.2)
    assert found["why"]["seen_sessions"] == 4
    assert found["need"]["cores"] == round((16 * 20 + 204 * 0.2) / 100, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"joined": 100},
        {"loss_pct": 30.0},
        {"sound": {"gaps": 9, "points_with_gaps": 9, "longest_ms": 5000}},
        {"pictures_per_s": {"median": 24.5, "p5": 0.0, "least": 0.0}},
        {"kill": figures()["kill"] | {"back": 159}},
    ],
)
def test_a_case_that_missed_anything_proposes_nothing(change: dict[str, Any]) -> None:
    assert proposal([passed_case(1, 160, 52, **change)], 0.8) is None


@pytest.mark.parametrize("change", [{"cameras": 16}, {"layers": 1}])
def test_a_case_that_ran_lightened_proposes_nothing(change: dict[str, int]) -> None:
    whole, light = passed_case(1, 160, 52), passed_case(4, 190, 30)
    light["reached"] |= change
    assert proposal([light], 0.8) is None
    found = proposal([whole, light], 0.8)
    assert found is not None
    assert (found["cases"], found["why"]["seen_sessions"]) == (["d"], 1)


def test_fewer_meetings_that_ran_in_full_count() -> None:
    fewer = passed_case(6, 72, 113, asked={"sizes": [12] * 16, "cameras": 192, "layers": 3})
    found = proposal([fewer], 1.0)
    assert found is not None
    assert found["why"]["seen_sessions"] == 6


def test_a_case_ran_in_full_with_all_points_cameras_and_layers_at_full_scale() -> None:
    planned = {"sizes": [160], "cameras": 160, "layers": 3}
    assert ran_in_full(passed_case(1, 160, 52, asked=planned))
    assert not ran_in_full(passed_case(1, 160, 52, asked=planned | {"layers": 4}))
    assert not ran_in_full(passed_case(1, 160, 52, asked=planned | {"sizes": [160, 15]}))
    assert not ran_in_full(passed_case(1, 160, 52, asked=planned, scale=0.1))


def test_a_smaller_scale_proposes_nothing() -> None:
    assert proposal([passed_case(1, 160, 52, scale=0.1)], 0.8) is None


def test_the_conditions_tell_the_scale() -> None:
    assert conditions(ProvinceSettings())["scale"] == 1
    assert conditions(ProvinceSettings(tuple(case.scaled(0.1) for case in CASES)))["scale"] == 0.1


def test_without_a_passed_case_nothing_is_proposed() -> None:
    assert proposal([], 0.8) is None
