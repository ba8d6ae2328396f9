"""Tells when frames of different rates are due: each rate has a grid, and all grids begin together. Pure."""

from collections.abc import Collection
from math import floor


class FrameClock:
    """Schedules frames; `start` is the time in seconds of tick 0 of every grid."""

    def __init__(self, start: float) -> None:
        self._start = start
        self._next: dict[int, int] = {}

    def next_tick(self, rates: Collection[int], now: float) -> tuple[float, int, int]:
        """Return the next tick of any of these rates (Hz): when it is due in seconds, its rate, and its number.

        Each tick is returned once. Of late ticks only the latest is made up for: the grid is kept, not the count.
        """
        self._next = {rate: self._next_number(rate, now) for rate in rates}
        due, rate, tick = min((self._start + tick / rate, rate, tick) for rate, tick in self._next.items())
        self._next[rate] = tick + 1
        return due, rate, tick

    def _next_number(self, rate: int, now: float) -> int:
        latest = floor((now - self._start) * rate)
        return max(latest, self._next.get(rate, latest + 1))
