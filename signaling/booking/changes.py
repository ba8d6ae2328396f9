"""Endpoints of changes to a registered session: amendment, extension, release; and their history."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from scheduler.core import model
from scheduler.core.model import Act, HappeningKind
from scheduler.core.note import Note
from signaling.accounts import permissions, visible_sessions
from signaling.booking import session_briefs, sessions
from signaling.booking.context import BOOKING
from signaling.booking.queue import Why
from signaling.booking.sessions import Session
from signaling.http.route import ID, ApiRequest, Id, Interval, Model, Moment, Route

Text = Annotated[str, StringConstraints(max_length=2000)]


class Amendment(Model):
    """Changed fields; omitted ones stay. A smaller request keeps its place, a larger one gets a new one (I-02)."""

    points: Annotated[list[Id], Field(max_length=500)] | None = None
    rehearsal: Interval | None = None
    no_rehearsal: Annotated[bool, Field(strict=True)] = False
    official: Interval | None = None
    title: Text | None = None
    contact_name: Text | None = None
    contact_phone: Text | None = None
    recording: Annotated[bool, Field(strict=True)] | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


class Extension(Model):
    """Number of steps of the profile by which a running meeting is extended; below 0, by which that is taken back."""

    steps: Literal[-4, -3, -2, -1, 1, 2, 3, 4]


class Extensible(Model):
    """Number of steps by which a meeting may be extended now, and minutes before its end when the host is reminded."""

    steps: int
    step_min: int
    warn_min: int
    end: Moment


class Release(Model):
    """The reason for giving up a session."""

    reason: Why


class Happening(Model):
    """One change: who made it (null: the system, by the rules), why, to which session, under which profile."""

    at: Moment
    kind: HappeningKind
    by: str | None
    reason: str
    cause: str | None
    profile: str


async def amend(request: ApiRequest) -> Session:
    """Change a registration; a change that does not fit leaves it as it was."""
    context = request.context(BOOKING)
    session, points = await visible_sessions.find(request)
    request.only(permissions.may_cancel(request.account, session, points))
    body: Amendment = request.body
    act = Act(request.account.account, body.reason)
    note: Note[model.Session] = request.noting(
        "amend", lambda new: (new.id, f"{new.number} {new.legs} {body.reason}".strip())
    )
    amended = await context.scheduler.amend(session.id, _amended_request(session, body), request.now, act, note)
    context.outbox.wake()
    await context.meetings.amended(amended)
    return sessions.wire(request, amended, points)


async def extension(request: ApiRequest) -> Extensible:
    """Return by how many steps a meeting could be extended."""
    context = request.context(BOOKING)
    session, points = await visible_sessions.find(request)
    request.only(permissions.may_extend(request.account, session, points))
    policy = context.scheduler.policy(request.now)
    return Extensible(
        steps=await context.scheduler.extensible(session.id, request.now),
        step_min=policy.registration.extension_min,
        warn_min=policy.door.warn_min,
        end=session.official.end,
    )


async def extend(request: ApiRequest) -> Session:
    """Extend a running meeting, or take that back; everyone in it is told the new end."""
    context = request.context(BOOKING)
    session, points = await visible_sessions.find(request)
    request.only(permissions.may_extend(request.account, session, points))
    steps, act = request.body.steps, Act(request.account.account)
    note: Note[model.Session] = request.noting("extend", lambda extended: (extended.id, f"{extended.number} {steps}"))
    extended = await context.scheduler.extend(session.id, steps, request.now, act, note)
    context.outbox.wake()
    await context.meetings.amended(extended)
    return sessions.wire(request, extended, points)


async def release(request: ApiRequest) -> Session:
    """Give up a session that nobody opened."""
    context = request.context(BOOKING)
    session, points = await visible_sessions.find(request)
    request.only(request.account.central)
    act = Act(request.account.account, request.body.reason)
    note: Note[model.Session] = request.noting(
        "release", lambda released: (released.id, f"{released.number}: {act.reason}")
    )
    released = await context.scheduler.release(session.id, request.now, act, note)
    context.outbox.wake()
    return sessions.wire(request, released, points)


async def history(request: ApiRequest) -> list[Happening]:
    """List every change of a session, oldest first; without names for units other than host and centre."""
    session, points = await visible_sessions.find(request)
    detailed = permissions.is_host(request.account, session, points) or request.account.sees_all
    happened = await request.context(BOOKING).scheduler.history(session.id)
    briefs = await session_briefs.of(request, {each.cause for each in happened if each.cause})
    return [_wire(each, briefs, detailed) for each in happened]


def _wire(each: model.Happening, briefs: session_briefs.Briefs, detailed: bool) -> Happening:
    cause = briefs.get(each.cause or "")
    return Happening(
        at=each.at,
        kind=each.kind,
        by=(each.by or None) if detailed else None,
        reason=each.reason if detailed else "",
        cause=None if cause is None else cause.number,
        profile=each.profile,
    )


def _amended_request(session: model.Session, body: Amendment) -> model.Request:
    """Return the request of a session with its changes; points the account may not see are not counted either."""
    points = session.points if body.points is None else tuple(body.points)
    rehearsal = session.rehearsal if body.rehearsal is None else _interval(body.rehearsal)
    changed = body.model_dump(include={"title", "contact_name", "contact_phone", "recording"}, exclude_none=True)
    particulars = {**model.particulars_of(session), **changed, "points": points}
    counted = {at: people for at, people in session.people_at.items() if at in (session.host_point, *points)}
    return model.Request(
        **{**particulars, "people_at": counted},
        rehearsal=None if body.no_rehearsal else rehearsal,
        official=session.official if body.official is None else _interval(body.official),
        submitted_by=session.submitted_by,
        klass=session.klass,
        secret=False,
    )


def _interval(interval: Interval) -> model.Interval:
    return model.Interval(interval.start, interval.end)


ROUTES = [
    Route(
        "POST",
        f"/sessions/{ID}/amend",
        amend,
        "Ask for something else",
        Session,
        body=Amendment,
        problems=(403, 404, 409),
    ),
    Route(
        "GET", f"/sessions/{ID}/extension", extension, "How far a meeting could go on", Extensible, problems=(403, 404)
    ),
    Route(
        "POST",
        f"/sessions/{ID}/extend",
        extend,
        "Let a meeting go on",
        Session,
        body=Extension,
        problems=(403, 404, 409),
    ),
    Route(
        "POST",
        f"/sessions/{ID}/release",
        release,
        "Give up what nobody opened",
        Session,
        body=Release,
        problems=(403, 404, 409),
    ),
    Route("GET", f"/sessions/{ID}/history", history, "What happened to a session", list[Happening], problems=(404,)),
]
