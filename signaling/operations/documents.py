"""Endpoints of documents and recordings of a session for other units: offers, requests, grants (Điều 5.3, 15.4)."""

import secrets
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field, StringConstraints

from scheduler.core import model
from scheduler.core.text import clean
from scheduler.operations.closing.documents import AccessReply, AccessRequest, Document, allowed
from signaling.accounts import permissions
from signaling.accounts.visible_sessions import find, units_and_points
from signaling.core.errors import BadInput, Fault, Forbidden
from signaling.http import uploads
from signaling.http.route import ID, ApiRequest, Id, Model, Moment, Named, Route
from signaling.http.uploads import FileName
from signaling.operations.context import DOCUMENTS

Text = Annotated[str, StringConstraints(max_length=500)]
Access = Literal["yes", "asked", "no"]


class Shown(Model):
    """A document; `access` says whether the account may fetch it or asked for it."""

    id: str
    name: str
    kind: str
    bytes: int
    sha256: str
    by: str
    at: Moment
    access: Access
    units: list[str]


class Documents(Model):
    """The documents of a session, and whether the account's unit keeps them."""

    may_add: bool
    documents: list[Shown]


class Asked(Model):
    """A request: for the `recording`, or for a document by its id."""

    subject: Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{1,32}$")]
    text: Text = ""


class Offered(Model):
    """Units that get access, until when (null: without end); none: all that take part."""

    subject: Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{1,32}$")]
    units: Annotated[list[Id], Field(max_length=500)] = Field(default_factory=list)
    until: Moment | None = None


class Answered(Model):
    """The host's decision on a request."""

    granted: Annotated[bool, Field(strict=True)]
    until: Moment | None = None


class Wish(Model):
    """A request of a unit; `subject_name` is empty for the recording."""

    id: str
    session: Named
    number: str
    subject: str
    subject_name: str
    unit: Named
    asked_by: str
    asked: Moment
    text: str
    answer: AccessReply
    answered_by: str
    answered: Moment | None
    until: Moment | None
    may_answer: bool


async def documents(request: ApiRequest) -> Documents:
    """List the documents of a session; units that take part see their names."""
    context = request.context(DOCUMENTS)
    session, points = await find(request)
    owner = permissions.is_host(request.account, session, points)
    requests = await context.documents.grants([session.id])
    documents_ = await context.documents.documents(session.id)
    return Documents(may_add=owner, documents=[_shown(request, each, requests, owner) for each in documents_])


async def add(request: ApiRequest) -> Shown:
    """Store a document: limited in size, of a type that cannot run code."""
    session, points = await find(request)
    request.only(permissions.is_host(request.account, session, points))
    file = await uploads.take(request)
    fields = (file.name, file.kind, file.bytes, file.sha256, file.path)
    document = Document(secrets.token_hex(8), session.id, *fields, request.account.account, request.now)
    await request.context(DOCUMENTS).documents.add(document)
    await request.note("document", document.id, document.name)
    return _shown(request, document, [], True)


async def fetch(request: ApiRequest) -> web.Response:
    """Send a document to a unit that the host granted it to; every download is audited."""
    context = request.context(DOCUMENTS)
    document = await context.documents.document(request.id)
    session, points = await find(request, document.session)
    if not permissions.is_host(request.account, session, points):
        requests = await context.documents.grants([session.id])
        request.only(allowed(requests, request.account.unit, document.id, request.now))
    response = await uploads.send(request, document)
    await request.note("document-download", document.id, document.name)
    return response


async def remove(request: ApiRequest) -> web.Response:
    """Delete a document."""
    context = request.context(DOCUMENTS)
    document = await context.documents.document(request.id)
    session, points = await find(request, document.session)
    request.only(permissions.is_host(request.account, session, points))
    await context.documents.remove(document.id)
    await uploads.drop(request, document.path)
    await request.note("document-removed", document.id, document.name)
    return web.Response(status=204)


async def ask(request: ApiRequest) -> Wish:
    """Ask the host for its recording or a document."""
    context = request.context(DOCUMENTS)
    session, points = await find(request)
    if request.account.unit is None or permissions.is_host(request.account, session, points):
        raise Forbidden
    body: Asked = request.body
    account = request.account
    wish = await context.documents.ask(
        session.id, body.subject, account.unit or "", account.account, clean(body.text), request.now
    )
    context.outbox.wake()
    await request.note("material-asked", session.id, body.subject)
    return (await _wishes(request, [wish]))[0]


async def offer(request: ApiRequest) -> web.Response:
    """Grant access to units that did not ask."""
    context = request.context(DOCUMENTS)
    session, points = await find(request)
    request.only(permissions.is_host(request.account, session, points))
    body: Offered = request.body
    part = {points[point].unit for point in session.points} - {points[session.host_point].unit}
    if not part.issuperset(body.units):
        raise BadInput([Fault("units", "not-in-session")])
    units = sorted(body.units or part)
    await context.documents.offer(session.id, body.subject, units, body.until, request.account.account, request.now)
    await request.note("material-granted", session.id, f"{body.subject} {','.join(units)}")
    return web.Response(status=204)


async def wishes(request: ApiRequest) -> list[Wish]:
    """List the requests to the account's unit, and its own ones."""
    unit = None if request.account.central else request.account.unit or ""
    return await _wishes(request, await request.context(DOCUMENTS).documents.inbox(unit))


async def answer(request: ApiRequest) -> Wish:
    """Grant or refuse a request, or take the decision back."""
    context = request.context(DOCUMENTS)
    wish = await context.documents.grant(request.id)
    session, points = await find(request, wish.session)
    host = permissions.is_host(request.account, session, points)
    request.seen(host or request.account.unit == wish.unit)
    request.only(host)
    body: Answered = request.body
    decided = await context.documents.reply(wish.id, body.granted, body.until, request.account.account, request.now)
    await request.note(
        "material-granted" if body.granted else "material-refused", wish.session, f"{wish.subject} {wish.unit}"
    )
    return (await _wishes(request, [decided]))[0]


def _shown(request: ApiRequest, document: Document, requests: list[AccessRequest], owner: bool) -> Shown:
    grants = [grant for grant in requests if grant.subject == document.id]
    requested = any(grant.unit == request.account.unit and grant.answer == "waiting" for grant in grants)
    may = owner or allowed(grants, request.account.unit, document.id, request.now)
    fields = {name: getattr(document, name) for name in ("id", "name", "kind", "bytes", "sha256", "by", "at")}
    units = sorted({grant.unit for grant in grants if grant.holds(request.now)}) if owner else []
    return Shown(**fields, access="yes" if may else "asked" if requested else "no", units=units)


async def _wishes(request: ApiRequest, requests: list[AccessRequest]) -> list[Wish]:
    context = request.context(DOCUMENTS)
    unit_directory = await units_and_points(request)
    units = await request.unit_names()
    sessions = {each.session: await context.scheduler.session(each.session) for each in requests}
    names = {
        document.id: document.name for session in sessions for document in await context.documents.documents(session)
    }
    return [
        _wish(
            grant, sessions[grant.session], names.get(grant.subject, ""), units.get(grant.unit, grant.unit)
        ).model_copy(
            update={"may_answer": permissions.is_host(request.account, sessions[grant.session], unit_directory)}
        )
        for grant in requests
    ]


def _wish(grant: AccessRequest, session: model.Session, subject: str, unit: str) -> Wish:
    fields = ("id", "subject", "asked_by", "asked", "text", "answer", "answered_by", "answered", "until")
    return Wish(
        **{name: getattr(grant, name) for name in fields},
        session=Named(id=session.id, name=session.title),
        number=session.number,
        subject_name=subject,
        unit=Named(id=grant.unit, name=unit),
        may_answer=False,
    )


ROUTES = [
    Route("GET", f"/sessions/{ID}/documents", documents, "Documents of a session", Documents, problems=(404,)),
    Route(
        "POST",
        f"/sessions/{ID}/documents",
        add,
        "Add a document: the body is the file",
        Shown,
        query=FileName,
        status=201,
        problems=(403, 404, 409, 413),
        upload=True,
    ),
    Route(
        "GET",
        f"/documents/{ID}/content",
        fetch,
        "Fetch a document",
        None,
        problems=(403, 404),
        media_type="application/octet-stream",
    ),
    Route("POST", f"/documents/{ID}/remove", remove, "Delete a document", None, status=204, problems=(403, 404)),
    Route(
        "POST",
        f"/sessions/{ID}/material-requests",
        ask,
        "Ask the host for material",
        Wish,
        body=Asked,
        status=201,
        problems=(403, 404),
    ),
    Route(
        "POST",
        f"/sessions/{ID}/material-grants",
        offer,
        "Let units have material",
        None,
        body=Offered,
        status=204,
        problems=(403, 404),
    ),
    Route("GET", "/material-requests", wishes, "What was asked of one's unit, and by it", list[Wish]),
    Route(
        "POST",
        f"/material-requests/{ID}/answer",
        answer,
        "Grant or refuse",
        Wish,
        body=Answered,
        problems=(403, 404),
    ),
]
