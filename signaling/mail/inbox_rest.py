"""Endpoints of official letters, of what was decided on each, and of the form that offices attach (R-071)."""

from collections.abc import Mapping
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from scheduler.inbound_mail import form_template, message
from scheduler.inbound_mail.sender_authentication import Verdict
from scheduler.inbound_mail.store import LetterOutcome, Reason, StoredLetter
from signaling.core.errors import NotFound
from signaling.http.route import ID, ApiRequest, Model, Moment, Named, Route
from signaling.http.uploads import attached
from signaling.mail.context import MAIL

_TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}


class Letter(Model):
    """A letter: `arrived` at the mail server, `unit` whose official mailbox wrote it, `draft` the id of what it became.

    `verdict` is what the mail server found out about its sender, in words in `authentication`. One that fails waits
    (`fate` ``person``, `reason` ``unauthenticated``) without a draft until it is accepted or handled.
    """

    id: str
    sender: str
    subject: str
    arrived: Moment
    size: int
    unit: Named | None
    verdict: Verdict
    authentication: str
    fate: LetterOutcome
    reason: Reason
    draft: str | None
    handled: Moment | None
    handled_by: str


class Opened(Letter):
    """A letter with its text, as far as it was kept."""

    body: str
    attachments: list[str]


class Newest(Model):
    """The number of letters."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 200


async def letters(request: ApiRequest) -> list[Letter]:
    """List letters: those that wait for a person first, then the newest."""
    context = request.context(MAIL)
    request.only(request.account.sees_all)
    names = await request.unit_names()
    return [Letter(**_wire(letter, names)) for letter in await context.inbound_mail.letters(request.query.limit)]


async def letter(request: ApiRequest) -> Opened:
    """Return a letter with its text."""
    stored, raw = await _find(request)
    await request.saw("read-letter", request.id, stored.sender)
    read = await message.read_untrusted(request.context(MAIL).parser, raw or b"")
    attached = [each.name for each in read.attachments] if read else []
    return Opened(**_wire(stored, await request.unit_names()), body=read.body if read else "", attachments=attached)


async def raw(request: ApiRequest) -> web.Response:
    """Return a letter as it came, for a mail program."""
    stored, data = await _find(request)
    if data is None:
        raise NotFound
    await request.note("download-letter", request.id, stored.sender)
    return attached(data, "message/rfc822", f"thu-{stored.id}.eml")


async def handled(request: ApiRequest) -> Letter:
    """Mark a letter that waited for a person as read."""
    request.only(request.account.central)
    stored, _ = await _find(request)
    if await request.context(MAIL).inbound_mail.handle(stored.id, request.account.account, request.now):
        await request.note("handle-letter", request.id, stored.sender)
    return Letter(**_wire((await _find(request))[0], await request.unit_names()))


async def accepted(request: ApiRequest) -> Letter:
    """Make a draft of a letter whose sender its unit has confirmed; it counts from now."""
    request.only(request.account.central)
    stored, _ = await _find(request)
    letter = await request.context(MAIL).inbound_mail.accept(stored.id, request.account.account, request.now)
    await request.note("accept-letter", request.id, stored.sender)
    return Letter(**_wire(letter, await request.unit_names()))


async def form(request: ApiRequest) -> web.Response:
    """Return the registration form to fill in and attach."""
    name, _, kind = request.id.rpartition(".")
    if name != "dang-ky-hop" or kind not in form_template.KINDS:
        raise NotFound
    return attached(form_template.write(kind), _TYPES[kind], request.id)


async def _find(request: ApiRequest) -> tuple[StoredLetter, bytes | None]:
    request.only(request.account.sees_all)
    if not (request.id.isascii() and request.id.isdecimal() and len(request.id) <= 15):
        raise NotFound
    stored = await request.context(MAIL).inbound_mail.letter(int(request.id))
    if stored is None:
        raise NotFound
    return stored


def _wire(stored: StoredLetter, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": str(stored.id),
        "sender": stored.sender,
        "subject": stored.subject,
        "arrived": stored.arrived,
        "size": stored.size,
        "unit": None if stored.unit is None else Named(id=stored.unit, name=names[stored.unit]),
        "verdict": stored.verdict,
        "authentication": stored.authentication,
        "fate": stored.outcome,
        "reason": stored.reason,
        "draft": stored.draft,
        "handled": stored.handled,
        "handled_by": stored.handled_by,
    }


ROUTES = [
    Route("GET", "/letters", letters, "Letters that came", list[Letter], query=Newest, problems=(403,)),
    Route("GET", f"/letters/{ID}", letter, "One letter with its text", Opened, problems=(403, 404)),
    Route(
        "GET", f"/letters/{ID}/raw", raw, "A letter as it came", None, problems=(403, 404), media_type="message/rfc822"
    ),
    Route("POST", f"/letters/{ID}/handled", handled, "Note that a letter was read", Letter, problems=(403, 404)),
    Route(
        "POST",
        f"/letters/{ID}/accept",
        accepted,
        "Make a draft of a letter whose sender was confirmed",
        Letter,
        problems=(403, 404, 409),
    ),
    Route(
        "GET",
        f"/forms/{ID}",
        form,
        "The form to attach: dang-ky-hop.docx, .xlsx or .csv",
        None,
        problems=(404,),
        media_type="application/octet-stream",
    ),
]
