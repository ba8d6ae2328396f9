"""Registrations: what a host unit asks for, and what it is answered (Điều 12, 13.2.a)."""

from typing import Annotated

from pydantic import Field, StringConstraints

from scheduler import model
from signaling import rights
from signaling.codes import masked
from signaling.errors import Forbidden
from signaling.rest import desk, drafts, scripts, sessions
from signaling.rest.route import ID, Call, Id, Interval, Model, Route
from signaling.rest.sessions import Session

Text = Annotated[str, StringConstraints(max_length=2000)]


class Registration(Model):
    """A host unit asks for a session (Điều 13.2.a)."""

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


class Registered(Session):
    """The session; when it waits for capacity, why, and what would help."""

    standing: desk.Standing | None


async def register(call: Call) -> Registered:
    """Ask for a session; it is admitted under the 80 % rule, waits in the order if that is wished, or is refused."""
    return await _submit(call, None)


async def confirm(call: Call) -> Registered:
    """Submit a draft as it is sent here, changed or not; it takes its place in the order now."""
    found = await drafts.find(call)
    drafts.own(call, found)
    return await _submit(call, found.id)


async def _submit(call: Call, draft: str | None) -> Registered:
    body: Registration = call.body
    points = await sessions.all_points(call)
    host = points.get(body.host_point)
    if not call.account.central and (host is None or not rights.may_register(call.account, host)):
        raise Forbidden
    session = await call.roof.scheduler.submit(taken(body, call.account.account), call.now, body.wait, draft)
    call.roof.deliverer.wake()
    await call.note("register", session.id, f"{session.number} {masked(session.code or '')}")
    standing = None if session.code else await desk.standing_of(call, session.id)
    return Registered(**dict(sessions.wire(call, session, points)), standing=standing)


def taken(body: Registration, account: str) -> model.Request:
    """Return a registration as the scheduler knows it."""
    return model.Request(
        host_point=body.host_point,
        points=tuple(body.points),
        rehearsal=None if body.rehearsal is None else model.Interval(body.rehearsal.start, body.rehearsal.end),
        official=model.Interval(body.official.start, body.official.end),
        title=body.title,
        contact_name=body.contact_name,
        contact_phone=body.contact_phone,
        recording=body.recording,
        submitted_by=account,
        script=scripts.taken(body.script),
        voices=body.voices,
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
        f"/drafts/{ID}/confirm",
        confirm,
        "Submit a draft",
        Registered,
        body=Registration,
        status=201,
        problems=(403, 404, 409),
    ),
]
