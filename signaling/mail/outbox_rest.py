"""Endpoints of the outbox: notices that wait, failed or were sent, without their contents."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from scheduler.notifications.outbox import OutboxItem, State
from scheduler.notifications.wording import Kind
from signaling.core.errors import NotFound
from signaling.http.route import ID, ApiRequest, Model, Moment, Route
from signaling.mail.context import MAIL


class Notice(Model):
    """One notice for one channel; `error` is that of the last try, `due` the time of the next."""

    id: str
    kind: Kind
    channel: str
    number: str
    host: str
    state: State
    tries: int
    error: str
    created: Moment
    due: Moment
    sent: Moment | None


class Newest(Model):
    """The number of notices."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100


async def outbox(request: ApiRequest) -> list[Notice]:
    """List notices: failed ones first, then those that wait."""
    request.only(request.account.sees_all)
    return [_wire(notice) for notice in await request.context(MAIL).notifications.newest(request.query.limit)]


async def again(request: ApiRequest) -> web.Response:
    """Send a notice (again) now."""
    context = request.context(MAIL)
    request.only(request.account.central)
    if not (request.id.isascii() and request.id.isdecimal() and len(request.id) <= 15):
        raise NotFound
    if not await context.notifications.again(int(request.id), request.now):
        raise NotFound
    await request.note("send-again", request.id)
    context.outbox.wake()
    return web.Response(status=204)


def _wire(notice: OutboxItem) -> Notice:
    return Notice(
        id=str(notice.id),
        kind=notice.kind,
        channel=notice.channel,
        number=notice.facts.number,
        host=notice.facts.host,
        state=notice.state,
        tries=notice.tries,
        error=notice.error,
        created=notice.created,
        due=notice.due,
        sent=notice.sent,
    )


ROUTES = [
    Route("GET", "/outbox", outbox, "Notices and how they are", list[Notice], query=Newest, problems=(403,)),
    Route("POST", f"/outbox/{ID}/again", again, "Send a notice again", None, status=204, problems=(403, 404)),
]
