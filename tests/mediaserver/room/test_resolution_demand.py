"""Tests of the resolution a camera is asked for, and of the quality a display is worth."""

import pytest

from mediaserver.room.resolution_demand import DECREASE_DELAY_S, DisplaySize, ResolutionDemand
from mediaserver.video.quality import LARGE, USUAL


def test_more_is_asked_for_at_once_and_less_after_a_while() -> None:
    demand = ResolutionDemand()
    new_heights = []
    for now, lines in ((0.0, 90), (3.9, 90), (4.0, 0), (4.5, 181), (9.0, 180), (12.9, 0), (13.0, 0), (14.0, 1080)):
        new_heights.append(demand.lines if demand.update(lines, now) else None)
    assert new_heights == [None, None, 180, 360, None, None, 180, 720]


def test_a_resolution_needed_again_before_the_delay_ends_stays() -> None:
    demand = ResolutionDemand()
    for now in range(60):
        assert not demand.update(0 if now % DECREASE_DELAY_S else 720, float(now))
    assert demand.lines == 720


@pytest.mark.parametrize(
    ("lines", "step"), [(0, USUAL), (1, 0), (180, 0), (181, 1), (360, 1), (361, USUAL), (900, USUAL), (901, LARGE)]
)
def test_a_display_gets_the_lowest_step_that_fills_it(lines: int, step: int) -> None:
    display = DisplaySize()
    display.step(lines, 720, 0.0)
    assert display.step(lines, 720, DECREASE_DELAY_S) == step
    assert display.step(2 * lines, 1440, DECREASE_DELAY_S) == step


def test_a_window_that_changes_its_size_to_and_fro_changes_nothing_and_a_larger_one_is_served_at_once() -> None:
    display = DisplaySize()
    for now in range(20):
        assert display.step(350 + 20 * (now % 2), 720, float(now)) == USUAL
    assert [display.step(350, 720, 30.0 + now) for now in (0.0, DECREASE_DELAY_S, DECREASE_DELAY_S + 1)] == [
        USUAL,
        1,
        1,
    ]
    assert display.step(370, 720, 40.0) == USUAL
    assert display.step(1080, 720, 40.0) == LARGE
