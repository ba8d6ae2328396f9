"""Endpoints of the register of security incidents, with the deadlines of their reports (NĐ 331/2026 Điều 31)."""

import uuid
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints

from scheduler.core.sql_values import whole_second
from scheduler.core.text import clean
from scheduler.files import csv_file
from signaling.compliance import security_incident as rules
from signaling.compliance.context import COMPLIANCE
from signaling.compliance.security_incident import ReportState, SecurityIncident, Severity, YearlyReport
from signaling.core.errors import BadInput, Fault
from signaling.http.route import ID, ApiRequest, Model, Moment, Route
from signaling.http.uploads import attached

Words = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Authority = Annotated[str, StringConstraints(min_length=1, max_length=200)]
COLUMNS = (
    "Phát hiện lúc", "Mức độ", "Nội dung", "Hạn báo cáo", "Báo cáo lúc", "Nơi nhận báo cáo", "Tình trạng báo cáo",
    "Kết thúc lúc", "Kết quả xử lý", "Người ghi",
)  # fmt: skip
SEVERITIES: dict[Severity, str] = {
    "interruption": "Gián đoạn nghiêm trọng",
    "serious": "Nghiêm trọng",
    "ordinary": "Thông thường",
}
REPORT_STATES: dict[ReportState, str] = {
    "due": "Chưa báo cáo",
    "overdue": "Quá hạn báo cáo",
    "reported": "Đã báo cáo",
    "late": "Báo cáo trễ hạn",
    "unneeded": "Không phải báo cáo",
}
"""Words for both, as the page has them."""
CLOCKS = timedelta(minutes=5)
"""The clock of a browser may be ahead by so much."""


class Incident(Model):
    """A security incident, and how it stands with its report."""

    id: str
    found: Moment
    severity: Severity
    text: str
    by: str
    at: Moment
    due: Moment
    report_state: ReportState
    reported: Moment | None
    reported_to: str
    reported_by: str
    closed: Moment | None
    closed_by: str
    outcome: str


class Yearly(Model):
    """The report of a year on its incidents: the last day on which it is sent, and when and to whom it was."""

    year: int
    due: date
    overdue: bool
    incidents: dict[Severity, int]
    at: Moment | None
    to: str
    by: str


class Register(Model):
    """The security incidents, newest first, the report of this year, and earlier ones that were never sent."""

    incidents: list[Incident]
    yearly: Yearly
    missed: list[Yearly]
    may_change: bool


class Found(Model):
    """A security incident: when it was found, its severity, and what happened, in words."""

    found: Moment
    severity: Severity
    text: Words


class Reported(Model):
    """The report of an incident: its time and who got it."""

    at: Moment
    to: Authority


class Closed(Model):
    """The outcome of an incident."""

    outcome: Words


class YearReported(Reported):
    """The report of a year: its time and who got it."""

    year: Annotated[int, Field(strict=True, ge=2000, lt=2200)]


async def register(request: ApiRequest) -> Register:
    """Return the register to whoever sees everything."""
    request.only(request.account.sees_all)
    return await _register(request)


async def add(request: ApiRequest) -> Incident:
    """Enter a security incident."""
    request.only(request.account.central)
    body: Found = request.body
    found, text = _past("found", body.found, request.now), _text("text", body.text)
    by, at = request.account.account, whole_second(request.now)
    incident = SecurityIncident(uuid.uuid4().hex, found, body.severity, text, by, at)
    await request.context(COMPLIANCE).security_incidents.add(incident)
    await request.note("security-incident", incident.id, f"{incident.severity} {text}"[:200])
    return _wire(incident, request.now)


async def change(request: ApiRequest) -> Incident:
    """Change what is known of an incident, such as its severity."""
    request.only(request.account.central)
    body: Found = request.body
    found, text = _past("found", body.found, request.now), _text("text", body.text)
    changed = await request.context(COMPLIANCE).security_incidents.change(request.id, found, body.severity, text)
    await request.note("security-incident-changed", changed.id, f"{changed.severity} {text}"[:200])
    return _wire(changed, request.now)


async def report(request: ApiRequest) -> Incident:
    """Note that an incident was reported."""
    request.only(request.account.central)
    body: Reported = request.body
    at, to = _past("at", body.at, request.now), _text("to", body.to)
    store = request.context(COMPLIANCE).security_incidents
    reported = await store.report(request.id, at, to, request.account.account)
    await request.note("security-incident-reported", reported.id, f"{at.isoformat()} {to}")
    return _wire(reported, request.now)


async def close(request: ApiRequest) -> Incident:
    """Close an incident with what came of it."""
    request.only(request.account.central)
    body: Closed = request.body
    outcome, now = _text("outcome", body.outcome), whole_second(request.now)
    store = request.context(COMPLIANCE).security_incidents
    closed = await store.close(request.id, now, outcome, request.account.account)
    await request.note("security-incident-closed", closed.id, outcome[:200])
    return _wire(closed, request.now)


async def report_year(request: ApiRequest) -> Register:
    """Note that the report of a year was sent."""
    request.only(request.account.central)
    body: YearReported = request.body
    at, to = _past("at", body.at, request.now), _text("to", body.to)
    sent = YearlyReport(body.year, at, to, request.account.account)
    await request.context(COMPLIANCE).security_incidents.set_yearly(sent)
    await request.note("security-report", str(body.year), f"{at.isoformat()} {to}")
    return await _register(request)


async def export(request: ApiRequest) -> web.Response:
    """Return the register as CSV for people, one row for each incident."""
    request.only(request.account.sees_all)
    zone = request.context(COMPLIANCE).scheduler.policy(request.now).zone

    def shown(at: datetime | None) -> str:
        return "" if at is None else f"{at.astimezone(zone):%d/%m/%Y %H:%M}"

    rows: list[tuple[str, ...]] = [COLUMNS]
    for each in await request.context(COMPLIANCE).security_incidents.listed():
        state = REPORT_STATES[each.report_state(request.now)]
        said = shown(each.reported), each.reported_to, state, shown(each.closed), each.outcome, each.by
        rows.append((shown(each.found), SEVERITIES[each.severity], each.text, shown(each.due), *said))
    await request.note("export-security-incidents", "")
    return attached(csv_file.file(rows), "text/csv", "su-co-an-toan-thong-tin.csv")


def _past(field: str, at: datetime, now: datetime) -> datetime:
    """Return a time that has come, in whole seconds. Raises BadInput."""
    if at > now + CLOCKS:
        raise BadInput([Fault(field, "in-the-future")])
    return whole_second(at)


def _text(field: str, typed: str) -> str:
    """Return a text that can be read. Raises BadInput."""
    text = clean(typed)
    if not text or not text.isprintable():
        raise BadInput([Fault(field, "bad-characters" if text else "required")])
    return text


async def _register(request: ApiRequest) -> Register:
    context = request.context(COMPLIANCE)
    store, day, began = context.security_incidents, context.scheduler.day, await context.reports.began()
    incidents, today = await store.listed(), day(request.now)
    found = Counter((day(each.found).year, each.severity) for each in incidents)
    sent = await store.yearly(today.year)
    overdue = rules.yearly_reminder(today, sent is not None) == "overdue"
    years = rules.missed_years(None if began is None else day(began), today, await store.reported_years())
    return Register(
        incidents=[_wire(each, request.now) for each in incidents],
        yearly=_yearly(today.year, overdue, found, sent),
        missed=[_yearly(year, True, found, None) for year in years],
        may_change=request.account.central,
    )


def _yearly(year: int, overdue: bool, found: Counter[tuple[int, Severity]], sent: YearlyReport | None) -> Yearly:
    return Yearly(
        year=year,
        due=rules.yearly_due(year),
        overdue=overdue,
        incidents={severity: found[year, severity] for severity in SEVERITIES},
        at=None if sent is None else sent.at,
        to="" if sent is None else sent.to,
        by="" if sent is None else sent.by,
    )


def _wire(incident: SecurityIncident, now: datetime) -> Incident:
    stored = {name: getattr(incident, name) for name in SecurityIncident.__slots__}
    return Incident(**stored, due=incident.due, report_state=incident.report_state(now))


ROUTES = [
    Route("GET", "/security-incidents", register, "The register of security incidents", Register, problems=(403,)),
    Route(
        "POST", "/security-incidents", add, "Enter a security incident", Incident, body=Found, status=201,
        problems=(403,),
    ),
    Route(
        "POST", f"/security-incidents/{ID}", change, "Change what is known of it", Incident, body=Found,
        problems=(403, 404, 409),
    ),
    Route(
        "POST", f"/security-incidents/{ID}/report", report, "Say when and to whom it was reported", Incident,
        body=Reported, problems=(403, 404, 409),
    ),
    Route(
        "POST", f"/security-incidents/{ID}/close", close, "Close it", Incident, body=Closed,
        problems=(403, 404, 409),
    ),
    Route(
        "POST", "/security-reports", report_year, "Say when and to whom the yearly report was sent", Register,
        body=YearReported, problems=(403,),
    ),
    Route(
        "GET", "/security-incidents/export", export, "The register as CSV", None, problems=(403,),
        media_type="text/csv",
    ),
]  # fmt: skip
