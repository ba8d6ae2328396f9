"""The directory: units and points as a tree, a point's card, its moves, assessments and documents (Điều 6, 8, 9)."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from scheduler.core import model
from scheduler.core.errors import FieldError
from scheduler.core.model import PointState
from scheduler.directory import model as directory
from scheduler.directory.controls import evidence
from scheduler.directory.controls.evidence import EvidenceKind
from scheduler.directory.points.quota import allowed
from signaling.accounts.visible_units import check_may_see
from signaling.core.account import Account
from signaling.core.errors import BadInput, Fault
from signaling.core.texts import field_text, language_of
from signaling.directory.context import POINTS
from signaling.http.route import ID, ApiRequest, Id, Model, Moment, Route

Text = Annotated[str, StringConstraints(max_length=300)]
Note = Annotated[str, StringConstraints(max_length=1000)]
Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
Yes = Annotated[bool, Field(strict=True)]


class TreeUnit(Model):
    """A unit of the tree; `quota` null is without limit."""

    id: str
    name: str
    level: str
    parent: str | None
    valid_from: date | None
    valid_to: date | None
    quota: int | None


class TreePoint(Model):
    """A point of the tree; `aliases` are former names. One of the initial import is to be assessed by `first_due`."""

    id: str
    name: str
    label: str
    unit: str
    state: PointState
    devices: int
    aliases: list[str]
    first_due: date | None


class Level(Model):
    """A tier of Điều 3.2."""

    id: str
    name: str
    code: str | None


class Item(Model):
    """One item of the assessment form."""

    id: str
    name: str
    article: str
    remediable: bool


class Tree(Model):
    """All units and points, in the order of the registry, and the form they are assessed by."""

    levels: list[Level]
    units: list[TreeUnit]
    points: list[TreePoint]
    items: list[Item]
    may_edit: bool


class Lack(Model):
    """A requirement that keeps a point from being active: a stable word, and a text."""

    field: str
    word: str
    text: str


class Room(Model):
    """The registered data of a room."""

    address: Text
    seats: Annotated[int, Field(ge=0, le=100_000, strict=True)] | None = None
    managing_unit: Id | None = None
    security_owner: Annotated[str, StringConstraints(max_length=200)] = ""
    note: Note = ""


class Answered(Model):
    """The result of one item of the form."""

    id: Id
    met: Yes
    note: Annotated[str, StringConstraints(max_length=500)] = ""
    remedy_by: Day | None = None


class Form(Model):
    """A filled-in form; `reference` names the place of its evidence."""

    items: Annotated[list[Answered], Field(max_length=100)]
    reference: Annotated[str, StringConstraints(max_length=500)] = ""


class Evidence(Model):
    """A file behind an assessment or a document."""

    id: str
    name: str
    kind: str
    bytes: int
    sha256: str
    by: str
    at: Moment


class Assessment(Model):
    """An assessment with its result."""

    id: str
    at: Moment
    assessor: str
    result: directory.AssessmentResult
    items: list[Answered]
    reference: str
    expires: Moment | None
    files: list[Evidence]


class Moved(Model):
    """One transition; `by` is empty for one that fell due by itself."""

    at: Moment
    move: str
    state: PointState
    by: str
    reason: str


class Exemption(Model):
    """The exemption that a document grants a unit."""

    id: str
    unit: str
    kind: directory.ExceptionKind
    extra: int
    number: str
    dated: date
    valid_to: date | None
    files: list[Evidence]


class Card(Model):
    """One point, whole; accounts that may not edit see no transitions."""

    point: TreePoint
    room: Room
    account: str | None
    assessments: list[Assessment]
    exemptions: list[Exemption]
    history: list[Moved]
    lacks: list[Lack]
    moves: list[str]
    may_edit: bool


class NewPoint(Model):
    """A point to be added; without a name it gets the one of the rule (Điều 6.4)."""

    unit: Id
    name: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    label: Annotated[str, StringConstraints(max_length=250)] = ""


class NewUnit(Model):
    """A unit to be added, with its point; as an entry of a units file."""

    id: Id
    name: Annotated[str, StringConstraints(max_length=200)]
    level: Id
    parent: Id | None = None
    abbr: Annotated[str, StringConstraints(max_length=2)] | None = None
    point: Annotated[str, StringConstraints(max_length=64)] | None = None
    valid_from: Day | None = None


class NewName(Model):
    """A new name; an empty label stays as it is."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    label: Annotated[str, StringConstraints(max_length=250)] = ""


class Move(Model):
    """The requested transition of a point."""

    move: Literal["submit", "activate", "suspend", "resume", "reassess", "withdraw"]
    reason: Annotated[str, StringConstraints(max_length=500)] = ""


class Document(Model):
    """A document that grants more points, or an Internet line, through `valid_to`."""

    kind: directory.ExceptionKind
    extra: Annotated[int, Field(ge=0, le=99, strict=True)] = 0
    number: Number
    dated: Day
    valid_to: Day | None = None


async def tree(request: ApiRequest) -> Tree:
    """Return the tree of tiers."""
    context = request.context(POINTS)
    policy, day = context.scheduler.policy(request.now), context.scheduler.day(request.now)
    units = await context.scheduler.units()
    documents = await context.directory.exemptions()
    old = _aliases(await context.directory.aliases())
    rules = policy.directory.assessment.items
    # units of levels that ended are still shown, under the name their level had
    levels = {level.id: level for each in (*context.scheduler.all_profiles.policies, policy) for level in each.levels}
    return Tree(
        levels=[Level(id=level.id, name=level.name, code=level.code) for level in levels.values()],
        units=[
            TreeUnit(
                id=unit.id,
                name=unit.name,
                level=unit.level,
                parent=unit.parent,
                valid_from=unit.valid_from,
                valid_to=unit.valid_to,
                quota=allowed(policy, unit, [each for each in documents if each.unit == unit.id], day),
            )
            for unit in units
        ],
        points=[_point(request, point, old) for point in await context.scheduler.points()],
        items=[Item(id=id_, name=rule.name, article=rule.article, remediable=rule.remediable)
               for id_, rule in rules.items()],
        may_edit=request.account.central,
    )  # fmt: skip


async def card(request: ApiRequest) -> Card:
    """Return one point's card."""
    point = await request.context(POINTS).scheduler.point(request.id)
    await check_may_see(request, point.unit)
    return await _card(request)


async def add_point(request: ApiRequest) -> TreePoint:
    """Add a point as a draft."""
    request.only(request.account.central)
    body: NewPoint = request.body
    point = await request.context(POINTS).directory.add_point(body.unit, body.name, body.label, request.now)
    await request.note("point-add", point.id, point.name)
    return _point(request, point, {})


async def add_unit(request: ApiRequest) -> TreePoint:
    """Add a unit with its point, as a draft."""
    context = request.context(POINTS)
    request.only(request.account.central)
    body: NewUnit = request.body
    existing = {unit.id for unit in await context.scheduler.units()}
    if body.id in existing:
        raise BadInput([Fault("id", "unit-known")])
    entry = {name: value for name, value in body.model_dump(mode="json").items() if value is not None}
    await context.scheduler.import_units(json.dumps({"units": [entry]}), PointState.DRAFT)
    await request.note("unit-add", body.id, body.name)
    return _point(request, (await context.scheduler.points(body.id))[0], {})


async def rename(request: ApiRequest) -> Card:
    """Give a point another name; its old one stays known."""
    context = request.context(POINTS)
    request.only(request.account.central)
    before = await context.scheduler.point(request.id)
    point = await context.directory.rename(request.id, request.body.name, request.body.label, request.now)
    await request.note("point-name", point.id, f"{before.name} → {point.name}")
    return await _card(request)


async def set_room(request: ApiRequest) -> Card:
    """Replace the registered data of a point's room."""
    request.only(request.account.central)
    await request.context(POINTS).directory.set_room(request.id, directory.Room(**request.body.model_dump()))
    await request.note("point-room", request.id, request.body.managing_unit or "")
    return await _card(request)


async def move(request: ApiRequest) -> Card:
    """Change the state of a point; an active one needs everything of Điều 9."""
    context = request.context(POINTS)
    request.only(request.account.central)
    body: Move = request.body
    account = await _account(request) is not None
    point = await context.directory.move(
        request.id, body.move, request.account.account, body.reason, account, request.now
    )
    await request.note("point-move", point.id, f"{body.move} → {point.state}")
    return await _card(request)


async def assess(request: ApiRequest) -> Card:
    """Store a filled-in assessment form."""
    request.only(request.account.central)
    body: Form = request.body
    items = tuple(directory.AssessmentItem(item.id, item.met, item.note, item.remedy_by) for item in body.items)
    form = directory.AssessmentForm(items, body.reference, request.account.account)
    done = await request.context(POINTS).directory.assess(request.id, form, request.now)
    await request.note("point-assess", request.id, done.result)
    return await _card(request)


async def allow(request: ApiRequest) -> Exemption:
    """Store a document that grants an exemption to a unit."""
    request.only(request.account.central)
    body: Document = request.body
    exemption = await request.context(POINTS).directory.add_exemption(
        request.id, body.kind, body.extra, body.number, body.dated, body.valid_to, request.account.account
    )
    await request.note("exemption", request.id, f"{exemption.kind} +{exemption.extra} {exemption.number}")
    return _exemption(exemption, [])


async def end_exemption(request: ApiRequest) -> None:
    """End an exemption today."""
    context = request.context(POINTS)
    request.only(request.account.central)
    await context.directory.end_exemption(request.id, context.scheduler.day(request.now))
    await request.note("exemption-end", request.id)


async def _card(request: ApiRequest) -> Card:
    context = request.context(POINTS)
    account = await _account(request)
    found_card = await context.directory.card(request.id, account is not None, request.now)
    files = await context.evidence_files.files(found_card.point.unit)
    language = language_of(request.request.headers.get("Accept-Language", ""))
    return Card(
        point=_point(request, found_card.point, {found_card.point.id: [alias.name for alias in found_card.aliases]}),
        room=Room(**{name: getattr(found_card.room, name) for name in Room.model_fields}),
        account=account.account if account else None,
        assessments=[_assessment(each, files) for each in found_card.assessments],
        exemptions=[_exemption(each, files) for each in await context.directory.exemptions(found_card.point.unit)],
        history=[Moved(at=m.at, move=m.move, state=m.state, by=m.by, reason=m.reason) for m in found_card.history],
        lacks=[lack(each, language) for each in found_card.lacks],
        moves=list(found_card.moves) if request.account.central else [],
        may_edit=request.account.central,
    )


async def _account(request: ApiRequest) -> Account | None:
    """Return the account of a point, if one was issued."""
    return next((each for each in await request.context(POINTS).accounts.accounts() if each.point == request.id), None)


def lack(missing: FieldError, language: str) -> Lack:
    """Convert a missing requirement to its wire form."""
    return Lack(field=missing.field, word=missing.word, text=field_text(missing.word, language, missing.value))


def _aliases(aliases: list[directory.PointAlias]) -> dict[str, list[str]]:
    by_point: dict[str, list[str]] = {}
    for alias in aliases:
        by_point.setdefault(alias.point, []).append(alias.name)
    return by_point


def _point(request: ApiRequest, point: model.Point, aliases: dict[str, list[str]]) -> TreePoint:
    return TreePoint(
        id=point.id,
        name=point.name,
        label=point.label,
        unit=point.unit,
        state=point.state,
        devices=point.devices,
        aliases=aliases.get(point.id, []),
        first_due=request.context(POINTS).directory.first_due(point),
    )


def evidence_shown(file: evidence.Evidence) -> Evidence:
    """Convert a file to its wire form, without the place where it lies."""
    fields = {name: getattr(file.file, name) for name in ("name", "kind", "bytes", "sha256")}
    return Evidence(id=file.id, **fields, by=file.by, at=file.at)


def _behind(files: Sequence[evidence.Evidence], behind: EvidenceKind, subject: str) -> list[Evidence]:
    return [evidence_shown(each) for each in files if (each.behind, each.subject) == (behind, subject)]


def _assessment(done: directory.Assessment, files: Sequence[evidence.Evidence]) -> Assessment:
    items = [Answered(id=i.id, met=i.met, note=i.note, remedy_by=i.remedy_by) for i in done.items]
    return Assessment(
        id=str(done.id),
        at=done.at,
        assessor=done.assessor,
        result=done.result,
        items=items,
        reference=done.reference,
        expires=done.expires,
        files=_behind(files, "assessment", str(done.id)),
    )


def _exemption(exemption: directory.Exemption, files: Sequence[evidence.Evidence]) -> Exemption:
    return Exemption(
        id=exemption.id,
        unit=exemption.unit,
        kind=exemption.kind,
        extra=exemption.extra,
        number=exemption.number,
        dated=exemption.dated,
        valid_to=exemption.valid_to,
        files=_behind(files, "exemption", exemption.id),
    )


_REFUSED = (403, 404, 409)
ROUTES = [
    Route("GET", "/directory", tree, "Units and points as a tree", Tree),
    Route("POST", "/directory/units", add_unit, "Add a unit", TreePoint, body=NewUnit, status=201, problems=(403,)),
    Route(
        "POST",
        "/directory/points",
        add_point,
        "Draw up a point",
        TreePoint,
        body=NewPoint,
        status=201,
        problems=_REFUSED,
    ),
    Route("GET", f"/directory/points/{ID}", card, "The card of a point", Card, problems=(403, 404)),
    Route("POST", f"/directory/points/{ID}/name", rename, "Rename a point", Card, body=NewName, problems=(403, 404)),
    Route("POST", f"/directory/points/{ID}/room", set_room, "Describe a room", Card, body=Room, problems=(403, 404)),
    Route("POST", f"/directory/points/{ID}/move", move, "Move a point", Card, body=Move, problems=_REFUSED),
    Route("POST", f"/directory/points/{ID}/assess", assess, "Assess a point", Card, body=Form, problems=_REFUSED),
    Route(
        "POST",
        f"/directory/units/{ID}/documents",
        allow,
        "Keep a document that allows more",
        Exemption,
        body=Document,
        problems=(403, 404),
    ),
    Route("POST", f"/directory/documents/{ID}/end", end_exemption, "End a document", None, problems=(403, 404)),
]
