"""Finds facts that differ from what the regulation asks, by unit and without judgement (Điều 20). Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scheduler.core.model import Point, RefusedRegistration, Session, State
from scheduler.directory.model import DeviceChange
from scheduler.operations.closing.recording_handover import Handover

BreachKind = Literal[
    "late", "missed", "absent", "unchecked", "uninvited", "name", "drift", "closing", "receipt", "figures"
]  # fmt: skip
"""The kinds of breaches.

`late`: registered or moved after the deadline. `missed`: registered and not held. `absent`: expected in a meeting that
its host held, and not present. `unchecked`: not checked where other points were. `uninvited`: spoke uninvited where the
policy has advisory microphones. `name`, `drift`: another name, or other parameters, than registered. `closing`: a
closing checklist that nobody finished. `receipt`: a recording whose receipt was not confirmed in time. `figures`: a
correction request without a reply in time.
"""

ARTICLES: Mapping[BreachKind, str] = {
    "late": "điểm a khoản 2 Điều 13",
    "missed": "khoản 4 Điều 12",
    "absent": "khoản 4 Điều 14",
    "unchecked": "điểm c khoản 2 Điều 13",
    "uninvited": "khoản 6 Điều 11",
    "name": "khoản 4 Điều 6",
    "drift": "khoản 5 Điều 11",
    "closing": "khoản 1 Điều 15",
    "receipt": "khoản 3 Điều 15",
    "figures": "khoản 5 Điều 19",
}


@dataclass(frozen=True, slots=True)
class Breach:
    """One fact about a unit, with the point it concerns, if any, and the session in which it can be seen.

    `session` is None for refused registrations, drifts of devices, and figures.
    """

    at: datetime
    kind: BreachKind
    unit: str
    session: str | None
    point: str | None = None


def late(refusals: Iterable[RefusedRegistration]) -> list[Breach]:
    """Return a breach for each registration that was refused because it came after its deadline."""
    return [Breach(each.at, "late", each.unit, None, each.host_point) for each in refusals if each.word == "late"]


def moved(sessions: Iterable[Session], points: Mapping[str, Point]) -> list[Breach]:
    """Return a breach for each session that was registered too late for its present time."""
    return [
        Breach(each.official.start, "late", points[each.host_point].unit, each.id, each.host_point) for each in sessions
    ]


def absent(session: Session, there: Collection[str], points: Mapping[str, Point], now: datetime) -> list[Breach]:
    """Return a breach for each point that was not present in a meeting that is over and that its host held."""
    if session.state != State.ISSUED or now < session.official.end or session.host_point not in there:
        return []
    start = session.official.start
    return [Breach(start, "absent", points[p].unit, session.id, p) for p in session.points if p not in there]


def unchecked(session: Session, checked: Collection[str], points: Mapping[str, Point], now: datetime) -> list[Breach]:
    """Return a breach for each point that was not checked for a meeting that has begun, if others were."""
    if session.state != State.ISSUED or now < session.official.start or not checked:
        return []
    return [
        Breach(session.official.start, "unchecked", points[p].unit, session.id, p)
        for p in session.everyone
        if p not in checked
    ]


def drifted(changes: Iterable[DeviceChange], points: Mapping[str, Point]) -> list[Breach]:
    """Return a breach for each drift of a device from its registration."""
    return [
        Breach(each.at, "name" if each.field == "name" else "drift", points[each.point].unit, None, each.point)
        for each in changes
    ]


def counts(breaches: Iterable[Breach]) -> dict[str, Counter[BreachKind]]:
    """Return how many breaches of each kind each unit has."""
    by_unit: dict[str, Counter[BreachKind]] = {}
    for each in breaches:
        by_unit.setdefault(each.unit, Counter())[each.kind] += 1
    return by_unit


def missed(sessions: Iterable[Session], released: Collection[str], points: Mapping[str, Point]) -> list[Breach]:
    """Return a breach for each session that nobody opened and whose capacity was released for others."""
    return [
        Breach(session.official.start, "missed", points[session.host_point].unit, session.id)
        for session in sessions
        if session.id in released
    ]


def unclosed(
    session: Session, missing: Collection[str], points: Mapping[str, Point], overdue: datetime, now: datetime
) -> list[Breach]:
    """Return a breach for each point of a session whose closing checklist was not finished by `overdue`."""
    if session.state != State.ISSUED or now < overdue:
        return []
    return [Breach(overdue, "closing", points[p].unit, session.id, p) for p in missing if p in points]


def unreceived(handovers: Iterable[Handover], now: datetime) -> list[Breach]:
    """Return a breach for each recording whose host did not confirm receipt in time."""
    return [
        Breach(each.due, "receipt", each.unit, each.session)
        for each in handovers
        if each.status(now) in {"overdue", "late"}
    ]
