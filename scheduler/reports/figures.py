"""Counts the figures of a report from the facts of each registration. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Literal, NamedTuple, TypeVar

from scheduler.core.model import EMERGENCY, ClassId, State

Grouping = Literal["unit", "level", "class", "purpose", "kind", "month"]


class Turnout(NamedTuple):
    """The number of points `expected` and `present`, and their seconds.

    `due` are the seconds they should have been connected, `there` those they were. `minutes` were measured of their
    lines; `lossy` of these had too much loss.
    """

    expected: int = 0
    present: int = 0
    due: int = 0
    there: int = 0
    minutes: int = 0
    lossy: int = 0


NOBODY = Turnout()


class HandoverFacts(NamedTuple):
    """Says whether a handover was owed by now, and whether the link and the host's receipt were in time (R-102)."""

    owed: bool = False
    sent: bool = False
    confirmed: bool = False


NOT_OWED = HandoverFacts()


@dataclass(frozen=True, slots=True)
class Review:
    """The remark of the person who reviewed an emergency afterwards (R-075)."""

    at: datetime
    by: str
    remark: str


class RegistrationFact(NamedTuple):
    """One registration whose official slot begins in the period, and what became of it."""

    id: str
    number: str
    title: str
    unit: str
    unit_name: str
    level: str
    klass: ClassId
    purpose: str
    kind: str
    state: State
    created: datetime
    start: datetime
    end: datetime
    month: str
    points: int
    recording: bool
    late: bool
    answered_late: bool
    waited: bool
    revoked: bool
    incidents: int
    ground: str
    reason: str
    turnout: Turnout = NOBODY
    handover: HandoverFacts = NOT_OWED
    review: Review | None = None

    @property
    def held(self) -> bool:
        """Return whether the session has a code, or had one when it was held."""
        return self.state == State.ISSUED


class Figures(NamedTuple):
    """The counted figures. Minutes, points and recordings count sessions that have a code, or had one when held.

    From `expected` on, the figures count sessions that are over: points and seconds of all of them, minutes of their
    lines, handovers owed, sent and confirmed in time, and emergencies with those that were reviewed.
    """

    registered: int = 0
    sessions: int = 0
    minutes: int = 0
    points: int = 0
    recorded: int = 0
    late: int = 0
    answered_late: int = 0
    waited: int = 0
    revoked: int = 0
    cancelled: int = 0
    incidents: int = 0
    expected: int = 0
    present: int = 0
    absent: int = 0
    due_s: int = 0
    there_s: int = 0
    line_min: int = 0
    lossy_min: int = 0
    owed: int = 0
    sent: int = 0
    confirmed: int = 0
    emergencies: int = 0
    reviewed: int = 0


NAMES = Figures._fields


@dataclass(frozen=True, slots=True)
class FigureRow:
    """The figures of one unit, level, class or month; `before` is its number of sessions in the period before."""

    key: str
    name: str
    figures: Figures
    before: int | None = None


def figures(fact: RegistrationFact) -> Figures:
    """Return the figures of one registration."""
    held, turnout = fact.held, fact.turnout
    return Figures(
        registered=1,
        sessions=int(held),
        minutes=int((fact.end - fact.start).total_seconds()) // 60 if held else 0,
        points=fact.points if held else 0,
        recorded=int(held and fact.recording),
        late=int(fact.late),
        answered_late=int(fact.answered_late),
        waited=int(fact.waited),
        revoked=int(fact.revoked),
        cancelled=int(fact.state == State.CANCELLED),
        incidents=fact.incidents,
        expected=turnout.expected,
        present=turnout.present,
        absent=turnout.expected - turnout.present,
        due_s=turnout.due,
        there_s=turnout.there,
        line_min=turnout.minutes,
        lossy_min=turnout.lossy,
        owed=int(fact.handover.owed),
        sent=int(fact.handover.sent),
        confirmed=int(fact.handover.confirmed),
        emergencies=int(held and fact.klass == EMERGENCY),
        reviewed=int(held and fact.review is not None),
    )


def permille(part: int, whole: int) -> int | None:
    """Return a share in thousandths, rounded half up; None if the whole is 0."""
    return (2000 * part + whole) // (2 * whole) if whole else None


class Shares(NamedTuple):
    """Shares in thousandths; None where the whole is 0 (R-102, R-112).

    `points`: connected time of the time due; `lines`: minutes without too much loss; `handed`: recordings sent in time
    of those owed.
    """

    points: int | None
    lines: int | None
    handed: int | None


def shares(figures: Figures) -> Shares:
    """Return the shares of some figures."""
    return Shares(
        points=permille(figures.there_s, figures.due_s),
        lines=permille(figures.line_min - figures.lossy_min, figures.line_min),
        handed=permille(figures.sent, figures.owed),
    )


KEYS: Mapping[Grouping, Callable[[RegistrationFact], str]] = {
    "unit": lambda fact: fact.unit,
    "level": lambda fact: fact.level,
    "class": lambda fact: fact.klass,
    "purpose": lambda fact: fact.purpose,
    "kind": lambda fact: fact.kind,
    "month": lambda fact: fact.month,
}
_CELL = attrgetter("unit", "level", "klass", "purpose", "kind", "month")

Key = TypeVar("Key")

Counted = Mapping[tuple[str, ...], Figures]
"""Figures of registrations that no grouping tells apart, by their keys in the order of `KEYS`."""


def counted(facts: Iterable[RegistrationFact]) -> Counted:
    """Count every registration once, for all groupings."""
    return _sums((_CELL(fact), figures(fact)) for fact in facts)


def total(cells: Counted) -> Figures:
    """Return the sum over all registrations."""
    return _sum(cells.values())


def grouped(cells: Counted, by: Grouping) -> dict[str, Figures]:
    """Return figures by the keys of a grouping, in their order; they add up to the total."""
    place = list(KEYS).index(by)
    sums = _sums((cell[place], each) for cell, each in cells.items())
    return {key: sums[key] for key in sorted(sums)}


def _sums(many: Iterable[tuple[Key, Figures]]) -> dict[Key, Figures]:
    parts: dict[Key, list[Figures]] = {}
    for key, each in many:
        parts.setdefault(key, []).append(each)
    return {key: _sum(each) for key, each in parts.items()}


def _sum(many: Iterable[Figures]) -> Figures:
    return Figures(*(sum(column) for column in zip(*many, strict=True)))


def facts_behind(
    facts: Iterable[RegistrationFact], by: Grouping | None, key: str, figure: str
) -> Sequence[RegistrationFact]:
    """Return the registrations that a number was counted from. Raises KeyError for an unknown figure."""
    if figure not in NAMES:
        raise KeyError(figure)
    return [fact for fact in facts if (by is None or KEYS[by](fact) == key) and getattr(figures(fact), figure)]
