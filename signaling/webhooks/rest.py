"""Endpoints by which administrators register, change, pause and resume webhooks, and see and repeat deliveries."""

from datetime import datetime
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field, StringConstraints
from yarl import URL

from scheduler.webhooks.events import EventType
from scheduler.webhooks.outbox import Delivery, DeliveryState, Webhook
from signaling.core.errors import BadInput, Fault, NotFound
from signaling.http.route import ID, ApiRequest, Model, Moment, Route
from signaling.webhooks.addresses import MAX_URL, checked_url
from signaling.webhooks.context import WEBHOOKS, WebhookContext
from signaling.webhooks.signature import new_secret

WebhookName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,57}$")]


class KnownWebhook(Model):
    """A webhook without its secret.

    `paused`: since when it is sent nothing, until somebody resumes it. `before_until`: until when the secret before
    signs beside the present one.
    """

    name: str
    url: str
    events: list[EventType]
    created: Moment
    made_by: str
    paused: Moment | None
    before_until: Moment | None


class ChangedWebhook(Model):
    """An HTTPS address, and the events that it is told of."""

    url: Annotated[str, StringConstraints(max_length=MAX_URL)]
    events: Annotated[list[EventType], Field(min_length=1, max_length=20)]


class NewWebhook(ChangedWebhook):
    """A webhook to register."""

    name: WebhookName


class MadeWebhook(Model):
    """The secret that signs deliveries, which is told this once."""

    secret: str


class RotatedSecret(MadeWebhook):
    """The secret that signs from now on, and until when the one before signs beside it."""

    until: Moment


class KnownDelivery(Model):
    """An event for one webhook, without its body; `error` is that of the last try, `due` the time of the next."""

    id: str
    message: str
    webhook: str
    event: EventType | Literal["webhook.test"]
    state: DeliveryState
    tries: int
    error: str
    created: Moment
    due: Moment
    sent: Moment | None


class Newest(Model):
    """The number of deliveries."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100


async def webhooks(request: ApiRequest) -> list[KnownWebhook]:
    """List all webhooks by name."""
    return [_known(each, request.now) for each in await _context(request).webhooks.all()]


def _context(request: ApiRequest) -> WebhookContext:
    """Return the services, for administrators alone. Raises Forbidden."""
    request.only("administrator" in request.account.roles)
    return request.context(WEBHOOKS)


def _known(webhook: Webhook, now: datetime) -> KnownWebhook:
    until = webhook.before_until
    return KnownWebhook(
        name=webhook.name,
        url=webhook.url,
        events=list(webhook.events),
        created=webhook.created,
        made_by=webhook.made_by,
        paused=webhook.paused,
        before_until=until if until is not None and now < until else None,
    )


async def add(request: ApiRequest) -> MadeWebhook:
    """Register a webhook; nobody can be told its secret again."""
    context = _context(request)
    body: NewWebhook = request.body
    url = checked_url(body.url, context.networks)
    events, secret = tuple(dict.fromkeys(body.events)), new_secret()
    if not await context.webhooks.add(Webhook(body.name, url, events, request.now, request.account.account), secret):
        raise BadInput([Fault("name", "webhook-name-taken")])
    await request.note("webhook-add", body.name, f"{URL(url).origin()} {','.join(events)}")
    return MadeWebhook(secret=secret)


async def change(request: ApiRequest) -> web.Response:
    """Change the address and the events of a webhook; what waits goes to the new address."""
    context = _context(request)
    body: ChangedWebhook = request.body
    url = checked_url(body.url, context.networks)
    events = tuple(dict.fromkeys(body.events))
    if not await context.webhooks.change(request.id, url, events):
        raise NotFound
    await request.note("webhook-change", request.id, f"{URL(url).origin()} {','.join(events)}")
    return web.Response(status=204)


async def rotate(request: ApiRequest) -> RotatedSecret:
    """Give a webhook another secret, which is told this once; the present one signs beside it for a day."""
    secret = new_secret()
    until = await _context(request).webhooks.rotate(request.id, secret, request.now)
    if until is None:
        raise NotFound
    await request.note("webhook-rotate", request.id)
    return RotatedSecret(secret=secret, until=until)


async def pause(request: ApiRequest) -> web.Response:
    """Pause a webhook: what happens meanwhile waits until it is resumed."""
    context = await _context_of_known(request)
    if await context.webhooks.pause(request.id, request.now):
        await request.note("webhook-pause", request.id)
    return web.Response(status=204)


async def remove(request: ApiRequest) -> web.Response:
    """Remove a webhook; what it was not told yet is dropped."""
    if not await _context(request).webhooks.remove(request.id):
        raise NotFound
    await request.note("webhook-remove", request.id)
    return web.Response(status=204)


async def resume(request: ApiRequest) -> web.Response:
    """Resume a paused webhook: what it missed is sent."""
    context = await _context_of_known(request)
    if await context.webhooks.resume(request.id, request.now):
        await request.note("webhook-resume", request.id)
    context.wake()
    return web.Response(status=204)


async def _context_of_known(request: ApiRequest) -> WebhookContext:
    """Return the services when the path names a webhook. Raises Forbidden, NotFound."""
    context = _context(request)
    if request.id not in {each.name for each in await context.webhooks.all()}:
        raise NotFound
    return context


async def test(request: ApiRequest) -> web.Response:
    """Send a webhook an event that only shows whether it works."""
    context = await _context_of_known(request)
    await context.webhooks.test(request.id, request.now)
    await request.note("webhook-test", request.id)
    context.wake()
    return web.Response(status=204)


async def deliveries(request: ApiRequest) -> list[KnownDelivery]:
    """List deliveries: failed ones first, then those that wait."""
    return [_delivery(each) for each in await _context(request).webhooks.newest(request.query.limit)]


def _delivery(delivery: Delivery) -> KnownDelivery:
    fields = {field: getattr(delivery, field) for field in KnownDelivery.model_fields}
    return KnownDelivery(**{**fields, "id": str(delivery.id)})


async def again(request: ApiRequest) -> web.Response:
    """Send a delivery (again) now, under the same id."""
    context = _context(request)
    if not (request.id.isascii() and request.id.isdecimal() and len(request.id) <= 15):
        raise NotFound
    webhook = await context.webhooks.again(int(request.id), request.now)
    if webhook is None:
        raise NotFound
    await request.note("webhook-again", webhook, request.id)
    context.wake()
    return web.Response(status=204)


ROUTES = [
    Route("GET", "/webhooks", webhooks, "Webhooks of other systems", list[KnownWebhook], problems=(403,)),
    Route(
        "POST", "/webhooks", add, "Register a webhook", MadeWebhook, NewWebhook, status=201, problems=(403,),
        unstored=True,
    ),
    Route("POST", f"/webhooks/{ID}/remove", remove, "Remove a webhook", None, status=204, problems=(403, 404)),
    Route(
        "POST", f"/webhooks/{ID}/change", change, "Change a webhook", None, ChangedWebhook, status=204,
        problems=(403, 404),
    ),
    Route(
        "POST", f"/webhooks/{ID}/rotate", rotate, "Give a webhook another secret", RotatedSecret, status=201,
        problems=(403, 404), unstored=True,
    ),
    Route("POST", f"/webhooks/{ID}/pause", pause, "Pause a webhook", None, status=204, problems=(403, 404)),
    Route("POST", f"/webhooks/{ID}/resume", resume, "Resume a paused webhook", None, status=204, problems=(403, 404)),
    Route("POST", f"/webhooks/{ID}/test", test, "Send a webhook a test", None, status=204, problems=(403, 404)),
    Route(
        "GET", "/webhook-deliveries", deliveries, "Deliveries of webhooks and how they are", list[KnownDelivery],
        query=Newest, problems=(403,),
    ),
    Route(
        "POST", f"/webhook-deliveries/{ID}/again", again, "Send a delivery again", None, status=204,
        problems=(403, 404),
    ),
]  # fmt: skip
