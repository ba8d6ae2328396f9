"""Endpoint by which an administrator changes the roles of somebody's account (decision 146)."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from signaling.booking import two_persons
from signaling.booking.context import BOOKING
from signaling.booking.queue import Why
from signaling.core.account import Role
from signaling.core.errors import ApprovalOver, NotFound
from signaling.directory.context import PEOPLE
from signaling.http.route import ID, ApiRequest, Model, Route


class NewRoles(Model):
    """All roles that an account is to have, and why."""

    roles: Annotated[list[Role], Field(min_length=1, max_length=6)]
    reason: Why


async def change(request: ApiRequest) -> web.Response:
    """Change the roles of another account, which ends its sign-ins; where the profile asks for it, two persons do."""
    context, changes = request.context(PEOPLE), request.context(BOOKING).role_changes
    request.only("administrator" in request.account.roles)
    stored = await context.accounts.account(request.id)
    if stored is None:
        raise NotFound
    request.only(request.id != request.account.account)
    account = stored[0]
    roles = await changes.checked(account, tuple(request.body.roles), context.directory.operator(request.now))
    await two_persons.check_roles(request, account.account, account.roles, roles)
    detail = f"{' '.join(account.roles)} → {' '.join(roles)}: {request.body.reason}"[:1000]
    note = request.noting("roles", lambda name: (name, detail))
    if not await changes.carry_out(account.account, account.roles, roles, {request.account.account}, note):
        raise ApprovalOver
    return web.Response(status=204)


ROUTES = [
    Route(
        "POST",
        f"/directory/accounts/{ID}/roles",
        change,
        "Change the roles of an account",
        None,
        NewRoles,
        status=204,
        problems=(403, 404, 409),
    )
]
