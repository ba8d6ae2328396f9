"""Endpoints of signing in and out, passwords, and the signed-in account."""

from typing import Annotated, Literal

from aiohttp import hdrs, web
from pydantic import StringConstraints

from scheduler.core.errors import UnknownPoint
from signaling.accounts import security_keys
from signaling.accounts.context import ACCOUNTS
from signaling.accounts.security_keys import MAX_ANSWER
from signaling.core.account import Account, digest
from signaling.core.errors import BadSecondFactor, NotFound, SecondFactorNeeded, SignedOut, WrongLine
from signaling.core.texts import language_of
from signaling.http.context import HTTP
from signaling.http.cookies import CHALLENGE_COOKIE, COOKIE
from signaling.http.middleware import (
    REQUEST,
    administration_of,
    as_seen,
    clear_cookie,
    set_challenge_cookie,
    set_cookie,
)
from signaling.http.problems import problem
from signaling.http.route import ID, ApiRequest, Model, Moment, Named, NamedPoint, Route

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Login(Model):
    """Account and password."""

    account: Text
    password: Text


class Code(Model):
    """The code of an authenticator app, or a recovery code."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=40)]


Base64 = Annotated[str, StringConstraints(pattern=rf"^[A-Za-z0-9_-]{{1,{MAX_ANSWER}}}$")]
"""Bytes as base64url without padding."""


class KeyAnswer(Model):
    """The answer of a security key (AuthenticatorAssertionResponse), in base64url."""

    credential: Base64
    client_data: Base64
    authenticator_data: Base64
    signature: Base64


class NewPassword(Model):
    """The present password and the one that takes its place."""

    current: Text
    password: Text


class FirstPassword(Model):
    """A one-time link's token and the first password of its account."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    password: Text


class Me(Model):
    """The signed-in account: our own, a provider's or a directory's `kind`.

    `idle_minutes`: after how many unused ones this sign-in ends, null: never. `administration`: the URL where it is an
    administrator, null: here, or it is none. `signs`: the site signs files that leave it. `recovery_codes_due`: the
    second step of the sign-in was passed just now, and the account has no recovery code left.
    """

    account: str
    name: str
    roles: list[str]
    unit: Named | None
    point: NamedPoint | None
    provider: Named | None
    language: str
    must_change: bool
    must_enrol: bool
    kind: Literal["own", "oidc", "ldap"]
    idle_minutes: int | None
    administration: str | None
    signs: bool
    recovery_codes_due: bool = False


class Device(Model):
    """A browser in which the account is signed in: since when, from where, and whether it is the one that asks."""

    id: str
    since: Moment
    address: str
    browser: str
    current: bool


async def login(request: ApiRequest) -> web.Response:
    """Sign in; who has a second factor gets the problem `second-factor`, and passes a second step."""
    sign_in, body = request.context(ACCOUNTS).sign_in, request.body
    try:
        token, account = await sign_in.login(body.account, body.password, request.source, request.now)
    except SecondFactorNeeded as needed:
        return await challenged(request, needed)
    return await entered(request, token, account)


async def login_code(request: ApiRequest) -> web.Response:
    """Pass the second step of a sign-in by a code."""
    context, code = request.context(ACCOUNTS), request.body.code
    challenge = request.request.cookies.get(CHALLENGE_COOKIE)
    token = await context.second_step.by_code(challenge, code, request.source, request.now)
    return await _passed(request, token)


async def login_key(request: ApiRequest) -> web.Response:
    """Pass the second step of a sign-in by a security key."""
    body = request.body
    try:
        parts = body.credential, body.client_data, body.authenticator_data, body.signature
        answer = security_keys.KeyAnswer(*map(security_keys.decoded, parts))
    except ValueError:
        raise BadSecondFactor from None
    challenge, step = request.request.cookies.get(CHALLENGE_COOKIE), request.context(ACCOUNTS).second_step
    token = await step.by_key(challenge, answer, site_of(request), request.source, request.now)
    return await _passed(request, token)


def site_of(request: ApiRequest) -> security_keys.Site:
    """Return the relying party of a request: whom its address names, as the address that people type."""
    secure, host = request.request.secure, request.request.host
    return security_keys.Site(request.request.url.host or "", f"{'https' if secure else 'http'}://{host}")


async def challenged(request: ApiRequest, needed: SecondFactorNeeded) -> web.Response:
    """Answer that the second factor must follow, with the cookie by which this browser alone passes the step."""
    asked = await request.context(ACCOUNTS).second_step.asked(needed.challenge, site_of(request), request.now)
    language = language_of(request.request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
    response = problem(asked, language, request.request[REQUEST])
    set_challenge_cookie(request.request, response, needed.challenge)
    return response


async def _passed(request: ApiRequest, token: str) -> web.Response:
    """Answer who has passed the second step, and whether recovery codes are due."""
    account = await _account_of(request, token)
    factors = await request.context(ACCOUNTS).second_factors.factors(account)
    return await entered(request, token, account, recovery_codes_due=not factors.recovery_codes)


async def _account_of(request: ApiRequest, token: str) -> Account:
    """Return the account of a sign-in just made. Raises SignedOut if it was ended meanwhile."""
    account = await request.context(ACCOUNTS).sign_in.account(token, request.source.address, request.now)
    if account is None:
        raise SignedOut
    return account


async def entered(request: ApiRequest, token: str, account: Account, recovery_codes_due: bool = False) -> web.Response:
    """Answer who is signed in now, with the cookie. Raises WrongLine."""
    if account.point is not None:
        await _keep_to_line(request, token, account, account.point)
    return await _with_cookie(request, token, account, recovery_codes_due)


async def _keep_to_line(request: ApiRequest, token: str, account: Account, point: str) -> None:
    """Record a sign-in from a wrong line; end it where the policy says so (R-004). Raises WrongLine."""
    context = request.context(ACCOUNTS)
    source, now = request.source, request.now
    try:
        differences = await context.equipment.check_address(point, source.address, now)
    except UnknownPoint:  # withdrawn since: the account says what it is, and no line of it is left
        return
    for each in differences:
        detail = f"{each.field}: {each.old} → {each.new}"
        await context.audit.append(source.entry(now, account.account, "drift", point, detail))
    if context.equipment.keeps_out(differences, now):
        await context.sign_in.logout(token, account, source, now)
        raise WrongLine


async def logout(request: ApiRequest) -> web.Response:
    """Sign out."""
    await request.context(ACCOUNTS).sign_in.logout(
        request.request.cookies[COOKIE], request.account, request.source, request.now
    )
    response = web.Response(status=204)
    clear_cookie(request.request, response)
    return response


async def me(request: ApiRequest) -> Me:
    """Return the signed-in account."""
    return await _me(request, request.account)


async def devices(request: ApiRequest) -> list[Device]:
    """List the browsers in which the account is signed in, newest first."""
    current = digest(request.request.cookies[COOKIE])
    return [
        Device(
            id=each.short_id,
            since=each.created,
            address=each.address,
            browser=each.browser,
            current=each.id == current,
        )
        for each in await request.context(ACCOUNTS).sign_in.devices(request.account, request.now)
    ]


async def sign_out_others(request: ApiRequest) -> web.Response:
    """Sign the account out in all other browsers."""
    await request.context(ACCOUNTS).sign_in.end_others(
        request.request.cookies[COOKIE], request.account, request.source, request.now
    )
    return web.Response(status=204)


async def sign_out_one(request: ApiRequest) -> web.Response:
    """Sign the account out in one browser."""
    if not await request.context(ACCOUNTS).sign_in.end_one(request.id, request.account, request.source, request.now):
        raise NotFound
    return web.Response(status=204)


async def password(request: ApiRequest) -> web.Response:
    """Change one's password; all other sign-ins of the account end."""
    context = request.context(ACCOUNTS)
    body: NewPassword = request.body
    old = request.request.cookies[COOKIE]
    token = await context.sign_in.change_password(
        old, request.account, body.current, body.password, request.source, request.now
    )
    return await _with_cookie(request, token, await _account_of(request, token))


async def first_password(request: ApiRequest) -> web.Response:
    """Set the first password of an account by its one-time link, and sign in (R-047)."""
    context = request.context(ACCOUNTS)
    body: FirstPassword = request.body
    try:
        token = await context.sign_in.first_password(body.token, body.password, request.source, request.now)
    except SecondFactorNeeded as needed:
        return await challenged(request, needed)
    return await _with_cookie(request, token, await _account_of(request, token))


async def _with_cookie(
    request: ApiRequest, token: str, account: Account, recovery_codes_due: bool = False
) -> web.Response:
    who = (await _me(request, account)).model_copy(update={"recovery_codes_due": recovery_codes_due})
    response = web.json_response(text=who.model_dump_json())
    set_cookie(request.request, response, token)
    return response


async def _me(request: ApiRequest, account: Account) -> Me:
    account = as_seen(request.request, account)
    return Me(
        account=account.account,
        name=account.name,
        roles=list(account.roles),
        unit=await _unit(request, account.unit),
        point=await _point(request, account.point),
        provider=await _provider(request, account.provider),
        language=account.language,
        must_change=account.must_change,
        must_enrol=account.must_enrol,
        kind=await request.context(ACCOUNTS).external.kind(account.account) or "own",
        idle_minutes=account.idle_minutes,
        administration=administration_of(request.request, account),
        signs=request.context(HTTP).signer is not None,
    )


async def _unit(request: ApiRequest, unit: str | None) -> Named | None:
    if unit is None:
        return None
    names = {each.id: each.name for each in await request.context(ACCOUNTS).scheduler.units()}
    return Named(id=unit, name=names.get(unit, unit))


async def _point(request: ApiRequest, point: str | None) -> NamedPoint | None:
    if point is None:
        return None
    try:
        known = await request.context(ACCOUNTS).scheduler.point(point)
    except UnknownPoint:
        return NamedPoint(id=point, name=point, label=point)
    return NamedPoint(id=point, name=known.name, label=known.label)


async def _provider(request: ApiRequest, provider: str | None) -> Named | None:
    if provider is None:
        return None
    names = {each.id: each.name for each in await request.context(ACCOUNTS).equipment.providers()}
    return Named(id=provider, name=names.get(provider, provider))


ROUTES = [
    Route("POST", "/login", login, "Sign in", Me, body=Login, access="open", problems=(403, 429, 503)),
    Route("POST", "/login/code", login_code, "Pass the second step", Me, Code, access="open", problems=(403, 429)),
    Route("POST", "/login/key", login_key, "Pass it by a key", Me, KeyAnswer, access="open", problems=(403, 429)),
    Route(
        "POST",
        "/first-password",
        first_password,
        "Set a first password",
        Me,
        FirstPassword,
        access="open",
        problems=(410,),
    ),
    Route("POST", "/logout", logout, "Sign out", None, status=204, access="enrolment"),
    Route("GET", "/me", me, "Who is signed in", Me, access="enrolment"),
    Route("GET", "/sign-ins", devices, "Where the account is signed in", list[Device], access="provider"),
    Route(
        "POST",
        "/sign-ins/end-others",
        sign_out_others,
        "Sign out in all other browsers",
        None,
        status=204,
        access="provider",
        own=True,
    ),
    Route(
        "POST",
        f"/sign-ins/{ID}/end",
        sign_out_one,
        "Sign out in one browser",
        None,
        status=204,
        access="provider",
        own=True,
        problems=(404,),
    ),
    Route(
        "POST", "/password", password, "Change one's password", Me, NewPassword, access="new-password", problems=(429,)
    ),
]
