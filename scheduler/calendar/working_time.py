"""Counts working time (giờ hành chính, ngày làm việc): holidays of Vietnam, corrections by document, office hours.

The holidays and most exchanged days come from the package `holidays`. Days that it does not know (02/01/2026 for
Saturday 10/01/2026, VPCP 12729/VPCP-KGVX) are corrections that name their document. Office hours include their last
second: a registration at 17:00:00 is in time. No time counts during a pause, a weekend or a holiday. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from holidays import country_holidays

from scheduler.core.errors import NoWorkingDay
from scheduler.policy.policy import OfficePolicy

_DAY = timedelta(days=1)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONGEST_REST = 60
"""The most days in a row that are searched for a working day, so that a search in days off alone ends."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Corrections (day → working or not), and the years that an administrator has confirmed."""

    corrections: Mapping[date, bool] = field(default_factory=dict)
    confirmed: frozenset[int] = frozenset()


_VIETNAM = country_holidays("VN")  # fills itself with a year when that is first asked for


@cache
def _known(day: date) -> tuple[bool, bool]:
    """Return whether the package has a holiday on a day, and whether it has a rest day exchanged for work."""
    return day in _VIETNAM, day in _VIETNAM.weekend_workdays


class Worktime:
    """Counts working days and office hours of one office. Arguments are aware datetimes, results are in UTC."""

    def __init__(self, office: OfficePolicy, zone: ZoneInfo, calendar: Calendar) -> None:
        self._office = office
        self._zone = zone
        self._calendar = calendar
        self._opened: dict[date, list[tuple[datetime, datetime]]] = {}
        self._nearest: dict[tuple[date, timedelta], date] = {}

    def works(self, day: date) -> bool:
        """Return whether a day is a working day."""
        corrected = self._calendar.corrections.get(day)
        if corrected is not None:
            return corrected
        holiday, exchanged = _known(day)
        return exchanged or (not holiday and _WEEKDAYS[day.weekday()] in self._office.days)

    def usual(self, day: date) -> bool:
        """Return whether a day is working or off as its weekday usually is."""
        return self.works(day) == (_WEEKDAYS[day.weekday()] in self._office.days)

    def confirmed(self, first: date, last: date) -> bool:
        """Return whether all years from one day to another are confirmed; otherwise results are provisional."""
        return all(year in self._calendar.confirmed for year in range(first.year, last.year + 1))

    def day(self, instant: datetime) -> date:
        """Return the local day of an instant."""
        return instant.astimezone(self._zone).date()

    def working_day(self, day: date, number: int) -> date:
        """Return the `number`-th working day after a day (before it, if negative); the day itself is not counted.

        Raises NoWorkingDay.
        """
        step = _DAY if number > 0 else -_DAY
        for _ in range(abs(number)):
            day = self._next(day + step, step)
        return day

    def _next(self, day: date, step: timedelta) -> date:
        """Return a day if it is a working day, or the nearest one that way."""
        found = self._nearest.get((day, step))
        if found is None:
            found = self._nearest[day, step] = self._search(day, step)
        return found

    def _search(self, day: date, step: timedelta) -> date:
        for _ in range(_LONGEST_REST):
            if self.works(day):
                return day
            day += step
        raise NoWorkingDay

    def closes(self, day: date) -> datetime:
        """Return when the office closes on a day."""
        return self._spans(day)[-1][1]

    def open(self, start: datetime, end: datetime) -> bool:
        """Return whether something starts in office hours and ends before the office closes that day."""
        day = self.day(start)
        spans = self._spans(day) if self.works(day) else []
        return any(opens <= start < closes for opens, closes in spans) and end <= spans[-1][1]

    def same_time(self, day: date, instant: datetime) -> datetime:
        """Return the local time of an instant on another day."""
        return datetime.combine(day, instant.astimezone(self._zone).time(), self._zone).astimezone(UTC)

    def receipt(self, instant: datetime) -> datetime:
        """Return when a registration that came at `instant` is received: then, or at the next opening (A14)."""
        return max(instant.astimezone(UTC), self._opening(instant)[0])

    def last(self, instant: datetime) -> datetime:
        """Return the last instant within office hours up to `instant`. Raises NoWorkingDay."""
        day = self._next(self.day(instant), -_DAY)
        while not (begun := [span for span in self._spans(day) if span[0] <= instant]):
            day = self.working_day(day, -1)
        return min(instant.astimezone(UTC), begun[-1][1])

    def after(self, instant: datetime, hours: timedelta) -> datetime:
        """Return the instant at which `hours` of office time have passed since the receipt at `instant`."""
        for opens, closes in self._from(instant):
            begins = max(opens, instant.astimezone(UTC))
            if hours <= closes - begins:
                return begins + hours
            hours -= closes - begins
        raise AssertionError("office hours never end")

    def _opening(self, instant: datetime) -> tuple[datetime, datetime]:
        return next(self._from(instant))

    def _from(self, instant: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the spans of office hours, from the one that contains or follows `instant`. Raises NoWorkingDay."""
        day = self._next(self.day(instant), _DAY)
        while True:
            yield from (span for span in self._spans(day) if instant <= span[1])
            day = self.working_day(day, 1)

    def _spans(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return the office hours of a day; cached, because a report asks for each day a hundred times."""
        if day not in self._opened:
            self._opened[day] = self._hours(day)
        return self._opened[day]

    def _hours(self, day: date) -> list[tuple[datetime, datetime]]:
        return [
            (
                datetime.combine(day, opens, self._zone).astimezone(UTC),
                datetime.combine(day, closes, self._zone).astimezone(UTC),
            )
            for opens, closes in self._office.spans
        ]
