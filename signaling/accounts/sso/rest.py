"""Endpoints of single sign-on: what there is, and a sign-in by the provider, from the page and back to it."""

from typing import Annotated

from aiohttp import web
from pydantic import StringConstraints

from signaling.accounts.context import ACCOUNTS
from signaling.accounts.rest import Me, challenged, entered, site_of
from signaling.accounts.sso.handshake import Handshake
from signaling.core.errors import SecondFactorNeeded
from signaling.http.cookies import HANDSHAKE_COOKIE
from signaling.http.middleware import delete_handshake_cookie, set_handshake_cookie
from signaling.http.route import ApiRequest, Model, Route

PAGE = "index.html"


class SignInWays(Model):
    """The words for sign-ins by OpenID Connect, and for accounts of an LDAP directory; null where there is none."""

    oidc: str | None
    ldap: str | None


class Place(Model):
    """An address of the provider, null where it has none."""

    url: str | None


class Answer(Model):
    """The provider's answer, as the browser brought it: code, state, and its own name if it says so (RFC 9207)."""

    code: Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,4096}$")]
    state: Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,200}$")]
    issuer: Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,400}$")] = ""


async def ways(request: ApiRequest) -> SignInWays:
    """Return by what else than accounts of its own the system lets people in."""
    context = request.context(ACCOUNTS)
    return SignInWays(oidc=context.oidc.label, ldap=context.external.directory_label)


async def begin(request: ApiRequest) -> web.Response:
    """Begin a sign-in by the provider: the browser goes to the address in the response."""
    begun, url = await request.context(ACCOUNTS).oidc.begin(_page(request), request.now)
    response = web.json_response(text=Place(url=url).model_dump_json())
    set_handshake_cookie(request.request, response, begun.secret)
    return response


async def finish(request: ApiRequest) -> web.Response:
    """End a sign-in by the provider; as after a password, the second factor may have to follow."""
    body, secret = request.body, request.request.cookies.get(HANDSHAKE_COOKIE)
    begun, answer = Handshake(secret) if secret else None, (body.state, body.code, body.issuer)
    try:
        token, account = await request.context(ACCOUNTS).oidc.finish(
            begun, answer, _page(request), request.source, request.now
        )
    except SecondFactorNeeded as needed:
        response = await challenged(request, needed)
    else:
        response = await entered(request, token, account)
    delete_handshake_cookie(request.request, response)
    return response


async def end(request: ApiRequest) -> Place:
    """Return where a browser signs out of the provider, too."""
    return Place(url=await request.context(ACCOUNTS).oidc.end_url(_page(request), request.now))


def _page(request: ApiRequest) -> str:
    return f"{site_of(request).origin}/{PAGE}"


_PROBLEMS = (401, 403, 404, 429, 503)
ROUTES = [
    Route("GET", "/sso", ways, "Other ways to sign in", SignInWays, access="open"),
    Route("POST", "/sso/begin", begin, "Sign in by the provider", Place, access="open", problems=(404, 503)),
    Route("POST", "/sso/finish", finish, "Come back from it", Me, Answer, access="open", problems=_PROBLEMS),
    Route("POST", "/sso/end", end, "Where to sign out of it", Place, access="open", problems=(404, 503)),
]
