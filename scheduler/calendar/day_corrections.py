"""The calendar of working days as it is kept: shipped corrections, an administrator's on top, years confirmed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from scheduler.calendar.working_time import Calendar


@dataclass(frozen=True, slots=True)
class DayNote:
    """A day that is worked or off against the rule, by a document (`number`, `dated`); `by` None: shipped."""

    day: date
    working: bool
    number: str
    dated: date | None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Notes:
    """All corrections and the years that are confirmed."""

    days: tuple[DayNote, ...]
    confirmed: frozenset[int]

    def over(self, days: Iterable[DayNote], confirmed: Iterable[int]) -> "Notes":
        """Return these with others on top, by day."""
        merged = {note.day: note for note in (*self.days, *days)}
        return Notes(tuple(merged[day] for day in sorted(merged)), self.confirmed | frozenset(confirmed))

    @property
    def calendar(self) -> Calendar:
        """What working time is counted with."""
        return Calendar({note.day: note.working for note in self.days}, self.confirmed)


def _shipped() -> Notes:
    path = Path(__file__).parents[1] / "data" / "calendar-VN.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Notes(tuple(DayNote(**row) for row in data["days"]), frozenset(data["confirmed"]))


SHIPPED = _shipped()
