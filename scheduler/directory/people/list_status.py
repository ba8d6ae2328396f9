"""Finds units whose list of people is missing or old, and untrained people (Điều 17.2.c, 19.3; R-111, R-120). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from scheduler.core.model import Unit
from scheduler.directory.model import Person


@dataclass(frozen=True, slots=True)
class ListStatus:
    """The state of a unit's list: who is in charge, when it was last updated, whether that is too long ago."""

    unit: Unit
    people: tuple[Person, ...]
    updated: datetime | None
    stale: bool
    untrained: tuple[Person, ...]


def status(unit: Unit, people: Iterable[Person], day: date, now: datetime, stale_days: int) -> ListStatus:
    """Return the state of a unit's list on a day."""
    own = [person for person in people if person.unit == unit.id]
    serving = tuple(person for person in own if person.serves(day))
    updated = max((person.updated for person in own), default=None)
    old = updated is not None and now - updated > timedelta(days=stale_days)
    return ListStatus(unit, serving, updated, old, tuple(p for p in serving if p.untrained))


def consolidated(
    units: Iterable[Unit], people: Iterable[Person], day: date, now: datetime, stale_days: int
) -> list[ListStatus]:
    """Return the lists of all units that are valid on a day, those without people first (R-111)."""
    known = list(people)
    found = [status(unit, known, day, now, stale_days) for unit in units if unit.valid(day)]
    return sorted(found, key=lambda each: bool(each.people))
