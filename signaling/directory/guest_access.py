"""Endpoints of guest access: sessions that points of other agencies may enter (Điều 3.2.đ, 6.5; R-006, R-035)."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from signaling.accounts.visible_units import check_may_see
from signaling.directory.context import POINTS
from signaling.http.route import ID, ApiRequest, Id, Interval, Model, Route

AHEAD = timedelta(days=400)


class Invitation(Model):
    """A session that the point is invited to, now or later."""

    session: str
    number: str
    title: str
    official: Interval
    granted: bool


class Invitations(Model):
    """`needed` is false for points that need no grant."""

    needed: bool
    sessions: list[Invitation]


class Grant(Model):
    """Whether the point may enter a session."""

    session: Id
    granted: Annotated[bool, Field(strict=True)]


async def invitations(call: ApiRequest) -> Invitations:
    """Return whether a point needs grants, and its invitations."""
    await check_may_see(call, (await call.context(POINTS).scheduler.point(call.id)).unit)
    return await _invitations(call)


async def grant(call: ApiRequest) -> Invitations:
    """Grant a session to a point, or withdraw the grant."""
    context = call.context(POINTS)
    call.only(call.account.central)
    body: Grant = call.body
    if body.granted:
        await context.guest_access.grant(call.id, body.session, call.account.account, call.now)
    else:
        await context.guest_access.take_back(call.id, body.session)
    await call.note("grant" if body.granted else "grant-back", call.id, body.session)
    return await _invitations(call)


async def _invitations(call: ApiRequest) -> Invitations:
    context = call.context(POINTS)
    needed = await context.guest_access.needed(call.id, call.now)
    found = await context.guest_access.invitations(call.id, call.now, call.now + AHEAD) if needed else []
    return Invitations(
        needed=needed,
        sessions=[
            Invitation(
                session=each.session.id,
                number=each.session.number,
                title=each.session.title,
                official=Interval(start=each.session.official.start, end=each.session.official.end),
                granted=each.by is not None,
            )
            for each in found
        ],
    )


ROUTES = [
    Route("GET", f"/directory/points/{ID}/grants", invitations, "Grants of a point", Invitations, problems=(403, 404)),
    Route(
        "POST", f"/directory/points/{ID}/grants", grant, "Grant a session", Invitations, body=Grant, problems=(403, 404)
    ),
]
