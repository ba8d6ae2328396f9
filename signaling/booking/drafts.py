"""Endpoints of drafts in the inbox of a unit, which submits or discards them (R-058, R-060, reading A11)."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import StringConstraints

from scheduler.core import model
from scheduler.core.model import Channel, DraftState
from signaling.accounts import permissions
from signaling.booking.context import BOOKING
from signaling.http.route import ID, ApiRequest, Model, Moment, Named, Route


class Draft(Model):
    """A draft: `content` is its fields as typed, `unit` owns the inbox, `origin` is the author."""

    id: str
    number: str
    unit: Named
    origin: Named | None
    channel: Channel
    source: str
    content: dict[str, Any]
    arrived: Moment
    state: DraftState
    reason: str
    by: str
    settled: Moment | None
    session: str | None
    may_settle: bool


class Discarding(Model):
    """The reason why a draft does not become a registration."""

    reason: Annotated[str, StringConstraints(max_length=2000)]


async def drafts(request: ApiRequest) -> list[Draft]:
    """List the drafts of one's own unit, and those it sent to others; open ones first."""
    unit = request.account.unit
    units = None if request.account.central else [] if unit is None else [unit]
    names = await request.unit_names()
    return [_wire(request, draft, names) for draft in await request.context(BOOKING).drafts.inbox(units)]


async def draft(request: ApiRequest) -> Draft:
    """Return one draft."""
    return await shown(request, await find(request))


async def discard(request: ApiRequest) -> Draft:
    """Close a draft without a registration, for a reason."""
    own(request, await find(request))
    discarded = await request.context(BOOKING).drafts.discard(
        request.id,
        request.account.account,
        request.body.reason,
        request.now,
        request.noting("discard", lambda done: (done.id, f"{done.number} {done.reason}")),
    )
    return await shown(request, discarded)


async def find(request: ApiRequest) -> model.Draft:
    """Return a draft that the account may see. Raises Hidden for all others, so that ids reveal nothing."""
    draft = await request.context(BOOKING).drafts.draft(request.id)
    request.seen(permissions.may_see_draft(request.account, draft))
    return draft


def own(request: ApiRequest, draft: model.Draft) -> None:
    """Check that a draft lies in the inbox of the account's unit. Raises Forbidden."""
    request.only(permissions.may_settle(request.account, draft))


async def shown(request: ApiRequest, draft: model.Draft) -> Draft:
    """Return a draft as it is sent."""
    return _wire(request, draft, await request.unit_names())


def _wire(request: ApiRequest, draft: model.Draft, names: Mapping[str, str]) -> Draft:
    return Draft(
        id=draft.id,
        number=draft.number,
        unit=Named(id=draft.unit, name=names[draft.unit]),
        origin=None if draft.origin is None else Named(id=draft.origin, name=names[draft.origin]),
        channel=draft.channel,
        source=draft.source,
        content=dict(draft.content),
        arrived=draft.arrived,
        state=draft.state,
        reason=draft.reason,
        by=draft.by,
        settled=draft.settled,
        session=draft.session,
        may_settle=draft.state == DraftState.OPEN and permissions.may_settle(request.account, draft),
    )


ROUTES = [
    Route("GET", "/drafts", drafts, "Drafts of one's unit", list[Draft]),
    Route("GET", f"/drafts/{ID}", draft, "One draft", Draft, problems=(404,)),
    Route(
        "POST",
        f"/drafts/{ID}/discard",
        discard,
        "Discard a draft",
        Draft,
        body=Discarding,
        problems=(403, 404, 409),
    ),
]
