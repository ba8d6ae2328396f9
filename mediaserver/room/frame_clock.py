"""When pictures of different rates are due: each rate has a grid, all grids begin together. Pure."""

from collections.abc import Collection
from math import floor


class FrameClock:
    """`start` is when every grid's tick 0 was, in seconds."""

    def __init__(self, start: float) -> None:
        # given
        self._start = start
        # owned
        self._next: dict[int, int] = {}

    def next_tick(self, rates: Collection[int], now: float) -> tuple[float, int, int]:
        """The next tick of any of these rates (in Hz): when it is due, of which rate, and its number.

        Each is told once. Of those that are late only the latest is made up for: the grid is kept, not the count.
        """
        self._next = {rate: self._next_number(rate, now) for rate in rates}
        due, rate, tick = min((self._start + tick / rate, rate, tick) for rate, tick in self._next.items())
        self._next[rate] = tick + 1
        return due, rate, tick

    def _next_number(self, rate: int, now: float) -> int:
        latest = floor((now - self._start) * rate)
        return max(latest, self._next.get(rate, latest + 1))
