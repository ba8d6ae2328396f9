"""The province's cases and how they are made lighter."""

import pytest

from loadtest.load.cases import CASES, Case, Load
from loadtest.scenario.province import GUESTS


def test_the_cases_are_those_of_the_requirements() -> None:
    assert [(case.name, sum(case.sizes), len(case.sizes), case.kill) for case in CASES] == [
        ("a", 169, 1, False),
        ("b", 190, 4, False),
        ("c", 192, 16, False),
        ("e", 240, 40, False),
        ("d", 190, 4, True),
    ]


def test_a_scaled_case_keeps_its_meetings() -> None:
    small = CASES[1].scaled(0.1)
    assert (small.sizes, small.scale) == ((14, 2, 2, 2), 0.1)
    assert small.title.en == "145 points and three sessions of 15, at 10 % of the points"
    assert CASES[-1].scaled(1) == CASES[-1]


def lightened(case: Case) -> list[Load]:
    loads, load = [], Load(len(case.sizes)).lighter(case.shrink)
    while load is not None:
        loads.append(load)
        load = load.lighter(case.shrink)
    return loads


def test_layers_are_left_out_first_then_half_of_the_cameras_without_a_tile() -> None:
    loads = lightened(CASES[0])
    assert [(load.meetings, load.layers, load.cameras(169)) for load in loads] == [
        (1, 1, 169),
        (1, 1, 92),
        (1, 1, 54),
        (1, 1, 35),
        (1, 1, 16),
    ]
    assert Load(1).cameras(169) == 169
    assert loads[-1].cameras(12) == 12


def test_meetings_are_left_out_a_quarter_at_a_time() -> None:
    assert [(load.meetings, load.share) for load in lightened(CASES[2])] == [(n, 1.0) for n in (12, 9, 6, 4, 3, 2, 1)]
    assert {load.layers for load in lightened(CASES[2])} == {3}


@pytest.mark.parametrize("case", CASES)
def test_every_case_can_be_carried_out_with_the_points_there_are(case: Case) -> None:
    assert sum(case.sizes) <= 169 + GUESTS
