"""Endpoints by which people make and revoke the calendar links of their own and of their unit."""

from typing import Literal

from aiohttp import web

from signaling.accounts import permissions
from signaling.booking.calendar_links import CalendarLink, Owner
from signaling.booking.context import BOOKING
from signaling.http.route import ApiRequest, Model, Moment, Route

Whose = Literal["account", "unit"]


class Made(Model):
    """A link that was made at a time by an account. Its address was told then and cannot be read again."""

    created: Moment
    made_by: str


class Links(Model):
    """The links of the account and of its unit; `unit_allowed`: the account may make and revoke that of the unit."""

    account: Made | None
    unit: Made | None
    unit_allowed: bool


class Which(Model):
    """The owner of a link: the account itself, or its unit."""

    of: Whose


class Fresh(Model):
    """A new link, as a path below the address of the server."""

    path: str


async def links(request: ApiRequest) -> Links:
    """Tell which links there are."""
    account = request.account
    return Links(
        account=_made(await _of(request, Owner(account=account.account))),
        unit=None if account.unit is None else _made(await _of(request, Owner(unit=account.unit))),
        unit_allowed=permissions.may_link_unit(account),
    )


async def make(request: ApiRequest) -> Fresh:
    """Make a link, in place of an earlier one."""
    owner = _owner(request)
    token = await request.context(BOOKING).calendar_links.make(owner, request.account.account, request.now)
    await request.note("calendar-link", owner.unit or request.account.account)
    return Fresh(path=f"calendar/{token}.ics")


async def revoke(request: ApiRequest) -> web.Response:
    """Revoke a link."""
    owner = _owner(request)
    if await request.context(BOOKING).calendar_links.revoke(owner):
        await request.note("calendar-link-revoked", owner.unit or request.account.account)
    return web.Response(status=204)


def _owner(request: ApiRequest) -> Owner:
    """Return whose link the request is about. Raises Forbidden."""
    account = request.account
    if request.body.of == "account":
        return Owner(account=account.account)
    request.only(permissions.may_link_unit(account))
    return Owner(unit=account.unit)


async def _of(request: ApiRequest, owner: Owner) -> CalendarLink | None:
    return await request.context(BOOKING).calendar_links.of(owner)


def _made(link: CalendarLink | None) -> Made | None:
    return None if link is None else Made(created=link.created, made_by=link.made_by)


ROUTES = [
    Route("GET", "/calendar-links", links, "Which calendar links there are", Links),
    Route("POST", "/calendar-links", make, "Make a calendar link", Fresh, Which, status=201, own=True, problems=(403,)),
    Route(
        "POST",
        "/calendar-links/revoke",
        revoke,
        "Revoke a calendar link",
        None,
        Which,
        status=204,
        own=True,
        problems=(403,),
    ),
]
