"""Endpoints of registrations: the request of a host unit, and the reply to it (Điều 12, 13.2.a)."""

from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints

from scheduler.core import model
from scheduler.core.model import ORDINARY, ClassId, Unit
from scheduler.policy.registrants import Registrants
from signaling.accounts import permissions, visible_sessions
from signaling.booking import drafts, queue, scripts, sessions
from signaling.booking.context import BOOKING
from signaling.booking.sessions import Session
from signaling.core.errors import Forbidden, Refusal, WrongRegistrant
from signaling.http.route import ID, ApiRequest, Id, Interval, Model, Route

Text = Annotated[str, StringConstraints(max_length=2000)]


class Registration(Model):
    """The request of a host unit for a session (Điều 13.2.a)."""

    host_point: Id
    points: Annotated[list[Id], Field(max_length=500)]
    rehearsal: Interval | None = None
    official: Interval
    title: Text
    contact_name: Text
    contact_phone: Text
    recording: Annotated[bool, Field(strict=True)] = False
    script: scripts.Items = Field(default_factory=list)
    voices: Annotated[bool, Field(strict=True)] = False
    wait: Annotated[bool, Field(strict=True)] = False
    class_: Annotated[ClassId, Field(alias="class")] = ORDINARY
    ground: Text = ""
    reason: Text = ""
    purpose: Text = ""
    kind: Text = ""
    form: Text = ""
    secret: Annotated[bool, Field(strict=True)] | None = None
    people: Annotated[int, Field(strict=True)] | None = None
    people_at: Annotated[dict[Id, Annotated[int, Field(strict=True)]], Field(max_length=501)] = Field(
        default_factory=dict
    )
    support: Annotated[list[Text], Field(max_length=50)] = Field(default_factory=list)
    support_note: Text = ""
    second_name: Text = ""
    second_phone: Text = ""


class Registered(Session):
    """The session; if it waits for capacity, the reason and what would help."""

    standing: queue.Standing | None


async def register(request: ApiRequest) -> Registered | web.Response:
    """Register a session: it is admitted under the 80 % rule, waits in the order if wished, or is refused.

    A host for which another unit registers gets the draft that is in that unit's inbox now.
    """
    registrants, host = await _registrants(request)
    if permissions.may_register(request.account, registrants):
        return await _submit(request, None)
    if host is None or registrants.office or not registrants.units or not permissions.may_draft(request.account, host):
        raise await _refusal(request, registrants, host)
    draft = await _pass_on(request, registrants)
    return web.Response(body=draft.model_dump_json(by_alias=True), content_type="application/json", status=202)


async def pass_on(request: ApiRequest) -> drafts.Draft:
    """Put a request that the account may not register into the inbox of the unit that may (R-058)."""
    registrants, host = await _registrants(request)
    if host is None or not permissions.may_pass_on(request.account, host, registrants):
        raise await _refusal(request, registrants, host)
    return await _pass_on(request, registrants)


async def confirm(request: ApiRequest) -> Registered:
    """Submit a draft as it is sent here, changed or not; it takes its place in the order now."""
    draft = await drafts.find(request)
    drafts.own(request, draft)
    registrants, host = await _registrants(request)
    if not permissions.may_register(request.account, registrants):
        raise await _refusal(request, registrants, host)
    return await _submit(request, draft.id)


async def _registrants(request: ApiRequest) -> tuple[Registrants, Unit | None]:
    """Return which unit may register the request, and which hosts it; none for an unknown host."""
    body: Registration = request.body
    unit_directory = await visible_sessions.units_and_points(request)
    if body.host_point not in unit_directory.points:
        return Registrants((), ""), None
    about = (body.host_point, body.purpose, body.class_, body.official.start)
    return await request.context(BOOKING).scheduler.registrants(*about), unit_directory.unit(body.host_point)


async def _refusal(request: ApiRequest, registrants: Registrants, host: Unit | None) -> Refusal:
    """Return the refusal that names the unit that registers such sessions."""
    if host is None or not registrants.units:
        return Forbidden()
    names = await request.unit_names()
    office = request.context(BOOKING).scheduler.policy(request.body.official.start).registration.office_name
    registrant = office if registrants.office else names[registrants.units[-1]]
    return WrongRegistrant(registrant, registrants.article, permissions.may_pass_on(request.account, host, registrants))


async def _pass_on(request: ApiRequest, registrants: Registrants) -> drafts.Draft:
    context = request.context(BOOKING)
    content = request.body.model_dump(mode="json", by_alias=True)
    account = request.account
    draft = await context.drafts.add(
        registrants.units[0],
        "form",
        account.account,
        content,
        request.now,
        origin=account.unit,
        note=request.noting("draft", lambda draft: (draft.id, draft.number)),
    )
    context.outbox.wake()
    return await drafts.shown(request, draft)


async def _submit(request: ApiRequest, draft: str | None) -> Registered:
    context = request.context(BOOKING)
    body: Registration = request.body
    wanted, note = requested(body, request.account.account), request.noting("register", _told)
    session = await context.scheduler.submit(wanted, request.now, body.wait, draft, note)
    context.outbox.wake()
    standing = None if session.code else await queue.standing_of(request, session.id)
    return Registered(
        **dict(sessions.wire(request, session, await visible_sessions.units_and_points(request))), standing=standing
    )


def _told(session: model.Session) -> tuple[str, str]:
    """Return what the audit log says of a registration."""
    detail = (session.number, session.klass, session.ground, session.reason, masked(session.code or ""))
    return session.id, " ".join(filter(None, detail))


def masked(code: str) -> str:
    """Return a code as logs may show it: only its last two digits."""
    return "•" * (len(code) - 2) + code[-2:]


def requested(body: Registration, account: str) -> model.Request:
    """Convert a registration to the scheduler's request."""
    particulars = {name: getattr(body, name) for name in model.PARTICULARS}
    return model.Request(
        **{**particulars, "points": tuple(body.points), "support": tuple(body.support)},
        rehearsal=None if body.rehearsal is None else model.Interval(body.rehearsal.start, body.rehearsal.end),
        official=model.Interval(body.official.start, body.official.end),
        submitted_by=account,
        script=scripts.scheduler_items(body.script),
        klass=body.class_,
        secret=body.secret,
    )


ROUTES = [
    Route(
        "POST",
        "/registrations",
        register,
        "Register a session",
        Registered,
        body=Registration,
        status=201,
        problems=(403, 409),
    ),
    Route(
        "POST",
        "/drafts",
        pass_on,
        "Pass a registration on to whoever may register it",
        drafts.Draft,
        body=Registration,
        status=201,
        problems=(403, 409),
    ),
    Route(
        "POST",
        f"/drafts/{ID}/confirm",
        confirm,
        "Submit a draft",
        Registered,
        body=Registration,
        status=201,
        problems=(403, 404, 409),
    ),
]
