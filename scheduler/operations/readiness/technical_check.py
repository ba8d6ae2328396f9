"""Checks the results of technical checks of points before a slot (Điều 13.2.b, R-084). Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scheduler.core import text
from scheduler.core.errors import FieldError
from scheduler.core.model import EMERGENCY, Session, Slot, SlotKind

CheckResult = Literal["ok", "faulty", "waived"]
"""It works; it does not, with words that say what; an emergency leaves no time to check, with words."""

MAX_WORDS = 500


@dataclass(frozen=True, slots=True)
class TechnicalCheck:
    """The latest technical check of a point for one slot."""

    point: str
    kind: SlotKind
    result: CheckResult
    words: str
    by: str
    at: datetime


def unchecked(session: Session, checks: Iterable[TechnicalCheck]) -> list[tuple[Slot, str]]:
    """Return each slot of a session with each point that nobody has checked for it."""
    done = {(check.kind, check.point) for check in checks}
    return [(slot, point) for slot in session.slots for point in session.everyone if (slot.kind, point) not in done]


def faults(
    session: Session, points: Sequence[str], kind: SlotKind, result: CheckResult, words: str
) -> list[FieldError]:
    """Return what is wrong with a check: a fault needs words, and only an emergency may waive the check (A15)."""
    errors = [FieldError("points", "not-in-session", point) for point in points if point not in session.everyone]
    errors += [] if points else [FieldError("points", "required")]
    errors += [] if kind in {slot.kind for slot in session.slots} else [FieldError("kind", "no-slot")]
    if result == "waived" and session.klass != EMERGENCY:
        errors.append(FieldError("result", "no-emergency"))
    if result != "ok" or words:
        errors += text.validate("words", words, MAX_WORDS)
    return errors
