"""Finds what ends on a coming day, when units end or other rules begin: units, hosts, bookings, operator. Pure.

A unit ends with its last day, or when a new profile no longer has its level.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from scheduler.core.model import Point, PointState, Session, State, Unit
from scheduler.policy.policy import Policy
from scheduler.policy.profile_files import Profiles

DAY = timedelta(days=1)
EndReason = Literal["last-day", "level"]


@dataclass(frozen=True, slots=True)
class EndedUnit:
    """A unit that has ended: its last day is over, or the profile no longer has its `level`."""

    unit: Unit
    reason: EndReason


@dataclass(frozen=True, slots=True)
class AffectedSession:
    """A session on or after the day on which one of its units ends; `host` is the unit that hosts it."""

    session: Session
    host: str


@dataclass(frozen=True, slots=True)
class Ending:
    """All that ends when `day` begins; `profile` is the profile that begins on it, if one does.

    `hosts` are active points of the ended units; `sessions` are held on that day or later with one of their points.
    `operators` are the operating unit until then and the one from then on, None if it stays the same.
    """

    day: date
    profile: str | None
    units: tuple[EndedUnit, ...]
    hosts: tuple[Point, ...]
    sessions: tuple[AffectedSession, ...]
    operators: tuple[str, str] | None

    @property
    def unit_ids(self) -> frozenset[str]:
        """The ids of the ended units."""
        return frozenset(each.unit.id for each in self.units)


def days(profiles: Profiles, units: Iterable[Unit], today: date) -> list[date]:
    """Return the coming days on which other rules begin or which follow the last day of a unit."""
    begin = {policy.effective_from for policy in profiles.policies if policy.effective_from}
    end = {unit.valid_to + DAY for unit in units if unit.valid_to and unit.valid_to < date.max}
    return sorted(day for day in begin | end if day > today)


def ending(
    day: date, profiles: Profiles, units: Sequence[Unit], points: Sequence[Point], sessions: Sequence[Session]
) -> Ending:
    """Return what ends when a day begins."""
    before, then = profiles.on(day - DAY), profiles.on(day)
    ended = [
        EndedUnit(unit, reason)
        for unit in units
        if unit.valid(day - DAY) and (reason := _reason(unit, day, before, then))
    ]
    ended_units = {each.unit.id for each in ended}
    owners = {point.id: point.unit for point in points}
    operators = (before.directory.operator_unit, then.directory.operator_unit)
    return Ending(
        day=day,
        profile=then.id if then.effective_from == day else None,
        units=tuple(ended),
        hosts=tuple(point for point in points if point.unit in ended_units and point.state == PointState.ACTIVE),
        sessions=tuple(
            AffectedSession(session, owners[session.host_point])
            for session in sessions
            if session.state != State.CANCELLED
            and profiles.day(session.official.start) >= day
            and any(owners[point] in ended_units for point in session.everyone)
        ),
        operators=operators if operators[0] != operators[1] else None,
    )


def _reason(unit: Unit, day: date, before: Policy, then: Policy) -> EndReason | None:
    if not unit.valid(day):
        return "last-day"
    return "level" if before.level(unit.level) and then.level(unit.level) is None else None


def notice_due(day: date, notice_days: Iterable[int], today: date) -> int | None:
    """Return which notice is due now, as days before the day; None before the first."""
    return min((each for each in notice_days if day - timedelta(days=each) <= today), default=None)


def summary(ending: Ending, accounts: int) -> str:
    """Describe in one line, for the notice to the operating unit, what ends."""
    counted = {
        "đơn vị": len(ending.units),
        "điểm cầu đang hoạt động": len(ending.hosts),
        "phiên họp đã đăng ký": len(ending.sessions),
        "tài khoản": accounts,
    }
    listed = ", ".join(f"{number} {name}" for name, number in counted.items() if number)
    rules = f" (quy chế {ending.profile})" if ending.profile else ""
    return f"từ {ending.day:%d/%m/%Y}{rules}: {listed}"


def host_summaries(ending: Ending) -> dict[str, str]:
    """Describe to each host unit which of its sessions cannot be held as they were registered."""
    numbers: dict[str, list[str]] = {}
    for each in ending.sessions:
        numbers.setdefault(each.host, []).append(each.session.number)
    return {unit: f"từ {ending.day:%d/%m/%Y}: phiên {', '.join(own)}" for unit, own in numbers.items()}
