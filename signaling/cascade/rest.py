"""Endpoints of cascades: what a system above reserves here, by its key, and what became of it at those below."""

from aiohttp import hdrs, web

from signaling.accounts import permissions, throttle, visible_sessions
from signaling.cascade.booking import NOT_HELD
from signaling.cascade.context import CASCADE
from signaling.cascade.model import Neighbour, ReservationState
from signaling.cascade.wire import Exchanged, Outcome, Told, Wanted, Withdrawn
from signaling.core.account import network_of
from signaling.core.audit_entry import SERVER
from signaling.core.errors import BadKey, Locked
from signaling.http.route import ID, ApiRequest, Model, Moment, Route

BEARER = "Bearer "


class Reserved(Model):
    """The state of a session at a system below; `detail` says for people why it is not accepted."""

    point: str
    label: str
    state: ReservationState
    number: str
    detail: str
    at: Moment


class NotHeld(Model):
    """A session that the system below called `label` does not hold."""

    session: str
    label: str
    state: ReservationState


async def reserve(request: ApiRequest) -> Outcome:
    """Register a session of the system above that calls, or change it, and say what became of it."""
    neighbour, context = await _caller(request), request.context(CASCADE)
    before = await context.reservations.one(neighbour.name, request.body.session)
    outcome = await context.reception.reserve(neighbour, request.body, request.now)
    context.wake()
    if before is None or before.state != outcome.state:
        await _note(request, neighbour, "cascade-reserve", f"{outcome.number} {outcome.state}")
    return outcome


async def withdraw(request: ApiRequest) -> web.Response:
    """Cancel the session that the system above that calls no longer holds with us."""
    neighbour, context = await _caller(request), request.context(CASCADE)
    await context.reception.withdraw(neighbour, request.body, request.now)
    context.wake()
    await _note(request, neighbour, "cascade-withdraw", request.body.session)
    return web.Response(status=204)


async def exchange(request: ApiRequest) -> Exchanged:
    """Take what the system above that calls tells of its meeting, and tell of ours."""
    neighbour, channel = await _caller(request), request.context(CASCADE).channel
    return Exchanged(meeting=await channel.heard(neighbour, request.body, request.now))


async def reserved(request: ApiRequest) -> list[Reserved]:
    """List what became of a session at systems below; why it is not held there is for host and centre."""
    session, unit_directory = await visible_sessions.find(request)
    detailed = permissions.is_host(request.account, session, unit_directory) or request.account.sees_all
    context = request.context(CASCADE)
    points = {each.name: unit_directory.points[each.point] for each in await context.neighbours.all()}
    return [
        Reserved(
            point=points[each.neighbour].name,
            label=points[each.neighbour].label,
            state=each.state,
            number=each.number,
            detail=each.detail if detailed else "",
            at=each.at,
        )
        for each in await context.reservations.of_session(session.id)
        if each.neighbour in points
    ]


async def not_held(request: ApiRequest) -> list[NotHeld]:
    """List sessions to come that a system below does not hold, to those who may see them."""
    context = request.context(CASCADE)
    found: list[NotHeld] = []
    below = {each.name: each.point for each in await context.neighbours.all() if each.below}
    directory = await visible_sessions.units_and_points(request)
    for each in await context.reservations.current(request.now):
        if each.state in NOT_HELD and each.neighbour in below:
            session = await context.scheduler.session(each.session)
            if permissions.may_see(request.account, session, directory):
                label = directory.points[below[each.neighbour]].label
                found.append(NotHeld(session=each.session, label=label, state=each.state))
    return found


async def _caller(request: ApiRequest) -> Neighbour:
    """Return the system above whose key came with a request. Raises BadKey, Locked."""
    context = request.context(CASCADE)
    header = request.request.headers.get(hdrs.AUTHORIZATION, "")
    key = header.removeprefix(BEARER)
    if not context.pace.allow(key):
        raise Locked(1)
    attempt = await context.throttle.attempt(throttle.NEIGHBOUR, network_of(request.source.address))
    if attempt.locked:
        raise Locked(attempt.locked)
    neighbour = await context.neighbours.owner(key) if header.startswith(BEARER) else None
    if neighbour is None:
        await context.audit.append(request.source.entry(request.now, SERVER, "cascade-refused", "?", "key"))
        raise BadKey
    await context.throttle.take_back(attempt)
    context.pace.know(key)
    context.contacts.heard(neighbour.name)
    return neighbour


async def _note(request: ApiRequest, neighbour: Neighbour, action: str, detail: str) -> None:
    entry = request.source.entry(request.now, neighbour.account, action, neighbour.point, detail)
    await request.context(CASCADE).audit.append(entry)


ROUTES = [
    Route(
        "POST",
        "/cascade/reservations",
        reserve,
        "Have a system below take part in a session",
        Outcome,
        body=Wanted,
        access="open",
        problems=(401, 409, 429),
    ),
    Route(
        "POST",
        "/cascade/reservations/withdraw",
        withdraw,
        "No longer have it take part",
        None,
        body=Withdrawn,
        status=204,
        access="open",
        problems=(401, 429),
    ),
    Route(
        "POST",
        "/cascade/meetings",
        exchange,
        "Tell of a running meeting that is held together",
        Exchanged,
        body=Told,
        access="open",
        problems=(401, 429),
    ),
    Route("GET", "/cascade/not-held", not_held, "Sessions that a system below does not hold", list[NotHeld]),
    Route(
        "GET",
        f"/sessions/{ID}/cascade",
        reserved,
        "What became of a session at systems below",
        list[Reserved],
        problems=(404,),
    ),
]
