"""The capacity limit as a step function of time: the most sessions and legs at each instant. Pure."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scheduler.core.model import Amount


@dataclass(frozen=True, slots=True)
class CapacityLimit:
    """A step function: `first` until the first of `steps`, which are (since, amount) in ascending order."""

    first: Amount
    steps: tuple[tuple[datetime, Amount], ...] = ()

    def at(self, instant: datetime) -> Amount:
        """Return the amount at an instant."""
        index = bisect_right(self.steps, instant, key=lambda step: step[0])
        return self.steps[index - 1][1] if index else self.first

    def changed(self, since: datetime, amount: Amount) -> "CapacityLimit":
        """Return the function with one more step, instead of one that begins at the same instant."""
        others = [step for step in self.steps if step[0] != since]
        return CapacityLimit(self.first, tuple(sorted([*others, (since, amount)], key=lambda step: step[0])))

    def between(self, since: datetime, until: datetime, amount: Amount) -> "CapacityLimit":
        """Return the function with an amount from `since` to `until`, and its former values from `until` on."""
        others = tuple(step for step in self.steps if not since <= step[0] < until)
        return CapacityLimit(self.first, others).changed(until, self.at(until)).changed(since, amount)

    def of(self, part: Callable[[Amount], Amount]) -> "CapacityLimit":
        """Return the function with `part` applied to every amount, for example the usable share (R-062, R-063)."""
        return CapacityLimit(part(self.first), tuple((since, part(amount)) for since, amount in self.steps))
