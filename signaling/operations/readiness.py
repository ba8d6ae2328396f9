"""Endpoints of readiness: checks, duties, and the boards of sessions (I-14, Điều 13.2, 14, 16.3, 17.3)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints

from scheduler.core import model
from scheduler.core.model import EMERGENCY
from scheduler.operations.readiness import board, duty, technical_check
from scheduler.operations.readiness import marks as readiness_marks
from signaling.accounts import permissions
from signaling.accounts.points_reached import points_reached
from signaling.accounts.unit_directory import UnitDirectory
from signaling.accounts.visible_sessions import units_and_points
from signaling.http.route import ID, ApiRequest, Id, Model, Moment, Named, Route, Window
from signaling.operations.attendance import find
from signaling.operations.context import READINESS

AHEAD = timedelta(days=7)

Text = Annotated[str, StringConstraints(max_length=2000)]


class Mark(Model):
    """One item: its colour, a stable word for the reason, and the subject of that word."""

    item: str
    colour: readiness_marks.Colour
    word: str
    value: str


class Step(Model):
    """A step of switching on or off; `done` null: not yet."""

    id: str
    name: str
    done: Moment | None


class Ready(Model):
    """One point."""

    point: str
    name: str
    label: str
    district: str
    colour: readiness_marks.Colour
    marks: list[Mark]
    steps: list[Step]
    may_check: bool
    own: Annotated[bool, Field(description="whether the reader speaks for it")]


class Duty(Model):
    """One person on duty; telephone numbers are for units that take part."""

    id: str
    role: duty.DutyRole
    point: str | None
    unit: str | None
    name: str
    phone: str
    arrived: Moment | None
    may_change: bool


class Head(Model):
    """A session in the overview: how many of its points have which colour."""

    id: str
    number: str
    title: str
    host: str
    kind: model.SlotKind
    start: Moment
    end: Moment
    due: Moment
    colour: readiness_marks.Colour
    counts: dict[readiness_marks.Colour, int]


class Board(Model):
    """A whole board; points red first, grouped by district."""

    session: Head
    urgent: Annotated[bool, Field(description="an emergency: checks may be waived")]
    may_assign: bool
    units: Annotated[list[Named], Field(description="those that send somebody on site")]
    marks: list[Mark]
    duties: list[Duty]
    points: list[Ready]


class Period(Window):
    """Sessions with a slot in this time; from now on for a week unless said otherwise."""


class Check(Model):
    """The findings at points before a slot."""

    points: Annotated[list[Id], Field(max_length=500)]
    kind: model.SlotKind
    result: technical_check.CheckResult
    words: Text = ""


class Link(Model):
    """The state of the link to the Government's system before a slot."""

    kind: model.SlotKind
    good: Annotated[bool, Field(strict=True)]
    words: Text = ""


class Done(Model):
    """A point has done a step, or not."""

    point: Id
    step: Id
    done: Annotated[bool, Field(strict=True)]


class Assignment(Model):
    """A person for a duty: on site with the unit that sends the person, at a point with the point."""

    role: duty.DutyRole
    point: Id | None = None
    unit: Id | None = None
    account: Id | None = None
    name: Text
    phone: Text


async def overview(request: ApiRequest) -> list[Head]:
    """List the coming sessions with their readiness."""
    start, end = request.query.bounds(request.now, AHEAD)
    points = await _points(request)
    boards = await request.context(READINESS).readiness.between(start, end, await _accounts(request), request.now)
    return [_head(each, points) for each in boards if permissions.may_see(request.account, each.session, points)]


async def session(request: ApiRequest) -> Board:
    """Return the board of a session; a component sees its own points and the session's marks."""
    visible, points = await find(request)
    shown = await _shown(request, visible, points)
    if shown.duties:
        await request.saw("see-phones", request.account.unit or "", visible.number)  # as of a session's contact (I-08)
    return shown


async def _shown(request: ApiRequest, session: model.Session, points: UnitDirectory) -> Board:
    context = request.context(READINESS)
    judged = await context.readiness.board(session.id, await _accounts(request), request.now)
    units = {unit.id: unit for unit in await context.scheduler.units()}
    return _board(request, judged, points, units)


async def check(request: ApiRequest) -> Board:
    """Store a technical check: host and centre for every point, a unit for its own; only the centre waives."""
    body: Check = request.body
    session, points = await find(request)
    allowed = all(permissions.may_check(request.account, session, points, point) for point in body.points)
    request.only(allowed and (body.result != "waived" or request.account.central))
    service = request.context(READINESS).readiness
    await service.check(
        session.id, body.points, body.kind, body.result, body.words, request.account.account, request.now
    )
    names = ", ".join(points[point].name for point in body.points)
    await request.note("check", session.id, f"{session.number} {body.kind} {body.result} {names}"[:1000])
    return await _shown(request, session, points)


async def link(request: ApiRequest) -> Board:
    """Store the state of the link: by the centre, and by the units that send people on site (Điều 16.1)."""
    context = request.context(READINESS)
    body: Link = request.body
    session, points = await find(request)
    senders = context.scheduler.policy(session.official.start).preparation.on_site.units
    request.only(request.account.central or request.account.unit in senders)
    service = context.power_on_steps
    await service.test_link(session.id, body.kind, body.good, body.words, request.account.account, request.now)
    await request.note("link", session.id, f"{session.number} {body.kind} {'ok' if body.good else 'faulty'}")
    return await _shown(request, session, points)


async def step(request: ApiRequest) -> Board:
    """Store that a point has done a step of switching on or off."""
    context = request.context(READINESS)
    body: Done = request.body
    session, points = await find(request)
    request.only(permissions.may_speak_for(request.account, session, points, body.point))
    await context.power_on_steps.done(
        session.id, body.point, body.step, body.done, request.account.account, request.now
    )
    await request.note("step", session.id, f"{session.number} {points[body.point].name} {body.step} {body.done}")
    return await _shown(request, session, points)


async def assign(request: ApiRequest) -> Board:
    """Assign a person to a duty."""
    body: Assignment = request.body
    session, points = await find(request)
    request.only(permissions.may_assign(request.account, session, points, body.role, body.point, body.unit))
    person = duty.Duty(
        id="",
        session=session.id,
        role=body.role,
        point=body.point,
        unit=body.unit,
        account=body.account,
        name=body.name,
        phone=body.phone,
        by=request.account.account,
    )
    assigned = await request.context(READINESS).duties.assign(person, request.now)
    await request.note("assign", session.id, f"{session.number} {assigned.role} {assigned.name}")
    return await _shown(request, session, points)


async def arrive(request: ApiRequest) -> web.Response:
    """Note that a person on duty has arrived."""
    assigned, session, _ = await _duty(request)
    await request.context(READINESS).duties.arrive(assigned.id, request.now)
    await request.note("arrive", session.id, f"{session.number} {assigned.role} {assigned.name}")
    return web.Response(status=204)


async def relieve(request: ApiRequest) -> web.Response:
    """Remove a person from a duty."""
    assigned, session, _ = await _duty(request)
    await request.context(READINESS).duties.relieve(assigned.id)
    await request.note("relieve", session.id, f"{session.number} {assigned.role} {assigned.name}")
    return web.Response(status=204)


async def _duty(request: ApiRequest) -> tuple[duty.Duty, model.Session, UnitDirectory]:
    """Return a duty the account may change. Raises UnknownDuty, Hidden, Forbidden."""
    context = request.context(READINESS)
    assigned = await context.duties.one(request.id)
    session, points = await context.scheduler.session(assigned.session), await _points(request)
    request.seen(assigned.account == request.account.account or _sees(request, assigned, session, points))
    request.only(_may_change(request, assigned, session, points))
    return assigned, session, points


def _sees(request: ApiRequest, assigned: duty.Duty, session: model.Session, points: UnitDirectory) -> bool:
    """Return whether the account sees a duty on its board."""
    whole = assigned.point is None or assigned.point in permissions.seen_points(request.account, session, points)
    return whole and permissions.may_see(request.account, session, points)


def _may_change(request: ApiRequest, assigned: duty.Duty, session: model.Session, points: UnitDirectory) -> bool:
    own = assigned.account == request.account.account
    return own or permissions.may_assign(request.account, session, points, assigned.role, assigned.point, assigned.unit)


async def _points(request: ApiRequest) -> UnitDirectory:
    return await units_and_points(request)


async def _accounts(request: ApiRequest) -> set[str]:
    """Return the points for which the account can sign in."""
    context = request.context(READINESS)
    return points_reached(await context.accounts.accounts(), await context.scheduler.points())


def _head(judged: board.Board, points: UnitDirectory) -> Head:
    colours = list(judged.colours.values())
    return Head(
        id=judged.session.id,
        number=judged.session.number,
        title=judged.session.title,
        host=points[judged.session.host_point].label,
        kind=judged.slot.kind,
        start=judged.slot.start,
        end=judged.slot.end,
        due=judged.due,
        colour=judged.colour,
        counts={colour: colours.count(colour) for colour in readiness_marks.SEVERITY},
    )


def _board(request: ApiRequest, judged: board.Board, points: UnitDirectory, units: Mapping[str, model.Unit]) -> Board:
    session = judged.session
    seen = permissions.seen_points(request.account, session, points)
    rows = [_ready(request, judged, points[point], points, units) for point in judged.points if point in seen]
    return Board(
        session=_head(judged, points),
        urgent=session.klass == EMERGENCY,
        may_assign=permissions.may_assign(request.account, session, points, "main"),
        units=[Named(id=unit, name=units[unit].name) for unit in judged.on_site],
        marks=[_mark(mark) for mark in judged.marks],
        duties=[
            _wire(request, each, session, points) for each in judged.duties if each.point is None or each.point in seen
        ],
        points=sorted(rows, key=lambda row: (-readiness_marks.SEVERITY.index(row.colour), row.district)),
    )


def _ready(
    request: ApiRequest,
    judged: board.Board,
    point: model.Point,
    points: UnitDirectory,
    units: Mapping[str, model.Unit],
) -> Ready:
    own = permissions.may_speak_for(request.account, judged.session, points, point.id)
    return Ready(
        point=point.id,
        name=point.name,
        label=point.label,
        district=_district(units[point.unit], units),
        colour=judged.colours[point.id],
        marks=[_mark(mark, request.account.central or own) for mark in judged.points[point.id]],
        steps=_steps(request, judged, point.id),
        may_check=permissions.may_check(request.account, judged.session, points, point.id),
        own=own,
    )


def _steps(request: ApiRequest, judged: board.Board, point: str) -> list[Step]:
    named = request.context(READINESS).scheduler.policy(judged.session.official.start).preparation.steps
    done = judged.steps.get(point, {})
    return [Step(id=step_, name=name, done=done.get(step_)) for step_, name in named.items()]


def _district(unit: model.Unit, units: Mapping[str, model.Unit]) -> str:
    """Return the unit directly below the province that a unit is, or lies in."""
    parent = units.get(unit.parent or "")
    return unit.name if parent is None or parent.parent is None else parent.name


def _mark(mark: readiness_marks.Mark, trusted: bool = False) -> Mark:
    """Convert a mark to its wire form; addresses are for the centre and the point itself (R-051, A32)."""
    value = mark.value if trusted or mark.item != "address" else ""
    return Mark(item=mark.item, colour=mark.colour, word=mark.word, value=value)


def _wire(request: ApiRequest, assigned: duty.Duty, session: model.Session, points: UnitDirectory) -> Duty:
    return Duty(
        id=assigned.id,
        role=assigned.role,
        point=assigned.point,
        unit=assigned.unit,
        name=assigned.name,
        phone=assigned.phone,
        arrived=assigned.arrived,
        may_change=_may_change(request, assigned, session, points),
    )


ROUTES = [
    Route("GET", "/readiness", overview, "How ready sessions are", list[Head], query=Period),
    Route("GET", f"/readiness/{ID}", session, "The readiness board of a session", Board, problems=(404,)),
    Route("POST", f"/readiness/{ID}/checks", check, "Note a check", Board, body=Check, problems=(403, 404)),
    Route("POST", f"/readiness/{ID}/duties", assign, "Put on duty", Board, body=Assignment, problems=(403, 404)),
    Route("POST", f"/readiness/{ID}/link", link, "Note a test of the link", Board, body=Link, problems=(403, 404)),
    Route("POST", f"/readiness/{ID}/steps", step, "Note a step", Board, body=Done, problems=(403, 404)),
    Route("POST", f"/duties/{ID}/arrive", arrive, "Check in for duty", None, status=204, problems=(403, 404)),
    Route("POST", f"/duties/{ID}/relieve", relieve, "Take off duty", None, status=204, problems=(403, 404)),
]
