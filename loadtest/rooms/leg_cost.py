"""Divides the CPU time of a server and its workers by the legs that it serves meanwhile."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LEGS_PER_CALL = 2
"""The room system's and the host's."""


class LegCost:
    """Counts seconds of legs and of CPU. `cpu_s` returns the CPU seconds used so far, `clock` the time in seconds."""

    def __init__(self, cpu_s: Callable[[], float], clock: Callable[[], float] = time.monotonic) -> None:
        self._cpu_s = cpu_s
        self._clock = clock
        self._legs = 0
        self._leg_seconds = 0.0
        self._counted_at = clock()

    @contextmanager
    def call(self) -> Iterator[Callable[[], float]]:
        """Count the legs of a call in the block; what is yielded returns percent of a core for each leg since then.

        Other calls at the same time have their part of the CPU time.
        """
        self._advance(LEGS_PER_CALL)
        leg_seconds, cpu_s = self._leg_seconds, self._cpu_s()

        def percent() -> float:
            self._advance(0)
            return round(100 * (self._cpu_s() - cpu_s) / (self._leg_seconds - leg_seconds), 2)

        try:
            yield percent
        finally:
            self._advance(-LEGS_PER_CALL)

    def _advance(self, change: int) -> None:
        """Count the seconds of the legs until now; then there are so many more, or fewer."""
        now = self._clock()
        self._leg_seconds += self._legs * (now - self._counted_at)
        self._counted_at = now
        self._legs += change
