"""Signing in and out, and who one is."""

from typing import Annotated

from aiohttp import web
from pydantic import StringConstraints

from scheduler.core.errors import UnknownPoint
from signaling.core.account import Account
from signaling.core.errors import WrongLine
from signaling.http.cookies import COOKIE
from signaling.http.middleware import clear_cookie, set_cookie
from signaling.http.route import ApiRequest, Model, Named, Route
from signaling.roof import Roof

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Login(Model):
    """Account and password."""

    account: Text
    password: Text


class NewPassword(Model):
    """The present password and the one that takes its place."""

    current: Text
    password: Text


class FirstPassword(Model):
    """A one-time link's token and the first password of its account."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    password: Text


class Me(Model):
    """The signed-in account."""

    account: str
    name: str
    roles: list[str]
    unit: Named | None
    point: Named | None
    provider: Named | None
    language: str
    must_change: bool


async def login(call: ApiRequest) -> web.Response:
    """Sign in."""
    token, account = await call.roof.auth.login(call.body.account, call.body.password, call.source, call.now)
    if account.point is not None:
        await _keep_to_line(call, token, account, account.point)
    return await _with_cookie(call, token, account)


async def _keep_to_line(call: ApiRequest, token: str, account: Account, point: str) -> None:
    """Flag a sign-in from a wrong line; where the profile says so it is none (R-004)."""
    roof, source, now = call.roof, call.source, call.now
    try:
        found = await roof.equipment.reached(point, source.address, now)
    except UnknownPoint:  # withdrawn since: the account says what it is, and no line of it is left
        return
    for each in found:
        detail = f"{each.field}: {each.old} → {each.new}"
        await roof.audit.append(source.entry(now, account.account, "drift", point, detail))
    if roof.equipment.keeps_out(found, now):
        await roof.auth.logout(token, account, source, now)
        raise WrongLine


async def logout(call: ApiRequest) -> web.Response:
    """Sign out."""
    await call.roof.auth.logout(call.request.cookies[COOKIE], call.account, call.source, call.now)
    response = web.Response(status=204)
    clear_cookie(call.request, response)
    return response


async def me(call: ApiRequest) -> Me:
    """Say who is signed in."""
    return await _me(call.roof, call.account)


async def password(call: ApiRequest) -> web.Response:
    """Change one's password; all other logins of the account end."""
    body: NewPassword = call.body
    token = await call.roof.auth.change_password(call.account, body.current, body.password, call.source, call.now)
    account = await call.roof.auth.account(token, call.now)
    return await _with_cookie(call, token, account or call.account)


async def first_password(call: ApiRequest) -> web.Response:
    """Set the first password of an account by its one-time link, and sign in (R-047)."""
    body: FirstPassword = call.body
    token, name = await call.roof.auth.first_password(body.token, body.password, call.source, call.now)
    account = await call.roof.auth.account(token, call.now)
    return await _with_cookie(call, token, account or Account(name, name, (), None, None))


async def _with_cookie(call: ApiRequest, token: str, account: Account) -> web.Response:
    response = web.json_response(text=(await _me(call.roof, account)).model_dump_json())
    set_cookie(call.request, response, token)
    return response


async def _me(roof: Roof, account: Account) -> Me:
    return Me(
        account=account.account,
        name=account.name,
        roles=list(account.roles),
        unit=await _unit(roof, account.unit),
        point=await _point(roof, account.point),
        provider=await _provider(roof, account.provider),
        language=account.language,
        must_change=account.must_change,
    )


async def _unit(roof: Roof, unit: str | None) -> Named | None:
    if unit is None:
        return None
    names = {known.id: known.name for known in await roof.scheduler.units()}
    return Named(id=unit, name=names.get(unit, unit))


async def _point(roof: Roof, point: str | None) -> Named | None:
    if point is None:
        return None
    try:
        return Named(id=point, name=(await roof.scheduler.point(point)).name)
    except UnknownPoint:
        return Named(id=point, name=point)


async def _provider(roof: Roof, provider: str | None) -> Named | None:
    if provider is None:
        return None
    names = {known.id: known.name for known in await roof.equipment.providers()}
    return Named(id=provider, name=names.get(provider, provider))


ROUTES = [
    Route("POST", "/login", login, "Sign in", Me, body=Login, gate="open", problems=(403, 429)),
    Route(
        "POST",
        "/first-password",
        first_password,
        "Set a first password",
        Me,
        FirstPassword,
        gate="open",
        problems=(410,),
    ),
    Route("POST", "/logout", logout, "Sign out", None, status=204, gate="new-password"),
    Route("GET", "/me", me, "Who is signed in", Me, gate="new-password"),
    Route(
        "POST", "/password", password, "Change one's password", Me, NewPassword, gate="new-password", problems=(429,)
    ),
]
