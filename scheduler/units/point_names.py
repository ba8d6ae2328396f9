"""Makes and validates names of points: by the rule of their level, with digits, never given twice (Điều 6.4). Pure."""

from collections.abc import Iterable, Mapping

from scheduler.core.errors import FieldError
from scheduler.core.model import Point, Unit
from scheduler.policy.policy import Policy
from scheduler.units.naming import MAX_DEVICES, Names, key, slug, split, suffixed


def next_number(points: Iterable[Point]) -> int:
    """Return the digits of the next device of a unit: consecutive from 01, never used again (R-033)."""
    return max([number for point in points for number in (point.numbers or (1,))], default=0) + 1


def base_of(points: Iterable[Point]) -> str | None:
    """Return the name without digits that a unit's points share; None if it has no point."""
    return next((split(point.name)[0] for point in points), None)


def renamed(points: list[Point]) -> dict[str, str]:
    """Return the new names, by id, of a unit's points when it gets one more: the one without digits gets them."""
    return {p.id: suffixed(p.name, min(p.numbers or (1,))) for p in points if split(p.name)[1] is None}


def lack(point: Point, policy: Policy, unit: Unit, parent: Unit | None) -> FieldError | None:
    """Return the error of a point's name by the grammar of its level; None if it is valid."""
    level = policy.level(unit.level)
    names = Names(policy)
    if level is None or not names.valid(level, point.name):
        return FieldError("name", "name-grammar", point.name)
    ruled = names.generate(level, unit.name, parent.abbr if parent else None)
    open_ = level.naming.rule in {"register", "free"}
    if open_ or ruled is None or key(split(point.name)[0]) == key(ruled):
        return None
    return FieldError("name", "name-not-ruled", ruled)


def validate(
    point: Point, policy: Policy, units: Mapping[str, Unit], points: Iterable[Point], taken: Mapping[str, str]
) -> list[FieldError]:
    """Return the errors of a new name of a point; `taken` maps slugs of old names to the points that had them.

    Words: ``name-reserved``, ``name-taken``, ``name-grammar``, ``name-not-ruled``, ``name-number``.
    """
    unit = units[point.unit]
    reserved = {key(level.naming.text or ""): level.id for level in policy.levels if level.naming.rule == "literal"}
    if reserved.get(key(split(point.name)[0]), unit.level) != unit.level:
        return [FieldError("name", "name-reserved", point.name)]
    others = [other for other in points if other.id != point.id]
    owner = _owner(point, others, units, taken)
    if owner is not None:
        return [FieldError("name", "name-taken", owner)]
    wrong = lack(point, policy, unit, units.get(unit.parent or ""))
    if wrong is not None:
        return [wrong]
    return _number_fault(point, [other for other in others if other.unit == point.unit])


def _owner(point: Point, others: Iterable[Point], units: Mapping[str, Unit], taken: Mapping[str, str]) -> str | None:
    """Return the owner of a taken name: ``So.NV (Sở Nội vụ)``. Points of one unit share the name before the digits."""
    base = key(split(point.name)[0])
    for other in others:
        same = key(other.name) == key(point.name)
        if same or (other.unit != point.unit and key(split(other.name)[0]) == base):
            return f"{other.name} ({units[other.unit].name})"
    before = taken.get(slug(point.name), point.id)
    return None if before == point.id else point.name


def _number_fault(point: Point, siblings: list[Point]) -> list[FieldError]:
    """Return the errors of a name's digits: an only point has none, one of several has those of its first device."""
    _, digits = split(point.name)
    own = min(point.numbers or (1,))
    if own > MAX_DEVICES or digits not in ({own} if siblings else {None, own}):
        return [FieldError("name", "name-number", f"{own:02}")]
    return []
