"""HTTP middleware: security headers, RFC 9457 problems, the check of the origin, the session cookie."""

import logging
import re
import secrets
import time
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from yarl import URL

from mediaserver.logs import about
from scheduler.core.lock_timeout import lock_timeout
from signaling.core import tracing
from signaling.core.account import Account, Source, unmapped
from signaling.core.errors import (
    BadEncoding,
    BadOrigin,
    MustChangePassword,
    MustEnrol,
    Refusal,
    ShuttingDown,
    SignedOut,
)
from signaling.core.texts import language_of
from signaling.http.context import HTTP
from signaling.http.cookies import (
    CHALLENGE_COOKIE,
    CHALLENGE_LASTS,
    CHALLENGE_PATH,
    COOKIE,
    EXPIRED_LASTS,
    HANDSHAKE_COOKIE,
    HANDSHAKE_LASTS,
    HANDSHAKE_PATH,
    LOGIN_LASTS,
    SEAT_COOKIE,
)
from signaling.http.listener import ADMINISTRATION, CAME_FROM
from signaling.http.metrics import method_of, route_of
from signaling.http.problems import problem, problem_type
from signaling.http.route import Access

log = logging.getLogger(__name__)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; frame-ancestors 'none'; "
        "base-uri 'none'; form-action 'self'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), screen-wake-lock=(self)",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
PARTS = {"text/javascript", "text/css", "font/woff2"}
"""Media types of the parts of a page, which uses them under its own policy; by themselves they may load nothing."""
POLICY_OF_PARTS = "default-src 'none'; frame-ancestors 'none'"
OF_DOCUMENTS = {"Permissions-Policy", "X-Frame-Options", "Cross-Origin-Opener-Policy"}
"""Headers that browsers read of documents alone."""
WORKERS = {"/offline-worker.js": "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"}
"""Policies of workers, which have that of their script."""
MICROPHONES = {"/room.html", "/host.html", "/test-room.html", "/display.html"}
"""Pages that send a microphone, and compile WebAssembly that takes noise out of it (decision 115)."""
COMPILING = HEADERS["Content-Security-Policy"].replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
STRICT_TRANSPORT = "max-age=31536000"
LOCAL = {"localhost", "127.0.0.1", "::1"}
"""Hosts without HSTS, which holds for every port of a host: it would break the plain HTTP link of the loopback."""
ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - what is compared
"""Addresses that stand for all of the machine."""
API = "/api/"
SESSION_PATH = "/api/v1/sessions/{id}"
IDLE = "X-Idle"
"""Seconds since somebody last used the page."""
REQUEST_ID = "X-Request-ID"
REQUEST_ID_PATTERN = "[A-Za-z0-9._-]{1,64}"
REQUEST = web.RequestKey("request id", str)
SOCKET = "/ws"
IDENTITY = "identity"
BEARER = "bearer"
MAX_BROWSER = 200
LOCK_SECONDS = 4.0
"""Longest wait of a request for database locks, so that it is answered (503) within five seconds."""


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers to every response, also to errors and files; parts of a page have those that count."""
    part = response.content_type in PARTS
    if part:
        response.headers["Content-Security-Policy"] = WORKERS.get(request.path, POLICY_OF_PARTS)
    elif request.path in MICROPHONES:
        response.headers["Content-Security-Policy"] = COMPILING
    for name, value in HEADERS.items():
        if not part or name not in OF_DOCUMENTS:
            response.headers.setdefault(name, value)
    if request.path.startswith(API):
        response.headers["Cache-Control"] = "no-store"
    if not part and (id_ := request.get(REQUEST)) is not None:
        response.headers[REQUEST_ID] = id_
    if request.secure and request.url.host not in LOCAL:
        response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
    response.headers.popall(hdrs.SERVER, None)


@web.middleware
async def traced(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Trace each request by its route, but no socket, which may stay for a day."""
    if hdrs.UPGRADE in request.headers:
        return await handler(request)
    method, route = method_of(request), route_of(request)
    attributes: tracing.Attributes = {"http.request.method": method, "http.route": route}
    with tracing.span(f"{method} {route}", attributes, "server") as span:
        try:
            response = await handler(request)
        except web.HTTPRedirection as redirection:
            _answered(span, request, redirection.status)
            raise
        _answered(span, request, response.status)
    return response


def _answered(span: tracing.Span, request: web.Request, status: int) -> None:
    """End the span of a request with its status."""
    span.set({"http.response.status_code": status, "diemcau.request": request.get(REQUEST, "")})
    if status >= 500:
        span.fail(str(status))
    span.end()


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every exception into its problem; log those of status 500 and above."""
    began, id_ = time.perf_counter(), _request_id(request)
    request[REQUEST] = id_
    with about(request=id_, session=_session_of(request)):
        try:
            with lock_timeout(LOCK_SECONDS):
                response = await handler(request)
        except web.HTTPRedirection:
            raise
        except Exception as error:
            if isinstance(error, ConnectionResetError) and request.transport is None:
                error = web.RequestPayloadError("the client left within its body")  # nobody reads the answer
            if problem_type(error).status >= 500 and not isinstance(error, Refusal):
                log.exception("x %s %s", request.method, request.path)
            response = problem(error, language_of(request.headers.get(hdrs.ACCEPT_LANGUAGE, "")), id_)
    request.app[HTTP].metrics.request(request, response.status, time.perf_counter() - began)
    return response


def _request_id(request: web.Request) -> str:
    """Return the id of a request: the client's, if it can stand in a log and a header, else a new one."""
    given = request.headers.get(REQUEST_ID, "")
    return given if re.fullmatch(REQUEST_ID_PATTERN, given) else secrets.token_hex(8)


def _session_of(request: web.Request) -> str | None:
    """Return the session that the path of a request names."""
    resource = request.match_info.route.resource
    named = resource is not None and resource.canonical.startswith(SESSION_PATH)
    return request.match_info["id"] if named else None


@web.middleware
async def admitting(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse changes, sign-ins and sockets while the server ends; reading goes on. Raises ShuttingDown."""
    new = request.path.startswith(API) and request.method == hdrs.METH_POST
    if request.app[HTTP].stopping() and (new or hdrs.UPGRADE in request.headers):
        raise ShuttingDown
    return await handler(request)


@web.middleware
async def plain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse bodies with a content coding: no page sends one, and a small one could unpack to much."""
    if request.headers.get(hdrs.CONTENT_ENCODING, IDENTITY).strip().lower() != IDENTITY:
        raise BadEncoding
    return await handler(request)


async def signed_in(request: web.Request, access: Access = "signed-in") -> Account:
    """Return the account of a request, by its API token or else its cookie, if it may call so.

    Raises InvalidToken, Locked, SignedOut, MustEnrol, MustChangePassword.
    """
    context, address = request.app[HTTP], source_of(request).address
    token = bearer_token(request)
    if token is not None:
        return await context.tokens.account(token, address, context.clock())
    cookie, now = request.cookies.get(COOKIE), context.clock()
    account = await context.authenticator.account(cookie, address, now, idle_of(request))
    if account is None:
        raise SignedOut
    account = as_seen(request, account)
    if account.must_enrol and access != "enrolment":
        raise MustEnrol
    if account.must_change and access not in {"enrolment", "new-password"}:
        raise MustChangePassword
    return account


def as_seen(request: web.Request, account: Account) -> Account:
    """Return an account as it acts by a request: where administration has a socket of its own, it is there alone."""
    here = request.app[HTTP].administration is None or request.get(ADMINISTRATION)
    if here or "administrator" not in account.roles:
        return account
    return replace(account, roles=tuple(role for role in account.roles if role != "administrator"), elsewhere=True)


def administration_of(request: web.Request, account: Account) -> str | None:
    """Return the URL where an account, as it was seen, is an administrator; None: here, or it is none."""
    apart = request.app[HTTP].administration
    if apart is None or not account.elsewhere:
        return None
    host, port = apart
    return str(URL.build(scheme="https", host=request.url.host or host if host in ANYWHERE else host, port=port)) + "/"


def idle_of(request: web.Request) -> timedelta:
    """Return for how long nobody has used the page that a request comes from; who does not say it is used."""
    seconds = request.headers.get(IDLE, "")
    return timedelta(seconds=int(seconds) if re.fullmatch("[0-9]{1,6}", seconds) else 0)


def bearer_token(request: web.Request) -> str | None:
    """Return the token of the scheme Bearer (RFC 6750 §2.1), None where none came."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return token.strip() if scheme.lower() == BEARER else None


def check_origin(request: web.Request) -> None:
    """Check that no page of another origin made a request; browsers name it (RFC 6454). Raises BadOrigin."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None:
        return
    try:
        parts = urlsplit(origin)
    except ValueError:
        raise BadOrigin from None
    scheme = "https" if request.secure else "http"
    if (parts.scheme, parts.netloc.lower()) != (scheme, request.host.lower()):
        raise BadOrigin


def source_of(request: web.Request) -> Source:
    """Return the address and port that a request came from, and the name of its browser."""
    peer = request.get(CAME_FROM)
    if peer is None and request.transport is not None:
        peer = request.transport.get_extra_info("peername")
    browser = "".join(filter(str.isprintable, request.headers.get(hdrs.USER_AGENT, "")))[:MAX_BROWSER]
    return Source(unmapped(str(peer[0])), int(peer[1]), browser) if peer else Source("", 0, browser)


def set_cookie(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Set the session cookie, and the longer-lived one for the way back to a seat; delete that of a second step."""
    for name, path, lasts in ((COOKIE, "/", LOGIN_LASTS), (SEAT_COOKIE, SOCKET, LOGIN_LASTS + EXPIRED_LASTS)):
        _set(request, response, name, path, token, lasts)
    if CHALLENGE_COOKIE in request.cookies:
        _delete(request, response, CHALLENGE_COOKIE, CHALLENGE_PATH)


def set_challenge_cookie(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Set the cookie by which a browser passes the second step of its own sign-in."""
    _set(request, response, CHALLENGE_COOKIE, CHALLENGE_PATH, token, CHALLENGE_LASTS)


def set_handshake_cookie(request: web.Request, response: web.StreamResponse, secret: str) -> None:
    """Set the cookie by which a browser ends the sign-in by a provider that it began."""
    _set(request, response, HANDSHAKE_COOKIE, HANDSHAKE_PATH, secret, HANDSHAKE_LASTS)


def delete_handshake_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Delete the cookie of a sign-in by a provider, which ends it once."""
    _delete(request, response, HANDSHAKE_COOKIE, HANDSHAKE_PATH)


def clear_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Delete both cookies of a sign-in."""
    for name, path in ((COOKIE, "/"), (SEAT_COOKIE, SOCKET)):
        _delete(request, response, name, path)


def _set(
    request: web.Request, response: web.StreamResponse, name: str, path: str, token: str, lasts: timedelta
) -> None:
    """Set a cookie; the attribute Secure is left out only on the loopback listener, which has no TLS."""
    response.set_cookie(
        name,
        token,
        max_age=int(lasts.total_seconds()),
        path=path,
        httponly=True,
        secure=request.secure,
        samesite="Strict",
    )


def _delete(request: web.Request, response: web.StreamResponse, name: str, path: str) -> None:
    response.del_cookie(name, path=path, httponly=True, secure=request.secure, samesite="Strict")
