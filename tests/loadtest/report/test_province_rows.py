"""The table of a province's load test."""

from typing import Any

import pytest

from loadtest.report.province_rows import summary
from tests.loadtest.report.case_results import figures, report

PROPOSAL = {"sessions": 20, "points": 250, "cases": ["a", "c"]}


def rows(*cases: dict[str, Any], **changed: Any) -> list[list[str]]:
    lines = summary(report(*cases, **changed)).splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def case_c(cpu_pct: float, **changed: Any) -> dict[str, Any]:
    server = {"cpu_pct": cpu_pct, "memory_mb": 600, "processes": []}
    return figures(**{"word": "c", "kill": None, "whole": True, "server": server} | changed)


def test_a_case_says_what_ran_and_what_it_took() -> None:
    assert rows(figures())[0] == [
        "(d) A loss",
        "160 of 160 points joined, 2 of 2 meetings ran, 90 % of a core",
        "all",
        "no",
        "80 cameras of 1 layers; 25.0 pictures/s, poorest 5 % 24.9; 0.0 % lost; endpoints 50, others 1 % of a core",
    ]


@pytest.mark.parametrize(
    ("case", "reached"),
    [
        (case_c(90.0), "yes"),
        (case_c(90.1), "no"),
        (case_c(90.0, whole=False), "no"),
        (case_c(90.0, joined=159), "no"),
        (figures(whole=True), "yes"),
    ],
)
def test_a_case_is_reached_when_all_of_it_ran_for_little_enough(case: dict[str, Any], reached: str) -> None:
    assert rows(case)[0][3] == reached


def test_criteria_that_were_not_met_are_named() -> None:
    assert rows(case_c(90.0, joined=150))[0][4].endswith("; not met: joined")


@pytest.mark.parametrize(
    ("proposal", "figure", "reached"),
    [
        (PROPOSAL, "20 sessions, 250 points", "yes"),
        (PROPOSAL | {"sessions": 19}, "19 sessions, 250 points", "no"),
        (PROPOSAL | {"points": 249}, "20 sessions, 249 points", "no"),
        (None, "none: no case met everything with all points, cameras and layers", "no"),
    ],
)
def test_the_proposal_is_a_row(proposal: dict[str, Any] | None, figure: str, reached: str) -> None:
    (row,) = rows(proposal=proposal)
    assert row[:4] == ["proposed capacity", figure, "≥ 20 sessions, ≥ 250 points", reached]


def test_what_a_session_costs_comes_last() -> None:
    costs = {"points": 12, "forwarded_pct": 4.1, "composed_pct": 22.0, "recorded_pct": 3.1}
    lines = summary(report() | {"costs": costs}).splitlines()[-3:]
    assert lines == [
        "| a session of 12 points, forwarded | 4.1 % of a core | – | – | – |",
        "| a session of 12 points, composed for all | 22.0 % of a core | – | – | – |",
        "| a session of 12 points: recorded, more | 3.1 % of a core | ≤ 3 | no | – |",
    ]
