"""Checks who is on duty for a session, and finds who is missing (Điều 14.1, 14.2, 14.4.a, 16.3, 17.3). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scheduler.booking.registration.request_validation import phone
from scheduler.core import text
from scheduler.core.errors import FieldError
from scheduler.core.model import Interval, Session

DutyRole = Literal["main", "backup", "on_site", "provider", "point"]
"""Central technician; their backup; on site at the host; the provider's contact; technician at a point."""

MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Duty:
    """One person on duty for one session.

    `unit` is the unit that sends somebody on site; `point` is where a site technician works. `provider` is the provider
    whose contact the person is (None: any provider). `account` is the person's own, if they have one; `arrived` is when
    they checked in.
    """

    id: str
    session: str
    role: DutyRole
    point: str | None
    unit: str | None
    account: str | None
    name: str
    phone: str
    by: str
    arrived: datetime | None = None
    provider: str | None = None

    @property
    def person(self) -> str:
        """The account of this person, else the telephone number; it identifies them."""
        return self.account or self.phone


def normalised(duty: Duty) -> Duty:
    """Return a duty with its texts normalised. Raises nothing; :func:`faults` says what is wrong."""
    return Duty(
        duty.id,
        duty.session,
        duty.role,
        duty.point,
        duty.unit,
        duty.account,
        text.clean(duty.name),
        phone(duty.phone) or "",
        duty.by,
        duty.arrived,
        duty.provider,
    )


def faults(duty: Duty, session: Session, units: Iterable[str]) -> list[FieldError]:
    """Return what is wrong with a normalised duty."""
    errors = text.validate("name", duty.name, MAX_NAME)
    errors += [] if duty.phone else [FieldError("phone", "phone-format")]
    if (duty.role == "point") != (duty.point is not None) or (
        duty.point is not None and duty.point not in session.everyone
    ):
        errors.append(FieldError("point", "not-in-session", duty.point or ""))
    if duty.unit is None and duty.role == "on_site":
        errors.append(FieldError("unit", "required"))
    if duty.unit is not None and duty.unit not in set(units):
        errors.append(FieldError("unit", "unknown-unit", duty.unit))
    return errors


def absent_units(duties: Sequence[Duty], needed: Sequence[str]) -> list[str]:
    """Return which of the needed units have nobody on site (R-106, reading A38)."""
    sent = {duty.unit for duty in duties if duty.role == "on_site"}
    return [unit for unit in needed if unit not in sent]


def overloaded(held: Mapping[str, Sequence[Interval]], most: int) -> set[str]:
    """Return the persons who have more than `most` sessions at one time; intervals are half-open."""
    return {person for person, intervals in held.items() if _peak(intervals) > most}


def _peak(intervals: Sequence[Interval]) -> int:
    return max((sum(each.start <= one.start < each.end for each in intervals) for one in intervals), default=0)
