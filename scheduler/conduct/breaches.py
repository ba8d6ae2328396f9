"""What the records say was not done as the regulation asks, by unit: facts, no judgement (Điều 20). Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scheduler.conduct.handover import Handover
from scheduler.model import Point, Refused, Session, State

BreachKind = Literal["late", "missed", "closing", "receipt"]
"""Registered after the deadline (Điều 13.2.a); registered and not held (Điều 12.4); a closing list that nobody finished
(Điều 15.1); a recording whose receipt was not confirmed in time (Điều 15.3)."""

ARTICLES: Mapping[BreachKind, str] = {
    "late": "điểm a khoản 2 Điều 13",
    "missed": "khoản 4 Điều 12",
    "closing": "khoản 1 Điều 15",
    "receipt": "khoản 3 Điều 15",
}


@dataclass(frozen=True, slots=True)
class Breach:
    """One fact about a unit; `point` where it concerns one of its points, `session` is where it can be seen.

    None: the registration was refused.
    """

    at: datetime
    kind: BreachKind
    unit: str
    session: str | None
    point: str | None = None


def late(refusals: Iterable[Refused]) -> list[Breach]:
    """Return the registrations that were refused for coming after their deadline."""
    return [Breach(each.at, "late", each.unit, None, each.host_point) for each in refusals if each.word == "late"]


def missed(sessions: Iterable[Session], given_up: Collection[str], units: Mapping[str, str]) -> list[Breach]:
    """Return the sessions that nobody opened and that were given up for others."""
    return [
        Breach(session.official.start, "missed", units[session.host_point], session.id)
        for session in sessions
        if session.id in given_up
    ]


def unclosed(
    session: Session, missing: Collection[str], points: Mapping[str, Point], overdue: datetime, now: datetime
) -> list[Breach]:
    """Return the points of a session whose closing list was not finished by `overdue`."""
    if session.state != State.ISSUED or now < overdue:
        return []
    return [Breach(overdue, "closing", points[p].unit, session.id, p) for p in missing if p in points]


def unreceived(handovers: Iterable[Handover], now: datetime) -> list[Breach]:
    """Return the recordings whose host did not confirm receipt in time."""
    return [
        Breach(each.due, "receipt", each.unit, each.session)
        for each in handovers
        if each.standing(now) in {"overdue", "late"}
    ]
