"""Endpoints of closing a session: its checklists, and the kind under which it is reported (Điều 15.1, 4.2)."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from scheduler.core import model
from scheduler.operations.closing import checklist
from scheduler.operations.closing.checklist import CENTRE
from signaling.accounts import permissions
from signaling.accounts.unit_directory import UnitDirectory
from signaling.accounts.visible_sessions import find
from signaling.core.account import Account
from signaling.http.route import ID, ApiRequest, Id, Model, Moment, Named, NamedPoint, Route
from signaling.operations.context import CLOSING


class Item(Named):
    """One item of a list, in order; `by` is an account, both null until it is done."""

    by: str | None
    at: Moment | None


class List(Model):
    """The list of a point; `point` null is the centre. `turn` is the item that is next, null when all is done."""

    point: NamedPoint | None
    items: list[Item]
    turn: str | None
    may_tick: bool


class Sheet(Model):
    """All lists of a session, the centre's first. `complete`: the centre's is done and the kind is known."""

    session: str
    kind: str | None
    kinds: dict[str, str]
    may_set_kind: bool
    complete: bool
    missing: int
    lists: list[List]


class Ticked(Model):
    """An item that is done, or undone; `point` null is the centre."""

    point: Id | None = None
    item: Id
    done: Annotated[bool, Field(strict=True)] = True


class Kind(Model):
    """The kind of the meeting: one of the kinds that the profile names."""

    kind: Annotated[str, StringConstraints(max_length=64)]


async def sheet(request: ApiRequest) -> Sheet:
    """Return the lists of a session."""
    session, points = await find(request)
    return _wire(request, session, points, await request.context(CLOSING).closing.checklist(session.id))


async def tick(request: ApiRequest) -> Sheet:
    """Note that a device was switched off, in the right order."""
    context = request.context(CLOSING)
    session, points = await find(request)
    body: Ticked = request.body
    request.only(_may_tick(request.account, body.point, points))
    place = body.point or CENTRE
    changed = await context.closing.tick(session.id, place, body.item, body.done, request.account.account, request.now)
    await request.note("closing" if body.done else "closing-back", session.id, f"{place} {body.item}".strip())
    return _wire(request, session, points, changed)


async def set_kind(request: ApiRequest) -> Sheet:
    """Set the kind of the meeting."""
    session, points = await find(request)
    request.only(permissions.is_host(request.account, session, points))
    changed = await request.context(CLOSING).closing.set_kind(session.id, request.body.kind)
    await request.note("kind", session.id, request.body.kind)
    return _wire(request, session, points, changed)


def _may_tick(account: Account, point: str | None, points: Mapping[str, model.Point]) -> bool:
    """Return whether an account may tick items: of its own point, or as central technician of any point."""
    own = points.get(point) if point is not None else None
    return account.central or (own is not None and account.unit == own.unit)


def _wire(
    request: ApiRequest, session: model.Session, points: UnitDirectory, checklists: checklist.ClosingChecklist
) -> Sheet:
    return Sheet(
        session=session.id,
        kind=checklists.kind,
        kinds=request.context(CLOSING).scheduler.policy(session.official.start).registration.kinds,
        may_set_kind=permissions.is_host(request.account, session, points),
        complete=checklists.complete,
        missing=len(checklists.missing),
        lists=[_list(request.account, each, points) for each in checklists.lists],
    )


def _list(account: Account, checked: checklist.PlaceChecklist, points: Mapping[str, model.Point]) -> List:
    done = {tick.item: tick for tick in checked.ticks}
    at = None if checked.place == CENTRE else points[checked.place]
    point = None if at is None else NamedPoint(id=at.id, name=at.name, label=at.label)
    return List(
        point=point,
        items=[_item(item, name, done.get(item)) for item, name in checked.items],
        turn=checked.next,
        may_tick=_may_tick(account, None if point is None else point.id, points),
    )


def _item(item: str, name: str, tick: checklist.Tick | None) -> Item:
    return Item(id=item, name=name, by=None if tick is None else tick.by, at=None if tick is None else tick.at)


ROUTES = [
    Route("GET", f"/sessions/{ID}/closing", sheet, "The closing lists of a session", Sheet, problems=(404,)),
    Route(
        "POST",
        f"/sessions/{ID}/closing",
        tick,
        "Tick an item of a closing list",
        Sheet,
        body=Ticked,
        problems=(403, 404, 409),
    ),
    Route(
        "POST",
        f"/sessions/{ID}/kind",
        set_kind,
        "Say what kind of meeting it was",
        Sheet,
        body=Kind,
        problems=(403, 404),
    ),
]
