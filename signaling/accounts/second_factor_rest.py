"""Endpoints of one's own second factors, which also those may call who must add one before anything else."""

from typing import Annotated, Any

from aiohttp import web
from pydantic import StringConstraints

from signaling.accounts import security_keys, totp
from signaling.accounts.context import ACCOUNTS
from signaling.accounts.rest import Base64, Code, Text, site_of
from signaling.core.errors import BadInput, Fault
from signaling.http.cookies import COOKIE
from signaling.http.route import ID, ApiRequest, Model, Moment, Route


class Password(Model):
    """The present password, which every change takes; accounts of a provider have none, and sign in again instead."""

    password: Text | None = None


class Key(Model):
    """A security key; it works `here` if it was added at this host name."""

    id: str
    name: str
    created: Moment
    last_used: Moment | None
    here: bool


class SecondFactor(Model):
    """One's second factors: since when there is an app, the security keys, how many recovery codes are left.

    `keys_possible` says that browsers use security keys at this address, `demanded` that the policy demands a factor of
    the account where it comes from.
    """

    totp: Moment | None
    keys: list[Key]
    keys_possible: bool
    recovery_codes: int
    demanded: bool


class NewApp(Model):
    """The secret of an app as text (base32), and as the URI that a QR code holds."""

    secret: str
    uri: str


class KeyOptions(Model):
    """The options by which the browser makes a key: WebAuthn's PublicKeyCredentialCreationOptions as JSON."""

    options: dict[str, Any]


class NewKey(Model):
    """A name for a new key, and what it answered (AuthenticatorAttestationResponse), in base64url."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]{1,64}$")]
    client_data: Base64
    attestation: Base64


class RecoveryCodes(Model):
    """Recovery codes, shown this once; none if the account has some already."""

    recovery_codes: list[str]


async def second_factor(request: ApiRequest) -> SecondFactor:
    """Return one's second factors."""
    context = request.context(ACCOUNTS)
    factors = await context.second_factors.factors(request.account)
    demanded, site = context.sign_in.demands(request.account, request.source.address, request.now), site_of(request)
    keys = [
        Key(id=key.id, name=key.name, created=key.created, last_used=key.last_used, here=key.rp_id == site.rp_id)
        for key in factors.keys
    ]
    return SecondFactor(
        totp=factors.totp,
        keys=keys,
        keys_possible=site.possible,
        recovery_codes=factors.recovery_codes,
        demanded=demanded,
    )


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


async def begin_key(request: ApiRequest) -> KeyOptions:
    """Return what the browser makes a new security key with, which counts once it is confirmed."""
    options = await request.context(ACCOUNTS).second_factors.begin_key(
        _token(request), request.account, request.body.password, site_of(request), request.source, request.now
    )
    return KeyOptions(options=options)


async def confirm_key(request: ApiRequest) -> RecoveryCodes:
    """Confirm the new security key; the first factor brings recovery codes."""
    body = request.body
    try:
        answer = security_keys.decoded(body.client_data), security_keys.decoded(body.attestation)
    except ValueError:
        raise BadInput([Fault("name", "second-factor-key")]) from None
    codes = await request.context(ACCOUNTS).second_factors.confirm_key(
        _token(request), request.account, body.name, answer, site_of(request), request.source, request.now
    )
    return RecoveryCodes(recovery_codes=codes)


async def remove_key(request: ApiRequest) -> web.Response:
    """Remove a security key."""
    await request.context(ACCOUNTS).second_factors.remove_key(
        _token(request), request.account, request.id, request.body.password, request.source, request.now
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
        "/second-factor/keys",
        begin_key,
        "Add a security key",
        KeyOptions,
        Password,
        access="enrolment",
        problems=_LOCKED,
    ),
    Route(
        "POST",
        "/second-factor/keys/confirm",
        confirm_key,
        "Confirm the security key",
        RecoveryCodes,
        NewKey,
        access="enrolment",
    ),
    Route(
        "POST",
        f"/second-factor/keys/{ID}/remove",
        remove_key,
        "Remove a security key",
        None,
        Password,
        status=204,
        access="enrolment",
        problems=(404, 429),
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
