"""Endpoints of the calendar: slots of sessions in a few words, so that a whole month is one short response."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from scheduler.core import model
from scheduler.core.model import Phase, SlotKind
from signaling.accounts import permissions
from signaling.accounts.visible_sessions import units_and_points
from signaling.booking.context import BOOKING
from signaling.http.route import ApiRequest, Model, Moment, Route, Window

LONGEST = timedelta(days=62)
USUAL = timedelta(days=7)


class AgendaQuery(Window):
    """A period; a week from now by default, 62 days at most."""


class BusyQuery(AgendaQuery):
    """A page of points, by the start of their sessions: at most `limit`, after the first `skip`."""

    limit: Annotated[int, Field(ge=1, le=5000)] = 5000
    skip: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class Entry(Model):
    """One slot of a session that is not cancelled; `phase` is that of the slot, `check_due` is of the session."""

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
    check_due: Moment


class Busy(Model):
    """A point that is in a session at that time; `title` only for accounts that may see the session."""

    point: str
    start: Moment
    end: Moment
    title: str | None


async def busy(request: ApiRequest) -> list[Busy]:
    """List the points that are in a session with a code, for a host that is about to invite them (R-077, I-04)."""
    start, end = request.query.bounds(request.now, USUAL, LONGEST)
    unit_directory = await units_and_points(request)
    query: BusyQuery = request.query
    occupied = await request.context(BOOKING).scheduler.occupied(start, end, query.skip, query.limit)
    seen = {id(each.session): permissions.may_see(request.account, each.session, unit_directory) for each in occupied}
    return [
        Busy(point=each.point, start=each.start, end=each.end, title=each.title if seen[id(each.session)] else None)
        for each in occupied
    ]


async def agenda(request: ApiRequest) -> list[Entry]:
    """List slots by their start: all for accounts that see everything, else those of the account's unit."""
    start, end = request.query.bounds(request.now, USUAL, LONGEST)
    unit = request.account.unit
    units = None if request.account.sees_all else [] if unit is None else [unit]
    return [wire(entry) for entry in await request.context(BOOKING).scheduler.agenda(start, end, request.now, units)]


def wire(entry: model.AgendaEntry) -> Entry:
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
        check_due=entry.check_due,
    )


ROUTES = [
    Route("GET", "/agenda", agenda, "The calendar of sessions", list[Entry], query=AgendaQuery),
    Route("GET", "/points/busy", busy, "Points that are in a session", list[Busy], query=BusyQuery),
]
