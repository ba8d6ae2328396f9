"""Judges readiness: one coloured mark for each point and item, red first (I-14, R-084, R-089, R-090, R-106). Pure.

Red: the meeting will suffer if nobody acts. Amber: somebody should look at it. Green: done. An item of which nothing is
known yet has no colour and does not change the colour of its point.
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
"""So long before a slot, a missing self-test turns amber."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark of one item: its colour, a stable word for the reason, and the value that the word is about."""

    item: str
    colour: Colour
    word: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class SlotTimes:
    """The times by which a slot is judged: when its check is due, when it starts, and now."""

    due: datetime
    start: datetime
    now: datetime

    @property
    def overdue(self) -> bool:
        """Return whether the check of this slot is due by now."""
        return self.now >= self.due


@dataclass(frozen=True, slots=True)
class LinkTest:
    """The result of a test of the link to the Government's video conference system; `words` say what was faulty."""

    good: bool
    words: str


@dataclass(frozen=True, slots=True)
class InternetMeasurement:
    """In which directions a line over the Internet was too slow (Điều 6.3.b); None: it was not measured."""

    slow: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class RoomConflict:
    """The session that has the room of a point which is in several sessions at once.

    ``taken``: not decided; ``kept``: this session; ``yielded``: one of higher rank. `others` are the numbers of the
    other sessions, or with ``yielded`` that of the higher one alone.
    """

    word: Literal["taken", "kept", "yielded"]
    others: tuple[str, ...]

    @property
    def word_and_value(self) -> tuple[str, str]:
        """The word and value of the mark."""
        return self.word, ", ".join(self.others)


@dataclass(frozen=True, slots=True)
class PointFacts:
    """The facts by which a point is judged; None where nothing is known. `rehearsed` is None before a rehearsal.

    `line` lists what is wrong with the best of its lines (Điều 6.3). `internet` is for a point whose only line is over
    the Internet, which is measured before each meeting. `room` is set when several sessions want the room (I-04).
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


def marks(facts: PointFacts, times: SlotTimes) -> tuple[Mark, ...]:
    """Return the marks of a point, one for each item."""
    return (
        _known("account", facts.account, "no-account", "red"),
        Mark("address", "none", "unknown") if facts.address is None else Mark("address", "green", "ok", facts.address),
        _check(facts.check, times),
        _test(facts.test, times),
        _known("rehearsal", facts.rehearsed, "missed", "amber"),
        Mark("duty", "amber", "no-duty") if facts.duty is None else Mark("duty", "green", "ok", facts.duty.name),
        _line(facts.line) if facts.internet is None else _measured(facts.internet, times),
        Mark("room", "green", "ok") if facts.room is None else Mark("room", "amber", *facts.room.word_and_value),
    )


def _known(item: MarkItem, good: bool | None, word: str, bad: Colour) -> Mark:
    if good is None:
        return Mark(item, "none", "unknown")
    return Mark(item, "green", "ok") if good else Mark(item, bad, word)


def _line(wrong: tuple[str, ...] | None) -> Mark:
    if wrong is None:
        return Mark("line", "none", "unknown")
    return Mark("line", "amber", "bad-line", ", ".join(wrong)) if wrong else Mark("line", "green", "ok")


def _measured(internet: InternetMeasurement, times: SlotTimes) -> Mark:
    """Judge a line over the Internet: without a fresh, good measurement the point is not ready (R-027)."""
    if internet.slow is None:
        return Mark("line", "red" if times.overdue else "amber", "unmeasured")
    return Mark("line", "red", "bad-line", ", ".join(internet.slow)) if internet.slow else Mark("line", "green", "ok")


def _check(check: TechnicalCheck | None, times: SlotTimes) -> Mark:
    """Judge the technical check: red when it failed, and from the due time on when there is none."""
    if check is None:
        return Mark("check", "red" if times.overdue else "amber", "unchecked")
    return Mark("check", "red" if check.result == "faulty" else "green", check.result, check.words)


def _test(test: SelfTest | None, times: SlotTimes) -> Mark:
    if test is None:
        soon = times.now >= times.start - SOON
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
    times: SlotTimes,
    providers: Mapping[str, str] | None = None,
) -> tuple[Mark, ...]:
    """Return the marks that belong to the session, not to a point.

    `missing` are units that have nobody on site, `busy` names of technicians with too many sessions at once,
    `providers` the names by id of the providers whose lines the points have.
    """
    return (
        _main(duties, times),
        *_providers(duties, providers or {}, times),
        *(Mark("on_site", "amber", "nobody-of", unit) for unit in missing),
        *(Mark("parallel", "amber", "too-many-sessions", name) for name in busy),
    )


def _main(duties: Sequence[Duty], times: SlotTimes) -> Mark:
    main = next((duty for duty in duties if duty.role == "main"), None)
    if main is None:
        return Mark("main", "red" if times.overdue else "amber", "nobody")
    return Mark("main", "green", "ok", main.name)


def _providers(duties: Sequence[Duty], providers: Mapping[str, str], times: SlotTimes) -> list[Mark]:
    """Judge the contacts of providers: each names one before the check is due (R-090).

    A contact without a provider counts for all of them.
    """
    contacts = [duty for duty in duties if duty.role == "provider"]
    named = {duty.provider for duty in contacts}
    late: Colour = "amber" if times.overdue else "none"
    silent = [name for id_, name in providers.items() if not named & {id_, None}]
    if silent:
        return [Mark("provider", late, "nobody-of", name) for name in silent]
    if not contacts:
        return [Mark("provider", late, "nobody")]
    return [Mark("provider", "green", "ok", ", ".join(duty.name for duty in contacts))]


def console_marks(checked: Mapping[str, str]) -> tuple[Mark, ...]:
    """Judge the laptops of those who control, by name, from the day each was last tested (Điều 10.2.b).

    An empty day means that no laptop was ever tested.
    """
    return tuple(
        Mark("console", "green", "ok", f"{name} {day}") if day else Mark("console", "amber", "no-laptop", name)
        for name, day in checked.items()
    )


def link_mark(test: LinkTest | None, times: SlotTimes) -> Mark:
    """Judge the link of a session that needs one: without a good test it is not ready (R-104)."""
    if test is None:
        return Mark("link", "red" if times.overdue else "amber", "untested")
    return Mark("link", "green", "ok") if test.good else Mark("link", "red", "faulty", test.words)


def worst(found: Iterable[Colour]) -> Colour:
    """Return the worst of some colours."""
    return max(found, key=SEVERITY.index, default="none")
