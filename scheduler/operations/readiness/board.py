"""Builds the readiness board of a session from checks, duties, attendance, lines and other sessions (I-14). Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scheduler.core.model import Interval, Session, Slot, SlotKind
from scheduler.directory.equipment import lines
from scheduler.directory.equipment.provider_points import points_by_provider
from scheduler.directory.model import AccessLine
from scheduler.operations.attendance.presence_intervals import PresenceInterval
from scheduler.operations.readiness.duty import Duty, absent_units, overloaded
from scheduler.operations.readiness.marks import (
    Colour,
    InternetMeasurement,
    LinkTest,
    Mark,
    PointFacts,
    RoomConflict,
    SlotTimes,
    console_marks,
    link_mark,
    marks,
    session_marks,
    worst,
)
from scheduler.operations.readiness.self_test import SelfTest
from scheduler.operations.readiness.technical_check import TechnicalCheck
from scheduler.policy.policy import LevelPolicy, Policy


@dataclass(frozen=True, slots=True)
class Board:
    """The readiness of a session for its next slot: marks of the session and of each point, in the session's order.

    `on_site` are the units that each send somebody to the host. `steps` are the power-on and power-off steps that
    points have done, and when.
    """

    session: Session
    slot: Slot
    due: datetime
    on_site: tuple[str, ...]
    steps: Mapping[str, Mapping[str, datetime]]
    duties: tuple[Duty, ...]
    marks: tuple[Mark, ...]
    points: Mapping[str, tuple[Mark, ...]]

    @property
    def colours(self) -> dict[str, Colour]:
        """The colour of each point: that of its worst mark."""
        return {point: worst(mark.colour for mark in found) for point, found in self.points.items()}

    @property
    def yielded(self) -> dict[str, str]:
        """The points whose room a session of higher rank has, and the number of that session."""
        marks = {point: mark for point, found in self.points.items() for mark in found if mark.word == "yielded"}
        return {point: mark.value for point, mark in marks.items()}

    @property
    def colour(self) -> Colour:
        """The colour of the session: that of its worst mark or point."""
        return worst([*(mark.colour for mark in self.marks), *self.colours.values()])


@dataclass(frozen=True, slots=True)
class BoardInputs:
    """The data that boards are built from, by session or point.

    `beside` are all issued sessions of that time; `levels` and `owners` are those of all points. `accounts` are the
    points that somebody can sign in for; None: not known. `providers` are names by id. `consoles` names the units that
    control each session, with the day on which the laptop of each was last tested.
    """

    checks: Mapping[str, Sequence[TechnicalCheck]]
    duties: Mapping[str, Sequence[Duty]]
    stays: Mapping[str, Sequence[PresenceInterval]]
    beside: Sequence[Session]
    levels: Mapping[str, str]
    owners: Mapping[str, str]
    units: Collection[str]
    accounts: Collection[str] | None = None
    tests: Mapping[str, SelfTest] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, Sequence[AccessLine]] = field(default_factory=dict)
    steps: Mapping[str, Mapping[str, Mapping[str, datetime]]] = field(default_factory=dict)
    links: Mapping[tuple[str, SlotKind], LinkTest] = field(default_factory=dict)
    providers: Mapping[str, str] = field(default_factory=dict)
    consoles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def next_slot(session: Session, now: datetime) -> Slot:
    """Return the slot that is being prepared or held; the last one when all are over."""
    return next((slot for slot in session.slots if now < slot.end), session.slots[-1])


def board(session: Session, inputs: BoardInputs, policy: Policy, now: datetime) -> Board:
    """Build the readiness board of a session."""
    slot, duties = next_slot(session, now), tuple(inputs.duties[session.id])
    times = SlotTimes(slot.start - timedelta(hours=policy.deadlines.check_hours), slot.start, now)
    senders = on_site(session, inputs, policy)
    missing = absent_units(duties, senders)
    at_once = [other for other in inputs.beside if _at_once(slot, other)]
    busy = _busy(session, slot, inputs, at_once, policy.preparation.max_parallel_per_technician)
    facts = _facts(session, slot, inputs, at_once, policy, now)
    judged = {point: marks(fact, times) for point, fact in facts.items()}
    needs_link = session.purpose in policy.preparation.link_purposes
    link = [link_mark(inputs.links.get((session.id, slot.kind)), times)] if needs_link else []
    return Board(
        session=session,
        slot=slot,
        due=times.due,
        on_site=tuple(senders),
        steps=inputs.steps.get(session.id, {}),
        duties=duties,
        marks=(
            *link,
            *session_marks(duties, missing, busy, times, _session_providers(session, inputs)),
            *console_marks(inputs.consoles.get(session.id, {})),
        ),
        points=judged,
    )


def _session_providers(session: Session, inputs: BoardInputs) -> dict[str, str]:
    """Return the names of the providers whose lines the points of a session have, by id."""
    own = [line for point in session.everyone for line in inputs.lines.get(point, ())]
    return {id_: inputs.providers[id_] for id_ in sorted(points_by_provider(session, own)) if id_ in inputs.providers}


def on_site(session: Session, inputs: BoardInputs, policy: Policy) -> list[str]:
    """Return the units that must each send somebody to the host of such a session (R-106)."""
    rule = policy.preparation.on_site
    if inputs.levels.get(session.host_point) not in rule.levels and session.purpose not in rule.purposes:
        return []
    return [unit for unit in rule.units if unit in inputs.units]


def _facts(
    session: Session, slot: Slot, inputs: BoardInputs, at_once: Sequence[Session], policy: Policy, now: datetime
) -> dict[str, PointFacts]:
    checked = {each.point: each for each in inputs.checks[session.id] if each.kind == slot.kind}
    point_duties = {each.point: each for each in inputs.duties[session.id] if each.role == "point"}
    rehearsed = _rehearsed(session, inputs.stays[session.id], now)
    beside = _beside(session, at_once)
    return {
        point: PointFacts(
            account=None if inputs.accounts is None else point in inputs.accounts,
            address=inputs.addresses.get(point),
            line=_line(inputs.lines.get(point, ()), inputs.levels.get(point, ""), policy),
            check=checked.get(point),
            test=_valid(inputs.tests.get(point), slot, policy),
            internet=_internet(inputs.lines.get(point, ()), _valid(inputs.tests.get(point), slot, policy), policy),
            rehearsed=None if rehearsed is None else point in rehearsed,
            duty=point_duties.get(point),
            room=_room(session, beside.get(point, ()), inputs, policy.level(inputs.levels.get(point, "")), policy),
        )
        for point in session.everyone
    }


def _valid(test: SelfTest | None, slot: Slot, policy: Policy) -> SelfTest | None:
    """Return a self-test if the slot starts within the hours for which the policy counts it, else None."""
    lasts = timedelta(hours=policy.preparation.self_test_hours)
    return test if test is not None and slot.start < test.at + lasts else None


def _internet(access_lines: Sequence[AccessLine], test: SelfTest | None, policy: Policy) -> InternetMeasurement | None:
    """Return what was too slow in the self-test of a point that has an Internet line only (R-027).

    None for points with another line.
    """
    rule = policy.directory.line("INTERNET")
    if rule is None or not lines.internet_alone(access_lines):
        return None
    if test is None or test.measured.up_kbps is None or test.measured.down_kbps is None:
        return InternetMeasurement(None)
    return InternetMeasurement(tuple(f.value for f in lines.slow(test.measured.up_kbps, test.measured.down_kbps, rule)))


def _line(access_lines: Sequence[AccessLine], level: str, policy: Policy) -> tuple[str, ...] | None:
    """Return what is wrong with the best line of a point (R-026); None when no line is registered."""
    if not access_lines:
        return None
    wrong = [[*lines.faults(each, policy, level, True), *lines.warnings(each, policy)] for each in access_lines]
    return tuple(fault.value for fault in min(wrong, key=len))


def _rehearsed(session: Session, stays: Sequence[PresenceInterval], now: datetime) -> set[str] | None:
    """Return which points took part in the rehearsal; None before it is over, or when there is none."""
    slot = session.rehearsal
    if slot is None or now < slot.end:
        return None
    return {stay.point for stay in stays if stay.joined < slot.end and slot.start < (stay.left or now)}


def _beside(session: Session, at_once: Sequence[Session]) -> dict[str, list[Session]]:
    """Return the other sessions that each point is in at the same time (I-04)."""
    found: dict[str, list[Session]] = {}
    for other in at_once:
        if other.id != session.id:
            for point in other.everyone:
                found.setdefault(point, []).append(other)
    return found


def _room(
    session: Session, others: Sequence[Session], inputs: BoardInputs, level: LevelPolicy | None, policy: Policy
) -> RoomConflict | None:
    """Return which session has the room of a point that several sessions want; None when only this one does (I-04).

    If the unit has one room only, the session of the highest rank has it. A unit with two rooms may use the other one,
    and sessions of equal rank must agree.
    """
    if not others:
        return None

    def rank(each: Session) -> int:
        level, unit = inputs.levels.get(each.host_point, ""), inputs.owners.get(each.host_point, "")
        return policy.rank(level, each.klass, unit, each.official.start)

    highest = max(others, key=rank)
    numbers = tuple(other.number for other in others)
    if level is None or level.quota != 1 or rank(highest) == rank(session):
        return RoomConflict("taken", numbers)
    return (
        RoomConflict("yielded", (highest.number,)) if rank(highest) > rank(session) else RoomConflict("kept", numbers)
    )


def _busy(session: Session, slot: Slot, inputs: BoardInputs, at_once: Sequence[Session], most: int) -> list[str]:
    """Return the central technicians of a session who have more than `most` sessions at one time."""
    held: dict[str, list[Interval]] = {}
    for other in at_once:
        for duty in _central(inputs.duties[other.id]):
            held.setdefault(duty.person, []).extend(
                Interval(each.start, each.end) for each in other.slots if _meet(slot, each)
            )
    many = overloaded(held, most)
    return [duty.name for duty in _central(inputs.duties[session.id]) if duty.person in many]


def _central(duties: Sequence[Duty]) -> list[Duty]:
    return [duty for duty in duties if duty.role in {"main", "backup"}]


def _at_once(slot: Slot, other: Session) -> bool:
    """Return whether a session has a slot at the same time.

    Most sessions of a week are ruled out by their first start and last end alone, which is cheap.
    """
    near = other.slots[0].start < slot.end and slot.start < other.slots[-1].end
    return near and any(_meet(slot, each) for each in other.slots)


def _meet(one: Slot, other: Slot) -> bool:
    return one.start < other.end and other.start < one.end
