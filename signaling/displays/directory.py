"""Endpoints by which people pair, revoke and control the room displays of their points."""

from typing import Annotated

from pydantic import Field, StringConstraints

from scheduler.directory.equipment.displays import RoomDisplay
from signaling.accounts import permissions, throttle
from signaling.accounts.display_login import account_of
from signaling.accounts.visible_units import check_may_see
from signaling.core.errors import BadInput, Fault, Locked, NotFound
from signaling.displays.context import DISPLAYS
from signaling.displays.day import sessions_of_day
from signaling.displays.wire import Command, DaySession, Report
from signaling.http.route import ID, ApiRequest, Model, Moment, NamedPoint, Route

Yes = Annotated[bool, Field(strict=True)]
QUIET = ("view", "volume", "vote")
"""Commands that are not written to the audit log: nobody is heard or seen by them, or a ballot would be known."""


class NewDisplay(Model):
    """The code that a browser shows; `sends` if it has the room's camera and microphone; the texts are `accepted`."""

    code: Annotated[str, StringConstraints(max_length=20)]
    sends: Yes = False
    accepted: Yes = False


class DisplayState(Model):
    """A room display; `report` is what it does now, null while it is not there."""

    device: str
    point: NamedPoint
    name: str
    sends: bool
    paired: Moment
    report: Report | None


class Controlled(Model):
    """A room display with the sessions of its day."""

    display: DisplayState
    sessions: list[DaySession]


class Displays(Model):
    """The displays that the account may control, and the texts that who pairs one accepts for the room."""

    displays: list[DisplayState]
    notice: str | None
    dedicated: str | None


class Order(Model):
    """A command for a display."""

    command: Command


async def displays(request: ApiRequest) -> Displays:
    """List the room displays that the account may control."""
    return await _displays(request)


async def display(request: ApiRequest) -> Controlled:
    """Return a room display and the sessions of its day."""
    return await _controlled(request, await _found(request))


async def pair(request: ApiRequest) -> Displays:
    """Make a device a room display: that of the browser which shows this code."""
    context, body = request.context(DISPLAYS), request.body
    device = next((each for each in await context.equipment.devices() if each.id == request.id), None)
    if device is None:
        raise NotFound
    await _check_may_run(request, device.point)
    rules = context.scheduler.policy(request.now).conduct.meeting
    if (rules.notice or rules.dedicated) and not body.accepted:
        raise BadInput([Fault("accepted", "required")])
    attempt = await context.throttle.attempt(throttle.PAIRING, request.account.account)
    if attempt.locked:
        raise Locked(attempt.locked)
    pairing = context.codes.take(body.code, request.now)
    if pairing is None:
        raise BadInput([Fault("code", "pairing-code")])
    await context.throttle.take_back(attempt)
    paired = await context.displays.pair(device.id, pairing.key, body.sends, request.now)
    await context.sign_out.ended(account_of(device.id))  # the browser that was this display before
    context.remote.forget(device.id)
    await request.note("display-pair", paired.point, f"{paired.name} {pairing.address}")
    return await _displays(request)


async def remove(request: ApiRequest) -> Displays:
    """Revoke a room display: it is thrown out at once, and its browser shows a new code."""
    context = request.context(DISPLAYS)
    found = await _found(request)
    await context.displays.remove(found.device)
    context.remote.forget(found.device)
    await context.sign_out.ended(account_of(found.device))
    await request.note("display-remove", found.point, found.name)
    return await _displays(request)


async def command(request: ApiRequest) -> Controlled:
    """Give a room display a command."""
    found, order = await _found(request), request.body.command
    if order.action in {"mic", "camera"} and not found.sends:
        raise BadInput([Fault("command", "display-receives")])
    if order.action == "vote":
        request.only(permissions.may_vote_by_display(request.account, found.unit, found.point))
    request.context(DISPLAYS).remote.give(found.device, order)
    if order.action not in QUIET:
        details = order.model_dump().values()
        await request.note("display-command", found.point, " ".join(map(str, (found.name, *details))))
    return await _controlled(request, found)


async def _controlled(request: ApiRequest, found: RoomDisplay) -> Controlled:
    context = request.context(DISPLAYS)
    sessions = await sessions_of_day(context, found.point, request.now)
    return Controlled(display=_display(request, found), sessions=sessions)


async def _found(request: ApiRequest) -> RoomDisplay:
    """Return the display of the path. Raises NotFound, Hidden, Forbidden."""
    known = await request.context(DISPLAYS).displays.displays()
    found = next((each for each in known if each.device == request.id), None)
    if found is None:
        raise NotFound
    await _check_may_run(request, found.point)
    return found


async def _check_may_run(request: ApiRequest, point_id: str) -> None:
    """Check the right to pair and control the displays of a point. Raises Hidden, Forbidden."""
    point = await request.context(DISPLAYS).scheduler.point(point_id)
    await check_may_see(request, point.unit)
    request.only(permissions.may_run_displays(request.account, point.unit, point.id))


async def _displays(request: ApiRequest) -> Displays:
    context = request.context(DISPLAYS)
    rules = context.scheduler.policy(request.now).conduct.meeting
    mine = [
        each
        for each in await context.displays.displays()
        if permissions.may_run_displays(request.account, each.unit, each.point)
    ]
    return Displays(displays=[_display(request, each) for each in mine], notice=rules.notice, dedicated=rules.dedicated)


def _display(request: ApiRequest, display: RoomDisplay) -> DisplayState:
    return DisplayState(
        device=display.device,
        point=NamedPoint(id=display.point, name=display.name, label=display.label),
        name=display.name,
        sends=display.sends,
        paired=display.paired,
        report=request.context(DISPLAYS).remote.reported(display.device),
    )


_REFUSED = (403, 404)
ROUTES = [
    Route("GET", "/displays", displays, "Room displays", Displays),
    Route("GET", f"/displays/{ID}", display, "A room display", Controlled, problems=_REFUSED),
    Route("POST", f"/displays/{ID}/command", command, "Control a display", Controlled, Order, problems=_REFUSED,
          unstored=True),  # a ballot
    Route("POST", f"/directory/devices/{ID}/display", pair, "Pair a display", Displays, NewDisplay,
          problems=(*_REFUSED, 429)),
    Route("POST", f"/directory/devices/{ID}/display/remove", remove, "Revoke a display", Displays, problems=_REFUSED),
]  # fmt: skip
