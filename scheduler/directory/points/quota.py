"""Computes how many points a unit may have: the level's quota and its exemptions (Điều 8). Pure.

The quota counts rooms, whatever devices are in them (reading A7).
"""

from collections.abc import Iterable
from datetime import date

from scheduler.core.model import Point, PointState, Unit
from scheduler.directory.errors import QuotaExceeded
from scheduler.directory.model import Exemption
from scheduler.policy.policy import Policy


def allowed(policy: Policy, unit: Unit, exemptions: Iterable[Exemption], day: date) -> int | None:
    """Return how many points a unit may have on a day; None: without limit (Điều 8.1)."""
    level = policy.level(unit.level)
    if level is None or level.quota is None:
        return None
    return level.quota + sum(
        exemption.extra for exemption in exemptions if exemption.kind == "points" and exemption.holds(day)
    )


def check_new(policy: Policy, unit: Unit, points: Iterable[Point], exemptions: Iterable[Exemption], day: date) -> None:
    """Refuse a draft of one more point beyond the quota. Raises QuotaExceeded.

    An exemption that has yet to begin counts.
    """
    coming = [exemption for exemption in exemptions if not exemption.over(day)]
    latest = max([day, *(exemption.dated for exemption in coming)])
    living = sum(point.state != PointState.WITHDRAWN for point in points)
    _check(policy, unit, living + 1, [g for g in coming if not g.over(latest)], latest)


def check_active(
    policy: Policy, unit: Unit, points: Iterable[Point], exemptions: Iterable[Exemption], day: date
) -> None:
    """Refuse to activate one more point beyond the quota. Raises QuotaExceeded."""
    active = sum(point.state == PointState.ACTIVE for point in points)
    _check(policy, unit, active + 1, exemptions, day)


def _check(policy: Policy, unit: Unit, wanted: int, exemptions: Iterable[Exemption], day: date) -> None:
    quota = allowed(policy, unit, exemptions, day)
    if quota is not None and wanted > quota:
        raise QuotaExceeded(unit.id, quota, wanted, policy.directory.quotas[unit.level])


def surplus(
    policy: Policy, unit: Unit, points: Iterable[Point], exemptions: Iterable[Exemption], day: date
) -> list[Point]:
    """Return which active points are beyond the quota on a day, the newest (highest number) first (R-045)."""
    quota = allowed(policy, unit, exemptions, day)
    active = [point for point in points if point.state == PointState.ACTIVE]
    if quota is None or len(active) <= quota:
        return []
    return sorted(active, key=lambda point: min(point.numbers or (1,)), reverse=True)[: len(active) - quota]
