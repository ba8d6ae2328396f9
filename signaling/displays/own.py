"""Endpoints that a room display itself calls, by its own cookie: a pairing code, then reports and the day's sessions.

Nothing else knows that cookie, and these endpoints know no other (decision 86).
"""

from aiohttp import web

from signaling.accounts import throttle
from signaling.accounts.display_login import display_of, set_display_cookie
from signaling.core.account import network_of
from signaling.core.errors import Locked
from signaling.displays.context import DISPLAYS
from signaling.displays.day import sessions_of_day
from signaling.displays.wire import Sync, Turn
from signaling.http.cookies import DISPLAY_COOKIE
from signaling.http.route import ApiRequest, Model, Moment, NamedPoint, Route


class Code(Model):
    """A pairing code, and until when somebody may type it in the directory."""

    code: str
    until: Moment


async def code(request: ApiRequest) -> web.Response:
    """Hand out a pairing code; the browser gets the cookie that is worth something once the code was taken."""
    context = request.context(DISPLAYS)
    attempt = await context.throttle.attempt(throttle.NEW_PAIRING, network_of(request.source.address))
    if attempt.locked:
        raise Locked(attempt.locked)
    token, pairing = context.codes.ask(request.source.address, request.now)
    response = web.json_response(text=Code(code=pairing.code, until=pairing.until).model_dump_json())
    set_display_cookie(request.request, response, token)
    return response


async def sync(request: ApiRequest) -> web.Response:
    """Take a display's report; return the day's sessions and its commands, at once or as soon as there is one."""
    context, body = request.context(DISPLAYS), request.body
    display = await display_of(request.request, context.displays)
    turn, commands = await context.remote.next(display.device, body.report, body.hold, body.seen)
    display = await display_of(request.request, context.displays)  # it may have been revoked meanwhile
    now = context.clock()
    content = Turn(
        now=now,
        turn=turn,
        version=context.version,
        point=NamedPoint(id=display.point, name=display.name, label=display.label),
        name=display.name,
        sends=display.sends,
        notice=context.scheduler.policy(now).conduct.meeting.notice,
        sessions=await sessions_of_day(context, display.point, now),
        commands=commands,
    )
    response = web.json_response(text=content.model_dump_json())
    set_display_cookie(request.request, response, request.request.cookies[DISPLAY_COOKIE])
    return response


ROUTES = [
    Route("POST", "/display/code", code, "Ask for a pairing code", Code, Model, access="open", problems=(429,)),
    Route("POST", "/display/sync", sync, "Report, and fetch the day", Turn, Sync, access="open", problems=(401,)),
]
