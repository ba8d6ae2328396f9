"""Endpoints by which administrators make API tokens for other systems, see their last use, and revoke them."""

from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field, StringConstraints

from signaling.accounts.api_tokens import MAX_NETWORKS, ApiToken, check_expiry, networks_of
from signaling.accounts.context import ACCOUNTS
from signaling.core.account import Scope
from signaling.core.errors import BadInput, Fault, NotFound
from signaling.http.route import ID, ApiRequest, Id, Model, Moment, Named, Route

TokenName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,57}$")]
NetworkText = Annotated[str, StringConstraints(max_length=50)]


class KnownToken(Model):
    """A token without its secret. `unit` is null for a token of the centre; no networks: it is valid everywhere.

    `used` and `used_address`: its last use, to the minute.
    """

    name: str
    scopes: list[Scope]
    unit: Named | None
    networks: list[str]
    state: Literal["valid", "expired", "revoked"]
    created: Moment
    made_by: str
    expires: Moment
    revoked: Moment | None
    used: Moment | None
    used_address: str


class NewToken(Model):
    """A token to make, for a unit or (null) the centre. It expires within a year; networks in CIDR notation."""

    name: TokenName
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)]
    unit: Id | None = None
    networks: Annotated[list[NetworkText], Field(default_factory=list, max_length=MAX_NETWORKS)]
    expires: Moment


class MadeToken(Model):
    """The token, which is told this once."""

    token: str


async def tokens(request: ApiRequest) -> list[KnownToken]:
    """List all tokens by name."""
    request.only("administrator" in request.account.roles)
    names = await request.unit_names()
    return [_known(each, names, request) for each in await request.context(ACCOUNTS).tokens.all()]


def _known(token: ApiToken, names: dict[str, str], request: ApiRequest) -> KnownToken:
    unit = None if token.unit is None else Named(id=token.unit, name=names.get(token.unit, token.unit))
    ended: Literal["valid", "expired"] = "expired" if token.expires <= request.now else "valid"
    return KnownToken(
        name=token.name,
        scopes=list(token.scopes),
        unit=unit,
        networks=list(token.networks),
        state=ended if token.revoked is None else "revoked",
        created=token.created,
        made_by=token.made_by,
        expires=token.expires,
        revoked=token.revoked,
        used=token.used,
        used_address=token.used_address,
    )


async def make(request: ApiRequest) -> MadeToken:
    """Make a token, which nobody can be told again."""
    request.only("administrator" in request.account.roles)
    body: NewToken = request.body
    check_expiry(body.expires, request.now)
    if body.unit is not None and body.unit not in await request.unit_names():
        raise BadInput([Fault("unit", "no-such-unit")])
    scopes, networks = tuple(dict.fromkeys(body.scopes)), networks_of(body.networks)
    by, expires = request.account.account, body.expires
    token = ApiToken(body.name, scopes, body.unit, networks, request.now, by, expires)
    secret = await request.context(ACCOUNTS).tokens.make(token)
    detail = f"{','.join(scopes)} {body.unit or '-'} {','.join(networks) or '*'} {expires:%Y-%m-%d}"
    await request.note("token-add", body.name, detail[:1000])
    return MadeToken(token=secret)


async def revoke(request: ApiRequest) -> web.Response:
    """Revoke a token, at once."""
    request.only("administrator" in request.account.roles)
    context = request.context(ACCOUNTS)
    if request.id not in {each.name for each in await context.tokens.all()}:
        raise NotFound
    if await context.tokens.revoke(request.id, request.now):
        await request.note("token-revoke", request.id)
    return web.Response(status=204)


ROUTES = [
    Route("GET", "/tokens", tokens, "API tokens of other systems", list[KnownToken], problems=(403,)),
    Route(
        "POST", "/tokens", make, "Make an API token", MadeToken, NewToken, status=201, problems=(403,), unstored=True
    ),
    Route("POST", f"/tokens/{ID}/revoke", revoke, "Revoke an API token", None, status=204, problems=(403, 404)),
]
