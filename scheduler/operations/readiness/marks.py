"""Whether a session is ready: one colour for each point and item, red first (I-14, R-084, R-089, R-090, R-106). Pure.

Red: the meeting will suffer if nobody does anything. Amber: somebody should look at it. Green: done. An item nobody
can say anything about yet has no colour and makes no point worse.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from scheduler.operations.readiness.duty import Duty
from scheduler.operations.readiness.self_test import SelfTest
from scheduler.operations.readiness.technical_check import TechnicalCheck

Colour = Literal["red", "amber", "green", "none"]
MarkItem = Literal["account", "address", "check", "self_test", "rehearsal", "duty", "line", "room"]

SEVERITY: tuple[Colour, ...] = ("none", "green", "amber", "red")
SOON = timedelta(hours=24)
"""From then on before a slot a missing self-test is worth a look."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One item: its colour, a stable word for why, and what the word is about."""

    item: str
    colour: Colour
    word: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class SlotTimes:
    """The slot that is prepared: when its check is due, when it starts, and when we look."""

    due: datetime
    start: datetime
    now: datetime

    @property
    def overdue(self) -> bool:
        """Whether what had to be done should be done by now."""
        return self.now >= self.due


@dataclass(frozen=True, slots=True)
class LinkTest:
    """How the link to the Government's system was, in words when it was not good."""

    good: bool
    words: str


@dataclass(frozen=True, slots=True)
class InternetMeasurement:
    """What was too slow of a line over the Internet before a meeting (Điều 6.3.b); None: it was not measured."""

    slow: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class RoomConflict:
    """Who has the room of a point that is in several sessions at once: nobody can say, this one, or a higher one.

    `others` are the numbers of the sessions beside this one; of the higher one alone where that has the room.
    """

    word: Literal["taken", "kept", "yielded"]
    others: tuple[str, ...]

    @property
    def said(self) -> tuple[str, str]:
        """The word and value of its mark."""
        return self.word, ", ".join(self.others)


@dataclass(frozen=True, slots=True)
class PointFacts:
    """What is known of a point; None where nothing is. `rehearsed` None: there was no rehearsal yet.

    `line` is what is wrong with the best of its lines (Điều 6.3), if anything is; `internet` is for a point that has no
    other line than one over the Internet, which is measured before each meeting.
    `room` says who has it, when others want it at the same time (I-04).
    """

    account: bool | None = None
    address: str | None = None
    check: TechnicalCheck | None = None
    test: SelfTest | None = None
    rehearsed: bool | None = None
    duty: Duty | None = None
    line: tuple[str, ...] | None = None
    internet: InternetMeasurement | None = None
    room: RoomConflict | None = None


def marks(facts: PointFacts, moment: SlotTimes) -> tuple[Mark, ...]:
    """Judge a point."""
    return (
        _known("account", facts.account, "no-account", "red"),
        Mark("address", "none", "unknown") if facts.address is None else Mark("address", "green", "ok", facts.address),
        _check(facts.check, moment),
        _test(facts.test, moment),
        _known("rehearsal", facts.rehearsed, "missed", "amber"),
        Mark("duty", "amber", "no-duty") if facts.duty is None else Mark("duty", "green", "ok", facts.duty.name),
        _line(facts.line) if facts.internet is None else _measured(facts.internet, moment),
        Mark("room", "green", "ok") if facts.room is None else Mark("room", "amber", *facts.room.said),
    )


def _known(item: MarkItem, good: bool | None, word: str, bad: Colour) -> Mark:
    if good is None:
        return Mark(item, "none", "unknown")
    return Mark(item, "green", "ok") if good else Mark(item, bad, word)


def _line(wrong: tuple[str, ...] | None) -> Mark:
    if wrong is None:
        return Mark("line", "none", "unknown")
    return Mark("line", "amber", "bad-line", ", ".join(wrong)) if wrong else Mark("line", "green", "ok")


def _measured(internet: InternetMeasurement, moment: SlotTimes) -> Mark:
    """A point on the Internet is not ready without a measurement that is fresh and good enough (R-027)."""
    if internet.slow is None:
        return Mark("line", "red" if moment.overdue else "amber", "unmeasured")
    return Mark("line", "red", "bad-line", ", ".join(internet.slow)) if internet.slow else Mark("line", "green", "ok")


def _check(check: TechnicalCheck | None, moment: SlotTimes) -> Mark:
    """A point is red when its check failed, and from the due time on when nobody checked it."""
    if check is None:
        return Mark("check", "red" if moment.overdue else "amber", "unchecked")
    return Mark("check", "red" if check.result == "faulty" else "green", check.result, check.words)


def _test(test: SelfTest | None, moment: SlotTimes) -> Mark:
    if test is None:
        soon = moment.now >= moment.start - SOON
        return Mark("self_test", "amber" if soon else "none", "untested")
    return (
        Mark("self_test", "amber", "failed", ", ".join(test.failed))
        if test.failed
        else Mark("self_test", "green", "ok")
    )


def session_marks(
    duties: Sequence[Duty],
    missing: Sequence[str],
    busy: Sequence[str],
    moment: SlotTimes,
    carriers: Mapping[str, str] | None = None,
) -> tuple[Mark, ...]:
    """Judge what belongs to no point: `missing` units have nobody on site, `busy` persons have too many sessions.

    `carriers` are the providers whose lines the points have, by id with their names.
    """
    return (
        _main(duties, moment),
        *_providers(duties, carriers or {}, moment),
        *(Mark("on_site", "amber", "nobody-of", unit) for unit in missing),
        *(Mark("parallel", "amber", "too-many-sessions", name) for name in busy),
    )


def _main(duties: Sequence[Duty], moment: SlotTimes) -> Mark:
    main = next((duty for duty in duties if duty.role == "main"), None)
    if main is None:
        return Mark("main", "red" if moment.overdue else "amber", "nobody")
    return Mark("main", "green", "ok", main.name)


def _providers(duties: Sequence[Duty], carriers: Mapping[str, str], moment: SlotTimes) -> list[Mark]:
    """Each telecom enterprise names its contact before the check is due (R-090); one of no provider is everybody's."""
    contacts = [duty for duty in duties if duty.role == "provider"]
    named = {duty.provider for duty in contacts}
    late: Colour = "amber" if moment.overdue else "none"
    silent = [name for id_, name in carriers.items() if not named & {id_, None}]
    if silent:
        return [Mark("provider", late, "nobody-of", name) for name in silent]
    if not contacts:
        return [Mark("provider", late, "nobody")]
    return [Mark("provider", "green", "ok", ", ".join(duty.name for duty in contacts))]


def console_marks(checked: Mapping[str, str]) -> tuple[Mark, ...]:
    """Judge who controls, by name: with which laptop, by the day it was last tested, or without one (Điều 10.2.b)."""
    return tuple(
        Mark("console", "green", "ok", f"{name} {day}") if day else Mark("console", "amber", "no-laptop", name)
        for name, day in checked.items()
    )


def link_mark(test: LinkTest | None, moment: SlotTimes) -> Mark:
    """Judge the link of a session that needs one: without a good test it does not become ready (R-104)."""
    if test is None:
        return Mark("link", "red" if moment.overdue else "amber", "untested")
    return Mark("link", "green", "ok") if test.good else Mark("link", "red", "faulty", test.words)


def worst(found: Iterable[Colour]) -> Colour:
    """Return the colour of a whole."""
    return max(found, key=SEVERITY.index, default="none")
