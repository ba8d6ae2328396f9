"""Summarises a unit and those right below it: points, assessments, drift, people (Điều 19.1; R-118). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.core.model import Point, PointState, Unit
from scheduler.directory.model import Assessment, DeviceChange
from scheduler.directory.people.list_status import ListStatus


@dataclass(frozen=True, slots=True)
class UnitSummary:
    """Counts of a unit's own points and of those of units right below it; `people` is the unit's own list."""

    unit: Unit
    own_active: int
    own: int
    below_active: int
    below: int
    assessed: int
    ending: int
    taken_over: int
    drift: int
    people: ListStatus


def unit_summary(
    people: ListStatus,
    units: Iterable[Unit],
    points: Iterable[Point],
    assessments: Mapping[str, Assessment],
    changes: Iterable[DeviceChange],
    now: datetime,
    warn_days: int,
) -> UnitSummary:
    """Return the summary of a unit. Withdrawn points do not count.

    `ending` assessments end within `warn_days` or have ended; `taken_over` points have none yet.
    """
    unit = people.unit
    under = {each.id for each in units if each.parent == unit.id}
    living = [point for point in points if point.state != PointState.WITHDRAWN]
    own = [point for point in living if point.unit == unit.id]
    below = [point for point in living if point.unit in under]
    mine = {point.id for point in (*own, *below)}
    held = [assessments[point] for point in sorted(mine) if point in assessments]
    passed = [each for each in held if each.result != "failed" and each.expires is not None]
    soon = now + timedelta(days=warn_days)
    return UnitSummary(
        unit=unit,
        own_active=_active(own),
        own=len(own),
        below_active=_active(below),
        below=len(below),
        assessed=sum(each.expires is not None and each.expires > now for each in passed),
        ending=sum(each.expires is not None and each.expires <= soon for each in passed),
        taken_over=sum(point.taken_over is not None for point in (*own, *below)),
        drift=sum(change.state == "open" and change.kind == "drift" and change.point in mine for change in changes),
        people=people,
    )


def _active(points: Iterable[Point]) -> int:
    return sum(point.state == PointState.ACTIVE for point in points)
