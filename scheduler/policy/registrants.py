"""Decides which units may register a session of a host (Điều 12.1–12.3, readings A10, A11, A17). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from scheduler.core.model import ClassId, Unit
from scheduler.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class Registrants:
    """The units that may register a session, with the article; a draft from another unit goes to the first one's inbox.

    `office`: they register for the Office of the province.
    """

    units: tuple[str, ...]
    article: str
    office: bool = False


NOBODY = Registrants((), "")
"""The result for a level that the profile does not know: only the centre may register."""


def registrants(
    host: Unit, units: Iterable[Unit], purpose: str, klass: ClassId, policy: Policy, day: date
) -> Registrants:
    """Return the units that may register a session of a host, among those valid on the session's day."""
    usual = _usual(host, [unit for unit in units if unit.valid(day)], purpose, policy)
    rules = policy.classes[klass]
    if usual == NOBODY or not rules.by_host or host.id in usual.units:
        return usual
    return Registrants((host.id, *usual.units), rules.article)


def _usual(host: Unit, units: list[Unit], purpose: str, policy: Policy) -> Registrants:
    rules = policy.registration
    rule = rules.rule(host.level)
    if rule is None:
        return NOBODY
    above = [unit.id for unit in units if unit.id == host.parent]
    if rule.by == "office" or purpose in rules.office_purposes:
        offices = tuple(unit.id for unit in units if unit.level == rules.office_level)
        office = rules.rule(rules.office_level)
        return Registrants(offices, office.article if office else rule.article, office=True)
    if rule.by == "parent_unit":
        return Registrants(tuple(above), rule.article)
    return Registrants((host.id, *(above if rule.parent_too else [])), rule.article)


def wards(unit_id: str, units: Iterable[Unit], policy: Policy) -> frozenset[str]:
    """Return the units that a unit registers for, by their level: its communes and subordinate units (A10)."""
    rules = {unit.id: policy.registration.rule(unit.level) for unit in units if unit.parent == unit_id}
    return frozenset(unit for unit, rule in rules.items() if rule and (rule.by == "parent_unit" or rule.parent_too))
