"""Counts for how long each point is the active speaker. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta

STORE_EVERY = timedelta(seconds=10)
"""So often what was counted is stored; a killed server forgets no more."""
LONGEST_LOOK = timedelta(seconds=5)
"""A look that comes later, since the server stood still, counts for no more."""


class SpeakingTimes:
    """Adds up the time between two looks, about one second, to the point that speaks at the second one."""

    def __init__(self) -> None:
        self._counted: dict[str, timedelta] = {}
        self._looked: datetime | None = None
        self._stored: datetime | None = None

    def look(self, point: str | None, now: datetime) -> Mapping[str, int]:
        """Count the time since the last look for who speaks now; return the seconds that are due to be stored."""
        if point is not None and self._looked is not None:
            spoken = max(timedelta(), min(now - self._looked, LONGEST_LOOK))  # clocks are set back, too
            self._counted[point] = self._counted.get(point, timedelta()) + spoken
        self._looked = now
        if self._stored is None:
            self._stored = now
        if abs(now - self._stored) < STORE_EVERY:
            return {}
        self._stored = now
        return self.take()

    def take(self) -> Mapping[str, int]:
        """Return the whole seconds that were counted since the last time, by point; the rest counts on."""
        whole = {point: int(spoken.total_seconds()) for point, spoken in self._counted.items()}
        self._counted = {point: spoken - timedelta(seconds=whole[point]) for point, spoken in self._counted.items()}
        return {point: seconds for point, seconds in whole.items() if seconds}
