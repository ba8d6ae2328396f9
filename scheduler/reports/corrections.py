"""Values and rules of the figures that units correct (Điều 19.5; R-122). Pure.

Corrections stand beside the counted figures and never replace them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from scheduler.core import text
from scheduler.core.errors import FieldError
from scheduler.core.model import Interval

CHECKED_FIGURES = ("registered", "sessions", "minutes", "points", "recorded", "incidents")
"""The counted figures that a unit can know of itself."""
MOST = 10_000_000
MAX_TEXT = 1000
REMIND = timedelta(days=2)
"""How long before the due time units that have not replied are reminded, once."""

ReplyStatus = Literal["waiting", "overdue", "confirmed", "corrected"]


@dataclass(frozen=True, slots=True)
class UnitReply:
    """The figures of one unit: as `counted` when it was asked, and as the unit `stated` them (None: no reply yet)."""

    unit: str
    counted: Mapping[str, int]
    stated: Mapping[str, int] | None = None
    remark: str = ""
    by: str = ""
    at: datetime | None = None

    @property
    def corrected(self) -> dict[str, int]:
        """The figures that differ according to the unit."""
        return {name: value for name, value in (self.stated or {}).items() if value != self.counted[name]}


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """A request of the operating unit that units check their figures of a period until `due`."""

    id: str
    title: str
    period: Interval
    due: datetime
    by: str
    at: datetime
    reminded: datetime | None
    replies: tuple[UnitReply, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """One figure of a period that a unit corrected: it `said` this number instead of the counted one."""

    unit: str
    figure: str
    said: int
    remark: str
    by: str
    at: datetime


def status(reply: UnitReply, due: datetime, now: datetime) -> ReplyStatus:
    """Return the status of a reply at a time."""
    if reply.at is None:
        return "waiting" if now <= due else "overdue"
    return "corrected" if reply.corrected else "confirmed"


def faults(stated: Mapping[str, int], remark: str, counted: Mapping[str, int]) -> list[FieldError]:
    """Return what is wrong with a reply: every figure must be given, and a correction needs a remark."""
    errors = [FieldError("figures", "required", name) for name in counted if name not in stated]
    errors += [FieldError("figures", "unknown-code", name[:64]) for name in stated if name not in counted]
    errors += [FieldError("figures", "too-many", str(MOST)) for value in stated.values() if not 0 <= value <= MOST]
    if not errors and stated != counted:
        return text.validate("remark", remark, MAX_TEXT)
    return errors + (text.validate("remark", remark, MAX_TEXT) if remark else [])


def reminder_due(request: CorrectionRequest, now: datetime) -> bool:
    """Return whether units are to be reminded now."""
    return request.reminded is None and request.due - REMIND <= now


def corrections(requests: list[CorrectionRequest], period: Interval) -> tuple[Correction, ...]:
    """Return the units' corrections of a period; if a unit was asked again, the newest request counts."""
    latest: dict[tuple[str, str], Correction] = {}
    for request in sorted(requests, key=lambda each: each.at):
        for reply in request.replies if request.period == period else ():
            if reply.at is None:
                continue
            for name in reply.counted:
                latest.pop((reply.unit, name), None)
            for name, value in reply.corrected.items():
                latest[reply.unit, name] = Correction(reply.unit, name, value, reply.remark, reply.by, reply.at)
    return tuple(latest[key] for key in sorted(latest))
