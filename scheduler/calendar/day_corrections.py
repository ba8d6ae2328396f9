"""Corrections of the calendar of working days: shipped ones, an administrator's over them, and confirmed years."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from scheduler.calendar.working_time import Calendar


@dataclass(frozen=True, slots=True)
class DayCorrection:
    """A day that is working or off against the rule, by a document (`number`, `dated`); `by` None: shipped."""

    day: date
    working: bool
    number: str
    dated: date | None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class CalendarCorrections:
    """All corrections and the years that are confirmed."""

    days: tuple[DayCorrection, ...]
    confirmed: frozenset[int]

    def over(self, days: Iterable[DayCorrection], confirmed: Iterable[int]) -> "CalendarCorrections":
        """Return these corrections with others over them, by day."""
        merged = {note.day: note for note in (*self.days, *days)}
        return CalendarCorrections(tuple(merged[day] for day in sorted(merged)), self.confirmed | frozenset(confirmed))

    @property
    def calendar(self) -> Calendar:
        """The calendar that working time is counted with."""
        return Calendar({note.day: note.working for note in self.days}, self.confirmed)


def _shipped() -> CalendarCorrections:
    path = Path(__file__).parents[1] / "data" / "calendar-VN.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return CalendarCorrections(tuple(DayCorrection(**row) for row in data["days"]), frozenset(data["confirmed"]))


SHIPPED = _shipped()
