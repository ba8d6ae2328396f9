"""Endpoints of changes to a registered session: amendment, extension, release; and their history."""

from typing import Annotated

from pydantic import Field, StringConstraints

from scheduler.core import model
from scheduler.core.model import Act, HappeningKind
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
    """By how many steps of the profile a running meeting is extended."""

    steps: Annotated[int, Field(strict=True, ge=1, le=4)]


class Extensible(Model):
    """How many steps a meeting may be extended now, and how many minutes before its end the host is reminded."""

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


async def amend(call: ApiRequest) -> Session:
    """Change a registration; a change that does not fit leaves it as it was."""
    context = call.context(BOOKING)
    found, points = await visible_sessions.find(call)
    call.only(permissions.may_cancel(call.account, found, points))
    body: Amendment = call.body
    act = Act(call.account.account, body.reason)
    amended = await context.scheduler.amend(found.id, _asked(found, body), call.now, act)
    context.outbox.wake()
    await call.note("amend", amended.id, f"{amended.number} {amended.legs} {body.reason}".strip())
    await context.meetings.amended(amended)
    return sessions.wire(call, amended, points)


async def extension(call: ApiRequest) -> Extensible:
    """Return by how many steps a meeting could be extended."""
    context = call.context(BOOKING)
    found, points = await visible_sessions.find(call)
    call.only(permissions.may_extend(call.account, found, points))
    policy = context.scheduler.policy(call.now)
    return Extensible(
        steps=await context.scheduler.extensible(found.id, call.now),
        step_min=policy.registration.extension_min,
        warn_min=policy.door.warn_min,
        end=found.official.end,
    )


async def extend(call: ApiRequest) -> Session:
    """Extend a running meeting; everyone in it is told the new end."""
    context = call.context(BOOKING)
    found, points = await visible_sessions.find(call)
    call.only(permissions.may_extend(call.account, found, points))
    extended = await context.scheduler.extend(found.id, call.body.steps, call.now, Act(call.account.account))
    context.outbox.wake()
    await call.note("extend", extended.id, f"{extended.number} {call.body.steps}")
    await context.meetings.amended(extended)
    return sessions.wire(call, extended, points)


async def release(call: ApiRequest) -> Session:
    """Give up a session that nobody opened."""
    context = call.context(BOOKING)
    found, points = await visible_sessions.find(call)
    call.only(call.account.central)
    released = await context.scheduler.release(found.id, call.now, Act(call.account.account, call.body.reason))
    context.outbox.wake()
    await call.note("release", released.id, f"{released.number}: {call.body.reason}")
    return sessions.wire(call, released, points)


async def history(call: ApiRequest) -> list[Happening]:
    """List every change of a session, oldest first; without names for units other than host and centre."""
    found, points = await visible_sessions.find(call)
    told = permissions.is_host(call.account, found, points) or call.account.sees_all
    happened = await call.context(BOOKING).scheduler.history(found.id)
    known = await session_briefs.of(call, {each.cause for each in happened if each.cause})
    return [_wire(each, known, told) for each in happened]


def _wire(each: model.Happening, known: session_briefs.Briefs, told: bool) -> Happening:
    cause = known.get(each.cause or "")
    return Happening(
        at=each.at,
        kind=each.kind,
        by=(each.by or None) if told else None,
        reason=each.reason if told else "",
        cause=None if cause is None else cause.number,
        profile=each.profile,
    )


def _asked(found: model.Session, body: Amendment) -> model.Request:
    """Return the request of a session with its changes; points the account may not see are not counted either."""
    points = found.points if body.points is None else tuple(body.points)
    rehearsal = found.rehearsal if body.rehearsal is None else _interval(body.rehearsal)
    given = body.model_dump(include={"title", "contact_name", "contact_phone", "recording"}, exclude_none=True)
    kept = {**model.particulars_of(found), **given, "points": points}
    counted = {at: people for at, people in found.people_at.items() if at in (found.host_point, *points)}
    return model.Request(
        **{**kept, "people_at": counted},
        rehearsal=None if body.no_rehearsal else rehearsal,
        official=found.official if body.official is None else _interval(body.official),
        submitted_by=found.submitted_by,
        klass=found.klass,
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
