"""Endpoints of incidents: reports, assignees, timelines (Điều 13.2.c, 14.3.c, 14.3.d)."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from scheduler.core import model
from scheduler.core.note import Note
from scheduler.core.text import clean
from scheduler.operations.incidents.model import (
    FaultReport,
    IncidentKind,
    IncidentLevel,
    IncidentState,
    LineMeasurement,
    StepKind,
)
from scheduler.operations.incidents.model import Incident as StoredIncident
from signaling.accounts import permissions
from signaling.accounts.visible_sessions import units_and_points
from signaling.core.errors import NotFound
from signaling.http.route import ID, ApiRequest, Id, Model, Moment, Named, NamedPoint, Route
from signaling.operations.context import INCIDENTS

Text = Annotated[str, StringConstraints(max_length=500)]


class About(Named):
    """The session of an incident; its name is the title."""

    number: str


class Line(Model):
    """Connection quality at that moment: percent lost to us and from us, jitter and round trip in milliseconds."""

    up: float
    down: float
    jitter: float
    round_trip: float


class Step(Model):
    """One entry of the timeline; `by` is an account, empty when the server did it."""

    at: Moment
    kind: StepKind
    by: str
    text: str


class Incident(Model):
    """An incident. `point` null is the whole session, `assignee` empty is nobody yet."""

    id: str
    session: About
    point: NamedPoint | None
    kind: IncidentKind
    level: IncidentLevel
    text: str
    reporter: str
    opened: Moment
    resolved: Moment | None
    measured: Line | None
    state: IncidentState
    assignee: str
    provider: str | None
    steps: list[Step]
    may_act: bool


class IncidentFilter(Model):
    """Unsettled incidents, or settled ones, of one session or all."""

    settled: bool | None = None
    session: Id | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class Told(Model):
    """A report about a point of a session, or about the session as a whole."""

    session: Id
    kind: Literal["no-sound", "no-picture", "quiet", "disconnected", "device", "other"]
    point: Id | None = None
    text: Text = ""


class Act(Model):
    """An action on an incident."""

    step: Literal["taken", "noted", "escalated", "provider", "resolved", "reopened"]
    text: Text = ""


async def incidents(request: ApiRequest) -> list[Incident]:
    """List incidents, the newest first: all for the centre, for others those of their points and sessions."""
    query: IncidentFilter = request.query
    unit = None if request.account.sees_all else request.account.unit or ""
    matching = await request.context(INCIDENTS).incidents.incidents(
        settled=query.settled, session=query.session, unit=unit, limit=query.limit
    )
    return await _wire(request, matching)


async def incident(request: ApiRequest) -> Incident:
    """Return one incident."""
    return (await _wire(request, [await _find(request)]))[0]


async def report(request: ApiRequest) -> Incident:
    """Report an incident outside a meeting."""
    context = request.context(INCIDENTS)
    body: Told = request.body
    session = await context.scheduler.session(body.session)
    unit_directory = await units_and_points(request)
    if not permissions.may_see(request.account, session, unit_directory) or body.point not in (
        None,
        session.host_point,
        *session.points,
    ):
        raise NotFound
    fault = FaultReport(session.id, body.kind, body.point, clean(body.text), request.account.account)
    note: Note[StoredIncident] = request.noting(
        "incident", lambda told: (told.id, f"{told.kind} {told.point or ''}".strip())
    )
    reported = await context.incidents.report(fault, request.now, note)
    await context.incident_reports.changed(reported)
    return (await _wire(request, [reported]))[0]


async def act(request: ApiRequest) -> Incident:
    """Take an incident, add a note, hand it on, settle it; people in the meeting are told."""
    context = request.context(INCIDENTS)
    request.only(request.account.central)
    body: Act = request.body
    note: Note[StoredIncident] = request.noting(f"incident-{body.step}", lambda done: (done.id, body.text))
    changed = await context.incidents.act(
        request.id, body.step, request.account.account, clean(body.text), request.now, note
    )
    await context.incident_reports.changed(changed)
    return (await _wire(request, [changed]))[0]


async def _find(request: ApiRequest) -> StoredIncident:
    """Return an incident that the account may see."""
    context = request.context(INCIDENTS)
    incident = await context.incidents.incident(request.id)
    if not request.account.sees_all:
        own = {point.id for point in await context.scheduler.points() if point.unit == request.account.unit}
        session = await context.scheduler.session(incident.session)
        request.seen(bool(own & {session.host_point, incident.point}))
    return incident


async def _points(request: ApiRequest) -> Mapping[str, model.Point]:
    return {point.id: point for point in await request.context(INCIDENTS).scheduler.points()}


async def _wire(request: ApiRequest, stored: list[StoredIncident]) -> list[Incident]:
    context = request.context(INCIDENTS)
    points = await _points(request)
    sessions = {one.session: await context.scheduler.session(one.session) for one in stored}
    providers = {each.id: each.name for each in await context.equipment.providers()}
    return [_incident(one, sessions[one.session], points, providers, request.account.central) for one in stored]


def _incident(
    one: StoredIncident,
    session: model.Session,
    points: Mapping[str, model.Point],
    providers: Mapping[str, str],
    may_act: bool,
) -> Incident:
    return Incident(
        id=one.id,
        session=About(id=session.id, name=session.title, number=session.number),
        point=None
        if one.point is None
        else NamedPoint(id=one.point, name=points[one.point].name, label=points[one.point].label),
        kind=one.kind,
        level=one.level,
        text=one.text,
        reporter=one.reporter,
        opened=one.opened,
        resolved=one.resolved,
        measured=None if one.measured is None else measured(one.measured),
        state=one.state,
        assignee=one.assignee,
        provider=providers.get(one.provider or ""),
        steps=[Step(at=step.at, kind=step.kind, by=step.by, text=step.text) for step in one.steps],
        may_act=may_act,
    )


def measured(measurement: LineMeasurement) -> Line:
    """Convert connection quality to its wire form."""
    return Line(
        up=round(100 * measurement.up, 1),
        down=round(100 * measurement.down, 1),
        jitter=round(1000 * measurement.jitter, 1),
        round_trip=round(1000 * measurement.round_trip),
    )


ROUTES = [
    Route("GET", "/incidents", incidents, "List incidents", list[Incident], query=IncidentFilter),
    Route("POST", "/incidents", report, "Report a fault", Incident, body=Told, status=201, problems=(404, 429)),
    Route("GET", f"/incidents/{ID}", incident, "One incident with its timeline", Incident, problems=(404,)),
    Route(
        "POST",
        f"/incidents/{ID}/steps",
        act,
        "Do something about an incident",
        Incident,
        body=Act,
        problems=(403, 404, 409),
    ),
]
