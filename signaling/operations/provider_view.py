"""Endpoints for people of a telecom enterprise: only their own lines (Điều 14.2; R-090, A36)."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from scheduler.core import model
from scheduler.core.note import Note
from scheduler.core.text import clean
from scheduler.directory.equipment import lines as line_rules
from scheduler.operations.incidents.model import Incident, IncidentKind, IncidentState, LineMeasurement
from scheduler.operations.incidents.provider_view import ProviderOverview, ProviderSession
from scheduler.operations.readiness.duty import Duty
from signaling.core.errors import BadInput, Fault, Forbidden, NotFound
from signaling.http.route import ID, ApiRequest, Id, Model, Moment, Named, NamedPoint, Route
from signaling.operations.context import PROVIDER
from signaling.operations.incidents import Line as MeasuredLine
from signaling.operations.incidents import measured

PROVIDER_STEPS = {"provider", "answered"}
"""Steps of an incident that the provider sees; the others are between the units and the centre."""


class ProviderQuery(Model):
    """The provider; its own people see no other."""

    provider: Id | None = None


class Contact(Model):
    """A contact person."""

    name: str
    phone: str


class Point(Model):
    """A point of a session: minutes connected, minutes with too much loss, and the present measurement."""

    id: str
    name: str
    label: str
    minutes: int
    lossy: int
    now: MeasuredLine | None


class Slot(Model):
    """Start and end of one slot of a session."""

    kind: model.SlotKind
    start: Moment
    end: Moment


class Session(Model):
    """A session with its points on lines of the provider; without its title and code."""

    id: str
    number: str
    host: str
    slots: list[Slot]
    due: Annotated[Moment, Field(description="by when a contact is to be named")]
    points: list[Point]
    contact: Contact | None
    centre: Contact | None


class OwnLine(Model):
    """An access line of the provider."""

    id: str
    point: NamedPoint
    type: str
    subscribed_kbps: int
    up_kbps: int | None
    down_kbps: int | None
    ranges: list[str]
    slow: bool


class Said(Model):
    """A message from the centre to the provider, or its reply."""

    at: Moment
    answer: bool
    text: str


class LineFault(Model):
    """An incident about a line of the provider."""

    id: str
    number: str
    point: NamedPoint | None
    kind: IncidentKind
    state: IncidentState
    opened: Moment
    measured: MeasuredLine | None
    said: list[Said]


class Lines(Model):
    """All data of a provider."""

    provider: Named
    lines: list[OwnLine]
    sessions: list[Session]
    incidents: list[LineFault]
    may_answer: bool


class OnDuty(Model):
    """The contact that the provider names for a session."""

    session: Id
    name: Annotated[str, StringConstraints(max_length=200)]
    phone: Annotated[str, StringConstraints(max_length=32)]


class Answer(Model):
    """The provider's reply to an incident."""

    text: Annotated[str, StringConstraints(max_length=500)]


async def lines(request: ApiRequest) -> Lines:
    """Return the lines of a provider: its own people's, or any for accounts that see everything."""
    request.only(request.account.outsider or request.account.sees_all)
    provider = request.account.provider if request.account.outsider else request.query.provider
    if provider is None:
        raise BadInput([Fault("provider", "required")])
    request.only(request.query.provider in {provider, None})
    return await _lines(request, provider)


async def contact(request: ApiRequest) -> Lines:
    """Name the contact on duty for a session."""
    context = request.context(PROVIDER)
    provider, body = _own(request), request.body
    overview = await context.provider_view.overview(provider, request.now)
    session = next((each.session for each in overview.sessions if each.session.id == body.session), None)
    if session is None:
        raise NotFound
    account = request.account.account
    duty = Duty("", session.id, "provider", None, None, account, body.name, body.phone, account, None, provider)
    assigned = await context.duties.assign(duty, request.now)
    await request.note("assign", session.id, f"{session.number} {assigned.role} {assigned.name}")
    return await _lines(request, provider)


async def answer(request: ApiRequest) -> Lines:
    """Reply to an incident; the operating unit sees it in the timeline, and people in the meeting are told."""
    context = request.context(PROVIDER)
    provider, text = _own(request), clean(request.body.text)
    if not text:
        raise BadInput([Fault("text", "required")])
    incident = await context.incidents.incident(request.id)
    request.seen(incident.provider == provider)
    note: Note[Incident] = request.noting("incident-answered", lambda done: (done.id, text))
    changed = await context.incidents.act(incident.id, "answered", request.account.account, text, request.now, note)
    await context.incident_reports.changed(changed)
    return await _lines(request, provider)


def _own(request: ApiRequest) -> str:
    """Return the provider whose people the account belongs to. Raises Forbidden."""
    if not request.account.outsider or request.account.provider is None:
        raise Forbidden
    return request.account.provider


async def _lines(request: ApiRequest, provider: str) -> Lines:
    context = request.context(PROVIDER)
    overview = await context.provider_view.overview(provider, request.now)
    phones = [each.session.number for each in overview.sessions if each.main is not None]
    if phones:
        await request.saw("see-phones", provider, " ".join(phones))
    numbers = {each.session: (await context.scheduler.session(each.session)).number for each in overview.incidents}
    return Lines(
        provider=Named(id=overview.provider.id, name=overview.provider.name),
        lines=[_line(request, overview, number) for number in range(len(overview.lines))],
        sessions=[_session(request, each, overview.points) for each in overview.sessions],
        incidents=[_fault(each, numbers[each.session], overview.points) for each in overview.incidents],
        may_answer=request.account.outsider,
    )


def _line(request: ApiRequest, overview: ProviderOverview, number: int) -> OwnLine:
    line, policy = overview.lines[number], request.context(PROVIDER).scheduler.policy(request.now)
    point = overview.points[line.point]
    return OwnLine(
        id=line.id,
        point=_named(point),
        type=line.type,
        subscribed_kbps=line.subscribed_kbps,
        up_kbps=line.up_kbps,
        down_kbps=line.down_kbps,
        ranges=list(line.ranges),
        slow=bool(line_rules.warnings(line, policy) or line_rules.faults(line, policy, point.level, exempt=True)),
    )


def _named(point: model.Point) -> NamedPoint:
    return NamedPoint(id=point.id, name=point.name, label=point.label)


def _session(request: ApiRequest, each: ProviderSession, points: Mapping[str, model.Point]) -> Session:
    session, now = each.session, request.context(PROVIDER).line_monitor.now(each.session.id)
    counted = {minutes.point: minutes for minutes in each.minutes}
    return Session(
        id=session.id,
        number=session.number,
        host=points[session.host_point].label,
        slots=[Slot(kind=slot.kind, start=slot.start, end=slot.end) for slot in session.slots],
        due=session.check_due,
        points=[
            Point(
                id=point,
                name=points[point].name,
                label=points[point].label,
                minutes=counted[point].minutes if point in counted else 0,
                lossy=counted[point].lossy if point in counted else 0,
                now=_measured(now.get(point)),
            )
            for point in each.points
        ],
        contact=_contact(each.contact),
        centre=_contact(each.main),
    )


def _measured(measurement: LineMeasurement | None) -> MeasuredLine | None:
    return None if measurement is None else measured(measurement)


def _contact(duty: Duty | None) -> Contact | None:
    return None if duty is None else Contact(name=duty.name, phone=duty.phone)


def _fault(one: Incident, number: str, points: Mapping[str, model.Point]) -> LineFault:
    return LineFault(
        id=one.id,
        number=number,
        point=None if one.point is None else _named(points[one.point]),
        kind=one.kind,
        state=one.state,
        opened=one.opened,
        measured=_measured(one.measured),
        said=[
            Said(at=step.at, answer=step.kind == "answered", text=step.text)
            for step in one.steps
            if step.kind in PROVIDER_STEPS
        ],
    )


_REFUSED = (403, 404, 409)
ROUTES = [
    Route(
        "GET",
        "/lines",
        lines,
        "Lines of a provider",
        Lines,
        query=ProviderQuery,
        access="provider",
        problems=(403, 404),
    ),
    Route("POST", "/lines/contact", contact, "Name a contact", Lines, OnDuty, access="provider", problems=(403, 404)),
    Route(
        "POST",
        f"/lines/incidents/{ID}",
        answer,
        "Answer an incident",
        Lines,
        Answer,
        access="provider",
        problems=_REFUSED,
    ),
]
