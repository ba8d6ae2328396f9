"""Tests of the frame clock: grids of several rates on one clock."""

import pytest

from mediaserver.room.frame_clock import FrameClock


def next_tick(frame_clock: FrameClock, rates: tuple[int, ...], now: float) -> tuple[float, int, int]:
    """Return the next tick, its time rounded to a microsecond."""
    due, rate, number = frame_clock.next_tick(rates, now)
    return round(due, 6), rate, number


def test_two_rates_keep_their_own_grids() -> None:
    frame_clock, now, ticks = FrameClock(100.0), 100.001, []
    while now < 101.0:
        now, rate, tick = frame_clock.next_tick((25, 30), now)
        ticks.append((rate, tick))
        assert now == pytest.approx(100.0 + tick / rate)
    assert [tick for rate, tick in ticks if rate == 25] == list(range(1, 26))
    assert [tick for rate, tick in ticks if rate == 30] == list(range(1, len(ticks) - 24))


def test_a_tick_that_is_a_little_late_is_made_and_one_that_is_later_is_left_out() -> None:
    frame_clock = FrameClock(0.0)
    assert next_tick(frame_clock, (25,), 0.01) == (0.04, 25, 1)
    assert next_tick(frame_clock, (25,), 0.11) == (0.08, 25, 2)
    assert next_tick(frame_clock, (25,), 0.25) == (0.24, 25, 6)
    assert next_tick(frame_clock, (25,), 0.25) == (0.28, 25, 7)


def test_a_rate_that_comes_back_joins_its_grid_where_time_is() -> None:
    frame_clock = FrameClock(0.0)
    frame_clock.next_tick((25, 30), 0.01)
    frame_clock.next_tick((25,), 0.035)
    ticks = [frame_clock.next_tick((25, 30), 1.001)[1:] for _ in range(3)]
    assert ticks == [(25, 25), (30, 31), (25, 26)]
