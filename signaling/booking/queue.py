"""Endpoints of the operator's queue: waiting sessions, the cost of serving them, confirmed plans (Điều 12.4)."""

from typing import Annotated

from pydantic import Field, StringConstraints

from scheduler.core import model
from scheduler.core.model import Act, Limit, State
from scheduler.core.note import Note, no_note
from signaling.accounts import visible_sessions
from signaling.booking import session_briefs, sessions, two_persons
from signaling.booking.context import BOOKING
from signaling.booking.session_briefs import Brief
from signaling.booking.sessions import Session
from signaling.core.errors import NotFound
from signaling.http.route import ID, ApiRequest, Interval, Model, Moment, Route

Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Offer(Model):
    """A free time: the same request is admissible then."""

    start: Moment
    end: Moment
    rehearsal: Interval | None


class Reason(Model):
    """Limit that would be broken, with its time, the sessions that hold capacity then, and times that would fit."""

    limit: Limit
    start: Moment
    end: Moment
    usable: int
    needed: int
    largest: int
    impossible: bool
    holders: list[Brief]
    suggestions: list[Offer]


class Plan(Model):
    """The sessions that a plan would revoke, latest registered first; it may be confirmed until a time.

    `spared` keep their codes by reprieve, though they registered later than one of the victims (A24).
    """

    version: int
    victims: list[Brief]
    spared: list[Brief]
    until: Moment


class Standing(Model):
    """A waiting session. Only sessions that the account may see are named in it."""

    session: Brief
    state: State
    since: Moment
    servable: bool
    victims: list[Brief]
    costs: int
    reason: Reason | None
    held: Plan | None
    ahead: list[Brief]


class Overrun(Model):
    """A meeting that ends soon and has no room to run on."""

    session: Brief
    reason: Reason


class Queue(Model):
    """Waiting sessions, in the order of Điều 12.4.b, and meetings that cannot be extended."""

    waiting: list[Standing]
    overruns: list[Overrun]
    now: Moment


class Confirmation(Model):
    """Confirms the plan of this version; `override` passes sessions that come first. The reason is stored."""

    version: Annotated[int, Field(strict=True, ge=1)]
    reason: Why
    override: Annotated[bool, Field(strict=True)] = False


class Outcome(Model):
    """The session that was served; or, if the plan has changed, the new plan, to be confirmed instead."""

    session: Session | None
    plan: Plan | None


async def queue(request: ApiRequest) -> Queue:
    """List waiting sessions and meetings that cannot be extended."""
    context = request.context(BOOKING)
    request.only(request.account.sees_all)
    waiting = await context.scheduler.operator.queue(request.now)
    overruns = await context.scheduler.operator.overruns(request.now)
    briefs = await session_briefs.of(request, {*_ids(waiting), *(i for each in overruns for i in each.reason.holders)})
    briefs |= await session_briefs.of(request, [each.session.id for each in overruns])
    return Queue(
        waiting=[_standing(each, briefs) for each in waiting],
        overruns=[Overrun(session=briefs[o.session.id], reason=_reason(o.reason, briefs)) for o in overruns],
        now=request.now,
    )


async def standing(request: ApiRequest) -> Standing:
    """Return why a session waits and what would help; 404 for one that does not wait."""
    await visible_sessions.find(request)
    return await standing_of(request, request.id)


async def standing_of(request: ApiRequest, session: str) -> Standing:
    """Return the queue entry of a waiting session. Raises NotFound."""
    queued = await request.context(BOOKING).scheduler.operator.queued_session(session, request.now)
    if queued is None:
        raise NotFound
    return _standing(queued, await session_briefs.of(request, _ids([queued])))


async def hold(request: ApiRequest) -> Plan:
    """Make the plan that would serve a session, and hold it for confirmation."""
    request.only(request.account.central)
    note: Note[model.HeldPlan] = request.noting(
        "hold", lambda held: (request.id, f"{held.version}: {len(held.victims)}")
    )
    held = await request.context(BOOKING).scheduler.operator.hold(request.id, request.now, note)
    return _plan(held, await session_briefs.of(request, (*held.victims, *held.spared)))


async def confirm(request: ApiRequest) -> Outcome:
    """Carry out a held plan if it is unchanged: its victims lose their codes, the session gets one."""
    context = request.context(BOOKING)
    request.only(request.account.central)
    body: Confirmation = request.body
    act = Act(request.account.account, body.reason)
    done: model.Session | model.HeldPlan | None = None
    if two_persons.wanted(request, "confirm-plan"):
        held = await context.scheduler.operator.hold(request.id, request.now)
        if held.version == body.version:
            await two_persons.check(request, "confirm-plan", request.id, held.victims, body.reason, body.override)
        else:
            done = held
    if done is None:
        done = await carry_out(request, request.id, body.version, act, body.override)
    if isinstance(done, model.HeldPlan):
        return Outcome(session=None, plan=_plan(done, await session_briefs.of(request, (*done.victims, *done.spared))))
    return Outcome(session=sessions.wire(request, done, await visible_sessions.units_and_points(request)), plan=None)


async def carry_out(
    request: ApiRequest, session: str, version: int, act: Act, override: bool, also: Note[object] = no_note
) -> model.Session | model.HeldPlan:
    """Serve a session by its held plan of this version; return it, or the plan that takes the place of another one.

    `also` is noted with it.
    """
    context = request.context(BOOKING)
    before = await context.scheduler.operator.queued_session(session, request.now)
    victims = before.held.victims if before and before.held else ()
    counted = f"revoked={len(victims)}{' override' if override else ''}"
    note: Note[model.Session] = request.noting(
        "confirm", lambda done: (session, f"{done.number} {counted}: {act.reason}"[:1000]), also
    )
    done = await context.scheduler.operator.confirm(session, version, request.now, act, override, note)
    if isinstance(done, model.HeldPlan):
        return done
    await context.meetings.displaced(victims, request.now)
    context.outbox.wake()
    return done


def _ids(waiting: list[model.Queued]) -> set[str]:
    ids: set[str] = set()
    for each in waiting:
        holders = each.reason.holders if each.reason else ()
        spared = each.held.spared if each.held else ()
        ids |= {each.session.id, *each.victims, *each.ahead, *holders, *spared}
    return ids


def _named(ids: tuple[str, ...], briefs: session_briefs.Briefs) -> list[Brief]:
    return [briefs[each] for each in ids if each in briefs]


def _plan(held: model.HeldPlan, briefs: session_briefs.Briefs) -> Plan:
    victims, spared = (_named(ids, briefs) for ids in (held.victims, held.spared))
    return Plan(version=held.version, victims=victims, spared=spared, until=held.until)


def _reason(reason: model.Refuse, briefs: session_briefs.Briefs) -> Reason:
    return Reason(
        limit=reason.limit,
        start=reason.interval.start,
        end=reason.interval.end,
        usable=reason.usable,
        needed=reason.needed,
        largest=reason.largest,
        impossible=reason.impossible,
        holders=_named(reason.holders, briefs),
        suggestions=[offer(each) for each in reason.suggestions],
    )


def offer(free: model.Suggestion) -> Offer:
    """Return a free time as it is sent."""
    rehearsal = None if free.rehearsal is None else sessions.span(free.rehearsal)
    return Offer(start=free.official.start, end=free.official.end, rehearsal=rehearsal)


def _standing(each: model.Queued, briefs: session_briefs.Briefs) -> Standing:
    return Standing(
        session=briefs[each.session.id],
        state=each.session.state,
        since=each.session.created,
        servable=each.servable,
        victims=_named(each.victims, briefs),
        costs=len(each.victims),
        reason=None if each.reason is None else _reason(each.reason, briefs),
        held=None if each.held is None else _plan(each.held, briefs),
        ahead=_named(each.ahead, briefs),
    )


ROUTES = [
    Route("GET", "/queue", queue, "Who waits for capacity", Queue, problems=(403,)),
    Route("GET", f"/sessions/{ID}/standing", standing, "Why a session waits", Standing, problems=(404,)),
    Route("POST", f"/sessions/{ID}/hold", hold, "Hold the plan that serves a session", Plan, problems=(403, 404, 409)),
    Route(
        "POST",
        f"/sessions/{ID}/confirm",
        confirm,
        "Carry out a held plan",
        Outcome,
        body=Confirmation,
        problems=(403, 404, 409),
    ),
]
