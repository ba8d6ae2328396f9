"""Computes the load over time and where it exceeds a limit, exactly: half-open intervals, whole numbers, no grid.

`CapacityLimit` is a step function of time (the maximum, or its usable share). `sweep` cuts a window into steps of
constant load, by an event sweep. `over` returns the steps where held slots and one more would exceed a limit. `busy`
joins them into the intervals that a slot must not touch, which is all that a search for free times needs.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.core.capacity_limit import CapacityLimit
from scheduler.core.model import Amount, Interval, Limit, LoadStep, Slot


@dataclass(frozen=True, slots=True)
class Overload:
    """Over `interval`, the load of `limit` would be `needed`, more than the `usable` share."""

    limit: Limit
    interval: Interval
    usable: int
    needed: int


def sweep(held: Iterable[Slot], window: Interval, cuts: Iterable[datetime] = ()) -> list[LoadStep]:
    """Return the load over a window as steps without gaps, cut wherever it changes and at `cuts` inside the window."""
    if window.end <= window.start:
        return []
    changes: dict[datetime, tuple[int, int]] = {
        cut: (0, 0) for cut in (window.start, *cuts) if window.start <= cut < window.end
    }
    for slot in held:
        if slot.start < window.end and window.start < slot.end:
            _change(changes, max(slot.start, window.start), 1, slot.legs)
            if slot.end < window.end:
                _change(changes, slot.end, -1, -slot.legs)
    steps, sessions, points = [], 0, 0
    times = sorted(changes)
    for start, end in zip(times, [*times[1:], window.end], strict=False):
        sessions, points = sessions + changes[start][0], points + changes[start][1]
        steps.append(LoadStep(start, end, sessions, points))
    return steps


def _change(changes: dict[datetime, tuple[int, int]], at: datetime, sessions: int, points: int) -> None:
    old = changes.get(at, (0, 0))
    changes[at] = (old[0] + sessions, old[1] + points)


def peak(steps: Iterable[LoadStep], what: Limit) -> LoadStep | None:
    """Return the first step with the highest load of `what`; None if no session is held."""
    top = max(steps, key=lambda step: step.sessions if what == "sessions" else step.points, default=None)
    return top if top and top.sessions else None


def merged(steps: Iterable[LoadStep]) -> list[LoadStep]:
    """Join neighbouring steps of equal load."""
    joined: list[LoadStep] = []
    for step in steps:
        last = joined[-1] if joined else None
        if last and (last.end, last.sessions, last.points) == (step.start, step.sessions, step.points):
            joined[-1] = LoadStep(last.start, step.end, step.sessions, step.points)
        else:
            joined.append(step)
    return joined


def overloads(held: Iterable[Slot], limits: CapacityLimit, window: Interval, more: Amount) -> list[Overload]:
    """Return where the held slots and `more` exceed a limit inside a window, in time order, sessions first."""
    excesses = []
    for step in sweep(held, window, (since for since, _ in limits.steps)):
        limit = limits.at(step.start)
        interval = Interval(step.start, step.end)
        if step.sessions + more.sessions > limit.sessions:
            excesses.append(Overload("sessions", interval, limit.sessions, step.sessions + more.sessions))
        if step.points + more.points > limit.points:
            excesses.append(Overload("points", interval, limit.points, step.points + more.points))
    return excesses


def busy(held: Iterable[Slot], usable: CapacityLimit, window: Interval, legs: int) -> list[Interval]:
    """Return the disjoint intervals of a window, in order, that a slot of `legs` must not touch."""
    joined: list[Interval] = []
    for excess in overloads(held, usable, window, Amount(1, legs)):
        if joined and excess.interval.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, excess.interval.end))
        else:
            joined.append(excess.interval)
    return joined


def meets(intervals: Sequence[Interval], start: datetime, end: datetime) -> bool:
    """Return whether [start, end) overlaps one of the disjoint, ordered intervals."""
    index = bisect_right(intervals, start, key=lambda interval: interval.end)
    return index < len(intervals) and intervals[index].start < end
