"""Decides which units control a running session (Điều 5.5, 10.1, 14.3.a), by the level of its host (A10). Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from scheduler.core.model import Unit
from scheduler.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class Control:
    """The units whose site technicians control a session, with the article; the centre may always take over (14.3.c).

    `unable` are units that would control it, but have no active room (R-049).
    """

    units: tuple[str, ...]
    unable: tuple[str, ...]
    article: str


def control(host: Unit, units: Sequence[Unit], policy: Policy, active: Collection[str]) -> Control:
    """Return the units that control sessions of a host; `active` are the units with an active room.

    For a level that the profile does not know, only the centre controls.
    """
    rule = next((rule for rule in policy.control if host.level in rule.levels), None)
    if rule is None:
        return Control((), (), "")
    above = {unit.id for unit in units if unit.id == host.parent}
    wanted = [
        unit for by in rule.controllers for unit in {"host_unit": {host.id}, "parent_unit": above, "central": set()}[by]
    ]
    return Control(
        tuple(unit for unit in wanted if unit in active),
        tuple(unit for unit in wanted if unit not in active),
        rule.article,
    )
