"""What units say of figures that were counted of them: beside the count, never instead (Điều 19.5; R-122). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from scheduler.core import text
from scheduler.core.errors import FieldError
from scheduler.core.model import Interval

ASKED = ("registered", "sessions", "minutes", "points", "recorded", "incidents")
"""What a unit can know of itself, of what is counted."""
MOST = 10_000_000
MAX_TEXT = 1000
REMIND = timedelta(days=2)
"""How long before the answer is due who has not given it is reminded, once."""

ReplyStatus = Literal["waiting", "overdue", "confirmed", "corrected"]


@dataclass(frozen=True, slots=True)
class UnitReply:
    """What is asked of a unit: figures as they were `counted` when it was asked, and as the unit `said` they are."""

    unit: str
    counted: Mapping[str, int]
    said: Mapping[str, int] | None = None
    remark: str = ""
    by: str = ""
    at: datetime | None = None

    @property
    def corrected(self) -> dict[str, int]:
        """The figures that the unit says are others."""
        return {name: value for name, value in (self.said or {}).items() if value != self.counted[name]}


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """The operating unit asks units to go through the figures of a period until `due`."""

    id: str
    title: str
    period: Interval
    due: datetime
    by: str
    at: datetime
    reminded: datetime | None
    answers: tuple[UnitReply, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """One figure of a report's period that a unit says is another one."""

    unit: str
    figure: str
    said: int
    remark: str
    by: str
    at: datetime


def status(answer: UnitReply, due: datetime, now: datetime) -> ReplyStatus:
    """Say how an answer stands."""
    if answer.at is None:
        return "waiting" if now <= due else "overdue"
    return "corrected" if answer.corrected else "confirmed"


def faults(said: Mapping[str, int], remark: str, counted: Mapping[str, int]) -> list[FieldError]:
    """Return what is wrong with an answer: every figure is said, what is corrected is explained."""
    found = [FieldError("figures", "required", name) for name in counted if name not in said]
    found += [FieldError("figures", "unknown-code", name[:64]) for name in said if name not in counted]
    found += [FieldError("figures", "too-many", str(MOST)) for value in said.values() if not 0 <= value <= MOST]
    if not found and said != counted:
        return text.faults("remark", remark, MAX_TEXT)
    return found + (text.faults("remark", remark, MAX_TEXT) if remark else [])


def reminder_due(request: CorrectionRequest, now: datetime) -> bool:
    """Tell whether units are to be reminded now."""
    return request.reminded is None and request.due - REMIND <= now


def corrections(requests: list[CorrectionRequest], period: Interval) -> tuple[Correction, ...]:
    """Return what units corrected of a period; the last to be asked stands where a unit was asked again."""
    found: dict[tuple[str, str], Correction] = {}
    for request in sorted(requests, key=lambda each: each.at):
        for answer in request.answers if request.period == period else ():
            if answer.at is None:
                continue
            for name in answer.counted:
                found.pop((answer.unit, name), None)
            for name, value in answer.corrected.items():
                found[answer.unit, name] = Correction(answer.unit, name, value, answer.remark, answer.by, answer.at)
    return tuple(found[key] for key in sorted(found))
