"""Endpoints of one's own second factors, which also those may call who must add one before anything else."""

from aiohttp import web

from signaling.accounts import totp
from signaling.accounts.context import ACCOUNTS
from signaling.accounts.rest import Code, Text
from signaling.http.cookies import COOKIE
from signaling.http.route import ApiRequest, Model, Moment, Route


class Password(Model):
    """The present password, which every change takes."""

    password: Text


class SecondFactor(Model):
    """One's second factors: since when there is an app, how many recovery codes are left.

    `demanded` says that the policy demands one of the account where it comes from.
    """

    totp: Moment | None
    recovery_codes: int
    demanded: bool


class NewApp(Model):
    """The secret of an app as text (base32), and as the URI that a QR code holds."""

    secret: str
    uri: str


class RecoveryCodes(Model):
    """Recovery codes, shown this once; none if the account has some already."""

    recovery_codes: list[str]


async def second_factor(request: ApiRequest) -> SecondFactor:
    """Return one's second factors."""
    context = request.context(ACCOUNTS)
    factors = await context.second_factors.factors(request.account)
    demanded = context.sign_in.demands(request.account, request.source.address, request.now)
    return SecondFactor(totp=factors.totp, recovery_codes=factors.recovery_codes, demanded=demanded)


async def begin_totp(request: ApiRequest) -> NewApp:
    """Return the secret of a new authenticator app, which counts once it is confirmed."""
    secret = await request.context(ACCOUNTS).second_factors.begin_totp(
        _token(request), request.account, request.body.password, request.source, request.now
    )
    host = request.request.url.host or ""
    return NewApp(secret=totp.text_of(secret), uri=totp.uri(secret, request.account.account, host))


async def confirm_totp(request: ApiRequest) -> RecoveryCodes:
    """Confirm the new app by its first code; the first factor brings recovery codes."""
    codes = await request.context(ACCOUNTS).second_factors.confirm_totp(
        _token(request), request.account, request.body.code, request.source, request.now
    )
    return RecoveryCodes(recovery_codes=codes)


async def remove_totp(request: ApiRequest) -> web.Response:
    """Remove the authenticator app."""
    await request.context(ACCOUNTS).second_factors.remove_totp(
        _token(request), request.account, request.body.password, request.source, request.now
    )
    return web.Response(status=204)


async def new_recovery_codes(request: ApiRequest) -> RecoveryCodes:
    """Make other recovery codes; the earlier ones no longer work."""
    codes = await request.context(ACCOUNTS).second_factors.new_recovery_codes(
        _token(request), request.account, request.body.password, request.source, request.now
    )
    return RecoveryCodes(recovery_codes=codes)


def _token(request: ApiRequest) -> str:
    return request.request.cookies[COOKIE]


_LOCKED = (429,)
ROUTES = [
    Route("GET", "/second-factor", second_factor, "One's second factors", SecondFactor, access="enrolment"),
    Route(
        "POST",
        "/second-factor/totp",
        begin_totp,
        "Add an authenticator app",
        NewApp,
        Password,
        access="enrolment",
        problems=_LOCKED,
    ),
    Route(
        "POST",
        "/second-factor/totp/confirm",
        confirm_totp,
        "Confirm the app",
        RecoveryCodes,
        Code,
        access="enrolment",
    ),
    Route(
        "POST",
        "/second-factor/totp/remove",
        remove_totp,
        "Remove the app",
        None,
        Password,
        status=204,
        access="enrolment",
        problems=_LOCKED,
    ),
    Route(
        "POST",
        "/second-factor/recovery-codes",
        new_recovery_codes,
        "Make other recovery codes",
        RecoveryCodes,
        Password,
        access="enrolment",
        problems=_LOCKED,
    ),
]
