"""Counts values by upper bounds, as Prometheus' histograms do. Pure."""

from bisect import bisect_left
from collections.abc import Sequence

LAG_BOUNDS_S = (0.005, 0.02, 0.05, 0.1, 0.25, 1.0)
"""A tick of sound is 20 ms, and the shortest jitter buffer holds three of them."""


class Histogram:
    """Counts values up to each of the ascending `bounds`, those above all of them, and their sum."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        # counters
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    @property
    def stats(self) -> dict[str, object]:
        """Return bounds, the count of each and of what is above, and the sum."""
        return {"bounds": list(self._bounds), "counts": list(self._counts), "sum": round(self._sum, 6)}
