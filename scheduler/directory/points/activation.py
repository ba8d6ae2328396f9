"""Finds what a point lacks to be active (Điều 3.9, 9; R-046). Pure.

It needs an assessment, a line, a name, room in the quota, an account and a managing unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from scheduler.core.errors import FieldError
from scheduler.core.model import Point, PointState, Unit
from scheduler.directory.equipment import lines
from scheduler.directory.errors import QuotaExceeded
from scheduler.directory.model import AccessLine, Assessment, Exemption, Room
from scheduler.directory.points import assessment, quota
from scheduler.policy.policy import Policy
from scheduler.units import point_names


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about a point that is to become active; `siblings` are its unit's other points."""

    point: Point
    unit: Unit
    parent: Unit | None
    siblings: Sequence[Point]
    room: Room
    lines: Sequence[AccessLine]
    assessment: Assessment | None
    exemptions: Sequence[Exemption]
    account: bool


_LINE_FAILED = FieldError("assessment", "assessment-line")


def lacks(facts: Facts, policy: Policy, day: date, now: datetime) -> list[FieldError]:
    """Return everything that is missing, in the order of Điều 9."""
    exempt = any(exemption.kind == "internet" and exemption.holds(day) for exemption in facts.exemptions)
    missing = [*_room(facts, policy, now), *lines.lacks(facts.lines, policy, facts.unit.level, exempt)]
    wrong = point_names.lack(facts.point, policy, facts.unit, facts.parent)
    missing += [] if wrong is None else [wrong]
    missing += _quota(facts, policy, day)
    missing += [] if facts.account else [FieldError("account", "no-account")]
    missing += [] if facts.room.managing_unit else [FieldError("managing_unit", "no-managing-unit")]
    return missing


def _room(facts: Facts, policy: Policy, now: datetime) -> list[FieldError]:
    last = facts.assessment
    if last is None:
        return [FieldError("assessment", "not-assessed")]
    if last.result == "failed":
        rules = policy.directory.assessment.items
        failed = [rules[item.id].name if item.id in rules else item.id for item in assessment.failing(last.items)]
        # If every item is met, the line failed it; the line may have been measured again since.
        return [FieldError("assessment", "assessment-failed", ", ".join(failed)) if failed else _LINE_FAILED]
    if last.expires is not None and last.expires <= now:
        return [FieldError("assessment", "assessment-over")]
    return []


def _quota(facts: Facts, policy: Policy, day: date) -> list[FieldError]:
    if facts.point.state == PointState.ACTIVE:
        return []
    try:
        quota.check_active(policy, facts.unit, facts.siblings, facts.exemptions, day)
    except QuotaExceeded as over:
        return [FieldError("quota", "quota", f"{over.quota:02}, {over.article}")]
    return []
