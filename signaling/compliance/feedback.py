"""Endpoints of feedback of units, and of breaches found in the records (Điều 20, 21.2)."""

from datetime import datetime, timedelta
from typing import Annotated

from aiohttp import web
from pydantic import StringConstraints

from scheduler.compliance import breaches as breach_rules
from scheduler.compliance.breaches import ARTICLES, BreachKind
from scheduler.compliance.feedback import Feedback as StoredFeedback
from scheduler.compliance.feedback import Status
from scheduler.core.model import Point
from scheduler.core.text import clean
from scheduler.files import csv_file
from signaling.audit.log import EntryFilter
from signaling.compliance.context import COMPLIANCE
from signaling.core.errors import BadInput, Fault, Forbidden
from signaling.http.route import ID, ApiRequest, Model, Moment, Named, NamedPoint, Route, Window
from signaling.http.uploads import attached

HALF_A_YEAR = timedelta(days=183)
MAX_SPOKEN = 10_000
COLUMNS = ("Thời điểm", "Nội dung", "Căn cứ", "Đơn vị", "Số phiên", "Phiên họp", "Điểm cầu")
KINDS: dict[BreachKind, str] = {
    "late": "Đăng ký trễ hạn",
    "missed": "Đăng ký nhưng không họp",
    "closing": "Chưa hoàn tất kết thúc kỹ thuật",
    "receipt": "Chưa xác nhận nhận bản ghi đúng hạn",
    "absent": "Vắng mặt trong phiên họp",
    "unchecked": "Không kiểm tra kỹ thuật",
    "uninvited": "Mở micro khi chưa được mời",
    "name": "Hiển thị sai tên điểm cầu",
    "drift": "Tự thay đổi thông số thiết bị",
    "figures": "Chưa trả lời số liệu đúng hạn",
}
"""Names of the kinds of breaches, as the page has them."""


class Feedback(Model):
    """The feedback of a unit, and the reply."""

    id: str
    unit: Named
    by: str
    at: Moment
    text: str
    status: Status
    answer: str
    answered_by: str
    answered: Moment | None
    may_answer: bool


class Said(Model):
    """A difficulty, in words."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class Answer(Model):
    """The reply to a feedback."""

    status: Status
    answer: Annotated[str, StringConstraints(max_length=2000)] = ""


class Span(Window):
    """A period; the last half year by default."""


class Breach(Model):
    """One breach; `session` is where it can be seen, null for a refused registration."""

    at: Moment
    kind: BreachKind
    article: str
    unit: Named
    session: Named | None
    number: str
    point: NamedPoint | None


async def feedback(request: ApiRequest) -> list[Feedback]:
    """List feedback: all for supervisors, else that of the account's unit."""
    unit = None if request.account.sees_all else request.account.unit or ""
    return await _wire(request, await request.context(COMPLIANCE).feedback.feedback(unit))


async def drop(request: ApiRequest) -> Feedback:
    """Tell the operating unit of a difficulty."""
    if request.account.unit is None:
        raise Forbidden
    text = clean(request.body.text)
    if not text or not text.isprintable():
        raise BadInput([Fault("text", "bad-characters" if text else "required")])
    added = await request.context(COMPLIANCE).feedback.add(
        request.account.unit, request.account.account, text, request.now
    )
    await request.note("feedback", added.id, text[:200])
    return (await _wire(request, [added]))[0]


async def answer(request: ApiRequest) -> Feedback:
    """Reply to a feedback."""
    context = request.context(COMPLIANCE)
    request.only(request.account.central)
    body: Answer = request.body
    answered = await context.feedback.reply(
        request.id, body.status, clean(body.answer), request.account.account, request.now
    )
    await request.note("feedback-answer", answered.id, f"{body.status} {body.answer}"[:200])
    return (await _wire(request, [answered]))[0]


async def breaches(request: ApiRequest) -> list[Breach]:
    """List breaches: all for supervisors, else those of the account's unit."""
    context = request.context(COMPLIANCE)
    span: Span = request.query
    end = span.to or request.now
    start = span.from_ or end - HALF_A_YEAR
    unit = None if request.account.sees_all else request.account.unit or ""
    own = await context.feedback.breaches(start, end, request.now, unit) + await _uninvited(request, start, end, unit)
    own.sort(key=lambda each: each.at, reverse=True)
    points = {point.id: point for point in await context.scheduler.points()}
    units = await request.unit_names()
    concerned = {one.session for one in own if one.session is not None}
    sessions = {session.id: session for session in await context.scheduler.named(concerned)}
    return [
        Breach(
            at=each.at,
            kind=each.kind,
            article=ARTICLES[each.kind],
            unit=Named(id=each.unit, name=units.get(each.unit, each.unit)),
            session=None if each.session is None else Named(id=each.session, name=sessions[each.session].title),
            number="" if each.session is None else sessions[each.session].number,
            point=None if each.point is None else _named(points[each.point]),
        )
        for each in own
    ]


def _named(point: Point) -> NamedPoint:
    return NamedPoint(id=point.id, name=point.name, label=point.label)


async def _uninvited(
    request: ApiRequest, start: datetime, end: datetime, unit: str | None
) -> list[breach_rules.Breach]:
    """Return uninvited speech where microphones are only advised about, from the audit log (Điều 11.6, A31)."""
    context = request.context(COMPLIANCE)
    entries = await context.audit.newest(EntryFilter(start, end, action="speak-uninvited"), MAX_SPOKEN)
    units = {each.account: each.unit for each in await context.accounts.accounts()} if entries else {}
    spoke = [(row.entry, units.get(row.entry.actor)) for row in entries]
    return [
        breach_rules.Breach(entry.at, "uninvited", of, entry.subject)
        for entry, of in spoke
        if of is not None and unit in {None, of}
    ]


async def export(request: ApiRequest) -> web.Response:
    """Return the breaches as CSV for people, one row for each."""
    zone = request.context(COMPLIANCE).scheduler.policy(request.now).zone
    rows = [COLUMNS]
    for each in await breaches(request):
        point = f"{each.point.label} ({each.point.name})" if each.point else ""
        title = each.session.name if each.session else ""
        at = f"{each.at.astimezone(zone):%d/%m/%Y %H:%M:%S}"
        rows.append((at, KINDS[each.kind], each.article, each.unit.name, each.number, title, point))
    await request.note("export-breaches", request.account.unit or "")
    return attached(csv_file.file(rows), "text/csv", "viec-chua-dung-quy-dinh.csv")


async def _wire(request: ApiRequest, stored: list[StoredFeedback]) -> list[Feedback]:
    units = await request.unit_names()
    fields = ("id", "by", "at", "text", "status", "answer", "answered_by", "answered")
    return [
        Feedback(
            **{name: getattr(each, name) for name in fields},
            unit=Named(id=each.unit, name=units.get(each.unit, each.unit)),
            may_answer=request.account.central,
        )
        for each in stored
    ]


ROUTES = [
    Route("GET", "/feedback", feedback, "What units find difficult", list[Feedback]),
    Route("POST", "/feedback", drop, "Tell of a difficulty", Feedback, body=Said, status=201, problems=(403,)),
    Route("POST", f"/feedback/{ID}", answer, "Say what came of it", Feedback, body=Answer, problems=(403, 404)),
    Route("GET", "/breaches", breaches, "What was not done as it should be", list[Breach], query=Span),
    Route("GET", "/breaches/export", export, "The same as CSV", None, query=Span, media_type="text/csv"),
]
