"""Endpoints of the capacity: its limits, its load over time, changes of the maximum."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from scheduler.core.model import Act, Amount, LoadStep
from scheduler.core.note import Note, no_note
from signaling.booking import session_briefs, two_persons
from signaling.booking.context import BOOKING
from signaling.booking.queue import Why
from signaling.booking.session_briefs import Brief
from signaling.core.errors import BadInput, Fault
from signaling.http.route import ApiRequest, Id, Model, Moment, Route, Window

LONGEST = timedelta(days=400)
USUAL = timedelta(days=7)
YEAR = timedelta(days=366)


class LoadQuery(Window):
    """A period; a week from now by default, 400 days at most."""


class Limit(Model):
    """The rated maximum and the part of it that registrations may use (Điều 12.4)."""

    max: int
    usable: int


class Step(Model):
    """A constant load."""

    start: Moment
    end: Moment
    sessions: int
    points: int


class Capacity(Model):
    """Both limits now, the load over the requested period, and what sessions would add that wait for a code."""

    sessions: Limit
    points: Limit
    steps: list[Step]
    waiting: list[Step]


class Rated(Model):
    """The maximum from an instant on (null: before all others), and the part that registrations may use."""

    since: Moment | None
    sessions: Limit
    points: Limit


class Share(Model):
    """The share of the maximum that registrations may use (80 %, Điều 12.4)."""

    num: int
    den: int


class Maximum(Model):
    """The maximum as a step function of time, past and planned; test rooms have `test_legs` of the usable part."""

    share: Share
    test_legs: int
    steps: list[Rated]


class Change(Model):
    """A new maximum from `since` (null: now) on; with `until` only until then, as during maintenance."""

    since: Moment | None = None
    until: Moment | None = None
    sessions: Annotated[int, Field(strict=True, ge=0, le=100_000)]
    points: Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
    reason: Why


class Shedding(Model):
    """The sessions whose codes are to be revoked, in the order in which they were shown."""

    victims: Annotated[list[Id], Field(min_length=1, max_length=10_000)]
    reason: Why


class Impact(Model):
    """The sessions that would lose, or must lose, their code, in order."""

    victims: list[Brief]


class SessionCosts(Model):
    """CPU in percent of a core that a session of so many points takes, as a load test measured it on a machine.

    `forwarded`: with its cameras forwarded one by one, `composed`: with one picture for everyone; `recorded` comes on
    top of `forwarded`.
    """

    measured: Moment
    machine: str
    cores: int
    points: int
    forwarded: float
    composed: float
    recorded: float


class Costs(Model):
    """The costs of a session; null until a load test's report was recorded with the capacity.

    `recordings` says when their pictures are composed by the profile.
    """

    session: SessionCosts | None
    recordings: Literal["live", "afterwards"]


class Peak(Model):
    """The highest load and its first moment; null when nothing was held."""

    load: int
    at: Moment | None


class Usage(Model):
    """Highest load of a period, and the numbers of registrations that waited, were revoked, or were refused."""

    sessions: Peak
    points: Peak
    waited: int
    revoked: int
    refused: int


async def capacity(request: ApiRequest) -> Capacity:
    """Return limits and load."""
    context = request.context(BOOKING)
    start, end = request.query.bounds(request.now, USUAL, LONGEST)
    limits = await context.scheduler.limits(request.now)
    steps = await context.scheduler.load(start, end)
    waiting = await context.scheduler.waiting_load(start, end)
    return Capacity(
        sessions=Limit(max=limits.maximum.sessions, usable=limits.usable.sessions),
        points=Limit(max=limits.maximum.points, usable=limits.usable.points),
        steps=_steps(steps),
        waiting=_steps(waiting),
    )


def _steps(load: Sequence[LoadStep]) -> list[Step]:
    return [Step(start=each.start, end=each.end, sessions=each.sessions, points=each.points) for each in load]


async def ceiling(request: ApiRequest) -> Maximum:
    """Return the rated maximum over time."""
    request.only(request.account.sees_all)
    return await _maximum(request)


async def impact(request: ApiRequest) -> Impact:
    """Return the sessions that would lose their codes by a change of the maximum; nothing is stored."""
    request.only(request.account.sees_all)
    since, until, amount = _taken(request)
    victims = await request.context(BOOKING).scheduler.operator.impact(since, amount, request.now, until)
    return await _impact(request, victims)


async def change(request: ApiRequest) -> Impact:
    """Store another maximum; return the sessions that must lose their codes for it, which `shed` then revokes."""
    context = request.context(BOOKING)
    request.only(request.account.central)
    since, until, amount = _taken(request)
    when = f"{since:%Y-%m-%dT%H:%M:%SZ}" + (f"/{until:%Y-%m-%dT%H:%M:%SZ}" if until else "")
    detail = f"{amount.sessions} {amount.points}: {request.body.reason}"
    note = request.noting("capacity", lambda _: (when, detail))
    due = await context.scheduler.operator.set_capacity(since, amount, request.now, until, note)
    context.outbox.wake()
    return await _impact(request, due)


async def shed(request: ApiRequest) -> Impact:
    """Revoke exactly these sessions for lack of capacity; if others are due by now, revoke none and return those."""
    request.only(request.account.central)
    body: Shedding = request.body
    await two_persons.check(request, "shed", "capacity", body.victims, body.reason)
    due = await carry_out(request, body.victims, Act(request.account.account, body.reason))
    return await _impact(request, due or ())


async def carry_out(
    request: ApiRequest, victims: Sequence[str], act: Act, also: Note[object] = no_note
) -> tuple[str, ...] | None:
    """Revoke exactly these sessions for lack of capacity; if others are due by now, revoke none and return those.

    `also` is noted with it.
    """
    context = request.context(BOOKING)
    note: Note[tuple[str, ...]] = request.noting("shed", lambda shed: ("capacity", f"{len(shed)}: {act.reason}"), also)
    due = await context.scheduler.operator.shed(victims, request.now, act, note)
    if due is None:
        await context.meetings.revoked(victims)
        context.outbox.wake()
    return due


async def usage(request: ApiRequest) -> Usage:
    """Return how full the system was at most, and who had to wait or was refused (R-113)."""
    request.only(request.account.sees_all)
    start, end = request.query.bounds(request.now - YEAR, YEAR, LONGEST)
    used = await request.context(BOOKING).scheduler.usage(start, end)
    return Usage(
        sessions=_peak(used.sessions, used.sessions_at),
        points=_peak(used.points, used.points_at),
        waited=used.waited,
        revoked=used.revoked,
        refused=used.refused,
    )


async def costs(request: ApiRequest) -> Costs:
    """Return what a session costs on this machine."""
    request.only(request.account.sees_all)
    context = request.context(BOOKING)
    found, recordings = await context.session_costs.newest(), context.scheduler.policy(request.now).conduct.recordings
    if found is None:
        return Costs(session=None, recordings=recordings.composed)
    session = SessionCosts(
        measured=found.measured,
        machine=found.machine,
        cores=found.cores,
        points=found.points,
        forwarded=found.forwarded_pct,
        composed=found.composed_pct,
        recorded=found.recorded_pct,
    )
    return Costs(session=session, recordings=recordings.composed)


def _peak(load: int, at: datetime | None) -> Peak:
    return Peak(load=load, at=at)


def _taken(request: ApiRequest) -> tuple[datetime, datetime | None, Amount]:
    """Return the requested period in whole seconds. Raises BadInput."""
    body: Change = request.body
    now = request.now.replace(microsecond=0)
    since = (body.since or now).replace(microsecond=0)
    if since < now:
        raise BadInput([Fault("since", "in-the-past")])
    if body.until is not None and body.until.replace(microsecond=0) <= since:
        raise BadInput([Fault("until", "end-before-start")])
    until = body.until and body.until.replace(microsecond=0)
    return since, until, Amount(body.sessions, body.points)


async def _impact(request: ApiRequest, victims: Sequence[str]) -> Impact:
    briefs = await session_briefs.of(request, victims)
    return Impact(victims=[briefs[victim] for victim in victims if victim in briefs])


async def _maximum(request: ApiRequest) -> Maximum:
    context = request.context(BOOKING)
    limit = await context.scheduler.capacity_limit()
    rules = context.scheduler.policy(request.now).capacity
    steps = [(None, limit.first), *limit.steps]
    return Maximum(
        share=Share(num=rules.share.num, den=rules.share.den),
        test_legs=rules.test_legs,
        steps=[
            Rated(
                since=since,
                sessions=Limit(max=amount.sessions, usable=rules.usable(amount).sessions),
                points=Limit(max=amount.points, usable=rules.usable(amount).points),
            )
            for since, amount in steps
        ],
    )


ROUTES = [
    Route("GET", "/capacity", capacity, "Limits and load", Capacity, query=LoadQuery),
    Route("GET", "/capacity/steps", ceiling, "The maximum over time", Maximum, problems=(403,)),
    Route(
        "POST",
        "/capacity/impact",
        impact,
        "What a change would cost",
        Impact,
        body=Change,
        problems=(403,),
        changes=False,
    ),
    Route("POST", "/capacity/steps", change, "Record another maximum", Impact, body=Change, problems=(403,)),
    Route("POST", "/capacity/shed", shed, "Revoke what cannot be borne", Impact, body=Shedding, problems=(403, 409)),
    Route("GET", "/capacity/costs", costs, "What a session costs", Costs, problems=(403,)),
    Route("GET", "/capacity/usage", usage, "Peak, waits and refusals", Usage, query=LoadQuery, problems=(403,)),
]
