"""Checks the lists of attendees that component points give when the host asks (Điều 14.4.b, R-098, A35). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.core import text
from scheduler.core.errors import FieldError

MAX_PEOPLE = 500
MAX_COUNT = 10_000
MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Attendee:
    """One person who takes part in a session."""

    name: str
    position: str


@dataclass(frozen=True, slots=True)
class PointAttendees:
    """The attendee list of one point: how many people take part, and those it names. `by` is an account."""

    point: str
    count: int
    people: tuple[Attendee, ...]
    by: str
    at: datetime


def normalised(people: Sequence[Attendee]) -> tuple[Attendee, ...]:
    """Return people with their texts normalised; empty rows are left out."""
    cleaned = [Attendee(text.clean(each.name), text.clean(each.position)) for each in people]
    return tuple(each for each in cleaned if each != Attendee("", ""))


def faults(count: int, people: Sequence[Attendee]) -> list[FieldError]:
    """Return what is wrong with a list.

    A point need not name everybody, but it cannot name more people than it counts.
    """
    errors = [FieldError("people", "too-many", str(MAX_PEOPLE))] if len(people) > MAX_PEOPLE else []
    errors += [FieldError("count", "fewer-than-named")] if count < len(people) else []
    errors += [FieldError("count", "too-many", str(MAX_COUNT))] if count > MAX_COUNT else []
    for number, each in enumerate(people, 1):
        errors += text.validate(f"people.{number}.name", each.name, MAX_NAME)
        errors += text.validate(f"people.{number}.position", each.position, MAX_NAME) if each.position else []
    return errors
