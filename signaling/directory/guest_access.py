"""Endpoints of guest access: sessions that points of other agencies may enter (Điều 3.2.đ, 6.5; R-006, R-035)."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from scheduler.core.note import Note
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
    """Grant of a session to a point, or its withdrawal."""

    session: Id
    granted: Annotated[bool, Field(strict=True)]


async def invitations(request: ApiRequest) -> Invitations:
    """Return whether a point needs grants, and its invitations."""
    await check_may_see(request, (await request.context(POINTS).scheduler.point(request.id)).unit)
    return await _invitations(request)


async def grant(request: ApiRequest) -> Invitations:
    """Grant a session to a point, or withdraw the grant."""
    context = request.context(POINTS)
    request.only(request.account.central)
    body: Grant = request.body
    note: Note[str] = request.noting("grant" if body.granted else "grant-back", lambda point: (point, body.session))
    if body.granted:
        await context.guest_access.grant(request.id, body.session, request.account.account, request.now, note)
    else:
        await context.guest_access.take_back(request.id, body.session, note)
    return await _invitations(request)


async def _invitations(request: ApiRequest) -> Invitations:
    context = request.context(POINTS)
    needed = await context.guest_access.needed(request.id, request.now)
    invited = await context.guest_access.invitations(request.id, request.now, request.now + AHEAD) if needed else []
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
            for each in invited
        ],
    )


ROUTES = [
    Route("GET", f"/directory/points/{ID}/grants", invitations, "Grants of a point", Invitations, problems=(403, 404)),
    Route(
        "POST", f"/directory/points/{ID}/grants", grant, "Grant a session", Invitations, body=Grant, problems=(403, 404)
    ),
]
