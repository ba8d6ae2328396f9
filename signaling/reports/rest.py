"""Endpoints of reports of periods, the registrations behind each number, and files (Điều 17.2.d)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field, StringConstraints

from scheduler.core.model import EMERGENCY, ClassId, State
from scheduler.core.model import Interval as ModelInterval
from scheduler.policy.policy import CALENDAR_YEAR
from scheduler.reports import figures, service
from scheduler.reports.figures import Grouping, RegistrationFact
from scheduler.reports.periods import PeriodId, before, month, period
from signaling.core.errors import BadInput, Fault
from signaling.http.route import ID, ApiRequest, Id, Model, Moment, Route
from signaling.http.signed_files import signed
from signaling.http.uploads import attached
from signaling.reports import report_tables, wire
from signaling.reports.context import REPORTS
from signaling.reports.xlsx import xlsx

OF_POINT = ("expected", "present", "absent")
LONGEST = timedelta(days=800)
TYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "pdf": "application/pdf"}


class PeriodQuery(Model):
    """The period: a named one of a year, by the profile's closing dates or the calendar's, a month, or any range."""

    period: Literal["first_half", "second_half", "year", "month", "range"] = "year"
    year: Annotated[int | None, Field(ge=2000, le=2199)] = None
    month: Annotated[int | None, Field(ge=1, le=12)] = None
    calendar: bool = False
    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None


class FigureQuery(PeriodQuery):
    """A number: a figure, in all or of one unit, level, class or month; or a point's expected, present or absent."""

    by: Grouping | None = None
    key: Annotated[str, StringConstraints(max_length=64)] = ""
    figure: Annotated[str, StringConstraints(max_length=32)] = "registered"
    point: Id | None = None


class FormatQuery(PeriodQuery):
    """The format of the file."""

    format: Literal["xlsx", "pdf"] = "xlsx"


class Point(Model):
    """Attendance of a point in the sessions of a period; shares in thousandths."""

    id: str
    name: str
    label: str
    expected: int
    present: int
    available: int | None
    minutes: int
    lossy: int
    line: int | None


class Review(Model):
    """The review of an emergency: by whom, and what was found (R-075)."""

    at: Moment
    by: str
    remark: str


class Remark(Model):
    """The finding of a review, in words."""

    remark: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Entry(Model):
    """A registration behind a number; `review` of an emergency, `reviewable` once it is over."""

    id: str
    number: str
    title: str
    unit: str
    start: Moment
    end: Moment
    state: State
    klass: ClassId
    expected: int
    present: int
    ground: str
    reason: str
    review: Review | None
    reviewable: bool


async def report(request: ApiRequest) -> wire.Report:
    """Return the report of a period."""
    return wire.wire(await _report(request), _zone(request))


async def points(request: ApiRequest) -> list[Point]:
    """List the attendance of each point in a period."""
    request.only(request.account.sees_all)
    attendances = await request.context(REPORTS).reports.points(periods_of(request)[0], request.now)
    return [
        Point(
            id=row.point,
            name=row.name,
            label=row.label,
            expected=row.turnout.expected,
            present=row.turnout.present,
            available=figures.permille(row.turnout.there, row.turnout.due),
            minutes=row.turnout.minutes,
            lossy=row.turnout.lossy,
            line=figures.permille(row.turnout.minutes - row.turnout.lossy, row.turnout.minutes),
        )
        for row in attendances
    ]


async def review(request: ApiRequest) -> Review:
    """Store the review of an emergency."""
    request.only(request.account.central)
    fact = await request.context(REPORTS).emergency_reviews.review(
        request.id, request.body.remark, request.account.account, request.now
    )
    await request.note("review", request.id, fact.remark[:200])
    return Review(**asdict(fact))


async def behind(request: ApiRequest) -> list[Entry]:
    """List the registrations behind a number."""
    request.only(request.account.sees_all)
    query: FigureQuery = request.query
    if query.figure not in figures.NAMES:
        raise BadInput([Fault("figure", "unknown-figure")])
    facts = await _behind(request, periods_of(request)[0], query)
    grounds = request.context(REPORTS).scheduler.policy(request.now).classes[EMERGENCY].grounds
    return [_entry(request, fact, grounds) for fact in facts]


async def _behind(request: ApiRequest, span: ModelInterval, query: FigureQuery) -> Sequence[RegistrationFact]:
    context = request.context(REPORTS)
    if query.point is None:
        facts = await context.reports.facts(span, request.now)
        return figures.facts_behind(facts, query.by, query.key, query.figure)
    if query.figure not in OF_POINT:
        raise BadInput([Fault("figure", "unknown-figure")])
    return await context.reports.behind_point(span, query.point, query.figure, request.now)


async def file(request: ApiRequest) -> web.Response:
    """Send a report as a spreadsheet or PDF."""
    query: FormatQuery = request.query
    report = await _report(request)
    zone = _zone(request)
    title = report_tables.title(report, zone)
    await request.note("export-report", query.format, title)
    make = xlsx if query.format == "xlsx" else _pdf
    points = await request.context(REPORTS).reports.points(report.period, request.now)
    body = await asyncio.to_thread(make, title, report_tables.sheets(report, points, zone))
    first = report.period.start.astimezone(zone)
    return attached(body, TYPES[query.format], f"thong-ke-{first:%Y%m%d}.{query.format}")


def _pdf(title: str, sheets: Sequence[report_tables.Sheet]) -> bytes:
    from signaling.reports.pdf import pdf  # noqa: PLC0415 - a server starts without it

    return pdf(title, sheets)


async def _report(request: ApiRequest) -> service.Report:
    request.only(request.account.sees_all)
    span, earlier = periods_of(request)
    return await request.context(REPORTS).reports.report(span, earlier, request.now)


def periods_of(request: ApiRequest) -> tuple[ModelInterval, ModelInterval]:
    """Return the requested period and the one it is compared with. Raises BadInput."""
    query: PeriodQuery = request.query
    today = request.now.astimezone(_zone(request))
    year, number = query.year or today.year, query.month or today.month
    if query.period == "month":
        return month(year, number, _zone(request)), month(year, number - 1, _zone(request))
    if query.period != "range":
        return _named(request, query.period, year)
    if query.from_ is None or query.to is None or not query.from_ < query.to:
        raise BadInput([Fault("to", "end-before-start")])
    if query.to - query.from_ > LONGEST:
        raise BadInput([Fault("to", "too-long-interval")])
    return ModelInterval(query.from_, query.to), ModelInterval(query.from_ - (query.to - query.from_), query.from_)


def _named(request: ApiRequest, kind: PeriodId, year: int) -> tuple[ModelInterval, ModelInterval]:
    rules = CALENDAR_YEAR if request.query.calendar else request.context(REPORTS).scheduler.policy(request.now).reports
    first, second = ((kind, year), before(kind, year))
    return period(*first, rules, _zone(request)), period(*second, rules, _zone(request))


def _zone(request: ApiRequest) -> ZoneInfo:
    return request.context(REPORTS).scheduler.policy(request.now).zone


def _entry(request: ApiRequest, fact: RegistrationFact, grounds: Mapping[str, str]) -> Entry:
    urgent = fact.held and fact.klass == EMERGENCY
    return Entry(
        id=fact.id,
        number=fact.number,
        title=fact.title,
        unit=fact.unit_name,
        start=fact.start,
        end=fact.end,
        state=fact.state,
        klass=fact.klass,
        expected=fact.turnout.expected,
        present=fact.turnout.present,
        ground=grounds.get(fact.ground, fact.ground),
        reason=fact.reason,
        review=None if fact.review is None else Review(**asdict(fact.review)),
        reviewable=urgent and request.account.central and fact.end <= request.now,
    )


_FILE = Route(
    "GET",
    "/reports/file",
    file,
    "A report as XLSX or PDF",
    None,
    query=FormatQuery,
    problems=(403,),
    media_type=TYPES["xlsx"],
)

ROUTES = [
    Route("GET", "/reports", report, "Figures of a period", wire.Report, query=PeriodQuery, problems=(403,)),
    Route("GET", "/reports/sessions", behind, "What a figure counts", list[Entry], query=FigureQuery, problems=(403,)),
    Route("GET", "/reports/points", points, "How points took part", list[Point], query=PeriodQuery, problems=(403,)),
    Route(
        "POST",
        f"/sessions/{ID}/review",
        review,
        "Look at an emergency afterwards",
        Review,
        body=Remark,
        problems=(403, 404, 409),
    ),
    _FILE,
    signed(_FILE),
]
