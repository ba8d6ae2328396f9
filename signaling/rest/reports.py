"""Reports of periods, the registrations behind each number, and the files people take away (Điều 17.2.d)."""

import asyncio
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from aiohttp import hdrs, web
from pydantic import Field, StringConstraints

from scheduler.model import ClassId, State
from scheduler.model import Interval as Span
from scheduler.policy import CALENDAR_YEAR
from scheduler.reports import figures, service
from scheduler.reports.figures import Fact, Grouping
from scheduler.reports.periods import PeriodId, before, month, period
from signaling.errors import BadInput, Fault, Forbidden
from signaling.reports import tables
from signaling.reports.document import pdf
from signaling.reports.sheet import xlsx
from signaling.rest.route import Call, Interval, Model, Moment, Route

LONGEST = timedelta(days=800)
TYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "pdf": "application/pdf"}


class Asked(Model):
    """Which period: a named one of a year, by the profile's closing dates or the calendar's, a month, or any range."""

    period: Literal["first_half", "second_half", "year", "month", "range"] = "year"
    year: Annotated[int | None, Field(ge=2000, le=2199)] = None
    month: Annotated[int | None, Field(ge=1, le=12)] = None
    calendar: bool = False
    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None


class Behind(Asked):
    """Which number: a figure, in all or of one unit, level, class or month."""

    by: Grouping | None = None
    key: Annotated[str, StringConstraints(max_length=64)] = ""
    figure: Annotated[str, StringConstraints(max_length=32)] = "registered"


class File(Asked):
    """In which form."""

    format: Literal["xlsx", "pdf"] = "xlsx"


class Figures(Model):
    """What is counted; see docs/protocol.md."""

    registered: int
    sessions: int
    minutes: int
    points: int
    recorded: int
    late: int
    answered_late: int
    waited: int
    revoked: int
    cancelled: int
    incidents: int


class Row(Model):
    """The figures of one unit, level, class or month; `before` counts a unit's sessions in the period before."""

    key: str
    name: str
    figures: Figures
    before: int | None


class Usage(Model):
    """How full the system was at most, and who found no room (R-113)."""

    sessions: int
    points: int
    points_at: Moment | None
    waited: int
    revoked: int
    refused: int


class Carrier(Model):
    """A telecom enterprise in one month; `restore` is the mean time to settle an incident, in minutes (R-116)."""

    month: str
    provider: str
    name: str
    lines: int
    sessions: int
    minutes: int
    lossy: int
    incidents: int
    restored: int
    restore: int | None


class Report(Model):
    """The figures of a period; the rows of each grouping add up to the total."""

    title: str
    period: Interval
    total: Figures
    rows: dict[Grouping, list[Row]]
    usage: Usage
    carriers: list[Carrier]


class Entry(Model):
    """A registration behind a number."""

    id: str
    number: str
    title: str
    unit: str
    start: Moment
    end: Moment
    state: State
    klass: ClassId


async def report(call: Call) -> Report:
    """Count a period."""
    found = await _report(call)
    return Report(
        title=tables.title(found, _zone(call)),
        period=Interval(start=found.period.start, end=found.period.end),
        total=_figures(found.total),
        rows={
            by: [Row(key=row.key, name=row.name, figures=_figures(row.figures), before=row.before) for row in rows]
            for by, rows in found.rows.items()
        },
        usage=Usage(
            sessions=found.usage.sessions,
            points=found.usage.points,
            points_at=found.usage.points_at,
            waited=found.usage.waited,
            revoked=found.usage.revoked,
            refused=found.usage.refused,
        ),
        carriers=[Carrier(**asdict(row)) for row in found.carriers],
    )


async def behind(call: Call) -> list[Entry]:
    """List the registrations a number was counted from."""
    _check_reader(call)
    query: Behind = call.query
    if query.figure not in figures.NAMES:
        raise BadInput([Fault("figure", "unknown-figure")])
    facts = await call.roof.reports.facts(_periods(call)[0], call.now)
    return [_entry(fact) for fact in figures.behind(facts, query.by, query.key, query.figure)]


async def file(call: Call) -> web.Response:
    """Send a report as a spreadsheet or a document."""
    query: File = call.query
    found = await _report(call)
    zone = _zone(call)
    title = tables.title(found, zone)
    await call.note("export-report", query.format, title)
    make = xlsx if query.format == "xlsx" else pdf
    body = await asyncio.to_thread(make, title, tables.sheets(found, zone))
    first = found.period.start.astimezone(zone)
    name = f"thong-ke-{first:%Y%m%d}.{query.format}"
    headers = {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=TYPES[query.format], headers=headers)


def _check_reader(call: Call) -> None:
    if not call.account.sees_all:
        raise Forbidden


async def _report(call: Call) -> service.Report:
    _check_reader(call)
    span, earlier = _periods(call)
    return await call.roof.reports.report(span, earlier, call.now)


def _periods(call: Call) -> tuple[Span, Span]:
    """Return the period asked for and the one it is compared with. Raises BadInput."""
    query: Asked = call.query
    today = call.now.astimezone(_zone(call))
    year, number = query.year or today.year, query.month or today.month
    if query.period == "month":
        return month(year, number, _zone(call)), month(year, number - 1, _zone(call))
    if query.period != "range":
        return _named(call, query.period, year)
    if query.from_ is None or query.to is None or not query.from_ < query.to:
        raise BadInput([Fault("to", "end-before-start")])
    if query.to - query.from_ > LONGEST:
        raise BadInput([Fault("to", "too-long-interval")])
    return Span(query.from_, query.to), Span(query.from_ - (query.to - query.from_), query.from_)


def _named(call: Call, kind: PeriodId, year: int) -> tuple[Span, Span]:
    rules = CALENDAR_YEAR if call.query.calendar else call.roof.scheduler.policy(call.now).reports
    first, second = ((kind, year), before(kind, year))
    return period(*first, rules, _zone(call)), period(*second, rules, _zone(call))


def _zone(call: Call) -> ZoneInfo:
    return call.roof.scheduler.policy(call.now).zone


def _figures(counted: figures.Figures) -> Figures:
    return Figures(**{name: getattr(counted, name) for name in figures.NAMES})


def _entry(fact: Fact) -> Entry:
    return Entry(
        id=fact.id,
        number=fact.number,
        title=fact.title,
        unit=fact.unit_name,
        start=fact.start,
        end=fact.end,
        state=fact.state,
        klass=fact.klass,
    )


ROUTES = [
    Route("GET", "/reports", report, "Figures of a period", Report, query=Asked, problems=(403,)),
    Route("GET", "/reports/sessions", behind, "What a figure counts", list[Entry], query=Behind, problems=(403,)),
    Route(
        "GET",
        "/reports/file",
        file,
        "A report as XLSX or PDF",
        None,
        query=File,
        problems=(403,),
        media_type=TYPES["xlsx"],
    ),
]
