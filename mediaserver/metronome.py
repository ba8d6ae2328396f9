"""When pictures of different rates are due: each rate has a grid, all grids begin together. Pure."""

from collections.abc import Collection
from math import ceil


class Metronome:
    """`start` is when every grid's tick 0 was, in seconds."""

    def __init__(self, start: float) -> None:
        # given
        self._start = start
        # owned
        self._next: dict[int, int] = {}

    def beat(self, rates: Collection[int], now: float) -> tuple[float, int, int]:
        """The next tick of any of these rates (in Hz): when it is due, of which rate, and its number.

        Each is told once. One that is late by a whole period is left out: the grid is kept, not the count.
        """
        self._next = {rate: self._following(rate, now) for rate in rates}
        due, rate, tick = min((self._start + tick / rate, rate, tick) for rate, tick in self._next.items())
        self._next[rate] = tick + 1
        return due, rate, tick

    def _following(self, rate: int, now: float) -> int:
        elapsed = now - self._start
        tick = self._next.get(rate)
        return ceil(elapsed * rate) if tick is None or elapsed - tick / rate > 1 / rate else tick
