"""Endpoints of signing in and out, passwords, and the signed-in account."""

from typing import Annotated

from aiohttp import web
from pydantic import StringConstraints

from scheduler.core.errors import UnknownPoint
from signaling.accounts.context import ACCOUNTS
from signaling.core.account import Account
from signaling.core.errors import WrongLine
from signaling.http.cookies import COOKIE
from signaling.http.middleware import clear_cookie, set_cookie
from signaling.http.route import ApiRequest, Model, Named, Route

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
    context = call.context(ACCOUNTS)
    token, account = await context.sign_in.login(call.body.account, call.body.password, call.source, call.now)
    if account.point is not None:
        await _keep_to_line(call, token, account, account.point)
    return await _with_cookie(call, token, account)


async def _keep_to_line(call: ApiRequest, token: str, account: Account, point: str) -> None:
    """Record a sign-in from a wrong line; end it where the policy says so (R-004). Raises WrongLine."""
    context = call.context(ACCOUNTS)
    source, now = call.source, call.now
    try:
        found = await context.equipment.check_address(point, source.address, now)
    except UnknownPoint:  # withdrawn since: the account says what it is, and no line of it is left
        return
    for each in found:
        detail = f"{each.field}: {each.old} → {each.new}"
        await context.audit.append(source.entry(now, account.account, "drift", point, detail))
    if context.equipment.keeps_out(found, now):
        await context.sign_in.logout(token, account, source, now)
        raise WrongLine


async def logout(call: ApiRequest) -> web.Response:
    """Sign out."""
    await call.context(ACCOUNTS).sign_in.logout(call.request.cookies[COOKIE], call.account, call.source, call.now)
    response = web.Response(status=204)
    clear_cookie(call.request, response)
    return response


async def me(call: ApiRequest) -> Me:
    """Return the signed-in account."""
    return await _me(call, call.account)


async def password(call: ApiRequest) -> web.Response:
    """Change one's password; all other sign-ins of the account end."""
    context = call.context(ACCOUNTS)
    body: NewPassword = call.body
    token = await context.sign_in.change_password(call.account, body.current, body.password, call.source, call.now)
    account = await context.sign_in.account(token, call.now)
    return await _with_cookie(call, token, account or call.account)


async def first_password(call: ApiRequest) -> web.Response:
    """Set the first password of an account by its one-time link, and sign in (R-047)."""
    context = call.context(ACCOUNTS)
    body: FirstPassword = call.body
    token, name = await context.sign_in.first_password(body.token, body.password, call.source, call.now)
    account = await context.sign_in.account(token, call.now)
    return await _with_cookie(call, token, account or Account(name, name, (), None, None))


async def _with_cookie(call: ApiRequest, token: str, account: Account) -> web.Response:
    response = web.json_response(text=(await _me(call, account)).model_dump_json())
    set_cookie(call.request, response, token)
    return response


async def _me(call: ApiRequest, account: Account) -> Me:
    return Me(
        account=account.account,
        name=account.name,
        roles=list(account.roles),
        unit=await _unit(call, account.unit),
        point=await _point(call, account.point),
        provider=await _provider(call, account.provider),
        language=account.language,
        must_change=account.must_change,
    )


async def _unit(call: ApiRequest, unit: str | None) -> Named | None:
    if unit is None:
        return None
    names = {known.id: known.name for known in await call.context(ACCOUNTS).scheduler.units()}
    return Named(id=unit, name=names.get(unit, unit))


async def _point(call: ApiRequest, point: str | None) -> Named | None:
    if point is None:
        return None
    try:
        return Named(id=point, name=(await call.context(ACCOUNTS).scheduler.point(point)).name)
    except UnknownPoint:
        return Named(id=point, name=point)


async def _provider(call: ApiRequest, provider: str | None) -> Named | None:
    if provider is None:
        return None
    names = {known.id: known.name for known in await call.context(ACCOUNTS).equipment.providers()}
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
