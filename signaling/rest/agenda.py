"""The calendar of sessions: what takes place when, in few words, so that a whole month is one short answer."""

from datetime import timedelta

from scheduler import model
from scheduler.model import Phase, SlotKind, State
from signaling import rights
from signaling.rest.route import Call, Model, Moment, Route, Window
from signaling.rest.sessions import bodies

LONGEST = timedelta(days=62)
USUAL = timedelta(days=7)


class Span(Window):
    """Which time; a week from now unless said otherwise, 62 days at most."""


class Entry(Model):
    """One slot of a session that is not cancelled; `phase` is that of the slot."""

    id: str
    number: str
    title: str
    host: str
    level: str
    kind: SlotKind
    start: Moment
    end: Moment
    legs: int
    phase: Phase


class Busy(Model):
    """A point that is in a session at that time; `title` only for those who may see the session."""

    point: str
    start: Moment
    end: Moment
    title: str | None


async def busy(call: Call) -> list[Busy]:
    """List the points that are in a session with a code, for who is about to invite them (R-077, I-04)."""
    start, end = call.query.bounds(call.now, USUAL, LONGEST)
    known = await bodies(call)
    found = []
    for session in await call.roof.scheduler.sessions(start, end):
        title = session.title if rights.may_see(call.account, session, known) else None
        meets = [slot for slot in session.slots if slot.start < end and start < slot.end]
        if session.state == State.ISSUED:
            found += [Busy(point=p, start=s.start, end=s.end, title=title) for s in meets for p in session.everyone]
    return found


async def agenda(call: Call) -> list[Entry]:
    """List slots by their start: all for those who see everything, else those of one's own unit."""
    start, end = call.query.bounds(call.now, USUAL, LONGEST)
    unit = call.account.unit
    units = None if call.account.sees_all else [] if unit is None else [unit]
    return [wire(entry) for entry in await call.roof.scheduler.agenda(start, end, call.now, units)]


def wire(entry: model.Entry) -> Entry:
    """Return a slot as it is sent."""
    return Entry(
        id=entry.session,
        number=entry.number,
        title=entry.title,
        host=entry.host,
        level=entry.level,
        kind=entry.slot.kind,
        start=entry.slot.start,
        end=entry.slot.end,
        legs=entry.slot.legs,
        phase=entry.phase,
    )


ROUTES = [
    Route("GET", "/agenda", agenda, "The calendar of sessions", list[Entry], query=Span),
    Route("GET", "/points/busy", busy, "Points that are in a session", list[Busy], query=Span),
]
