"""Endpoints of WHIP (RFC 9725) and WHEP: an SDP offer comes by POST, its answer makes a resource, DELETE ends it.

Trickle ICE and ICE restarts are not served: the answer is ICE-lite with all candidates, and a device whose address
changed posts anew. No page of another origin may use them, so OPTIONS allows none (RFC 9725 §4.2).
"""

from aiohttp import hdrs, web

from scheduler.directory.model import DeviceProtocol
from signaling.cameras.context import WHIP
from signaling.core.errors import BadSdp, BadToken, BadType
from signaling.http.middleware import source_of
from signaling.http.route import ID_PATTERN

SDP = "application/sdp"
MAX_SDP = 32_768
"""Bytes of an offer."""


def _protocol(request: web.Request) -> DeviceProtocol:
    return "WHIP" if request.path.startswith("/whip/") else "WHEP"


def _token(request: web.Request) -> str:
    """Return the bearer token of a request (RFC 6750 §2.1). Raises BadToken."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise BadToken
    return token.strip()


async def connect(request: web.Request) -> web.Response:
    """Answer the offer of a device. Raises BadToken, BadType, BadSdp and what the service raises."""
    token, id_ = _token(request), request.match_info["id"]
    if request.content_type != SDP:
        raise BadType
    body = await request.content.read(MAX_SDP + 1)
    if len(body) > MAX_SDP:
        raise BadSdp(f"more than {MAX_SDP} bytes")
    try:
        offer = body.decode()
    except UnicodeDecodeError as error:
        raise BadSdp(str(error)) from None
    resource = await request.app[WHIP].connect(_protocol(request), id_, token, offer, source_of(request))
    return web.Response(
        status=201,
        text=resource.answer,
        content_type=SDP,
        headers={hdrs.LOCATION: f"{request.path}/{resource.id}", hdrs.CACHE_CONTROL: "no-store"},
    )


async def end(request: web.Request) -> web.Response:
    """End the session of a resource. Raises what the service raises."""
    id_, resource = request.match_info["id"], request.match_info["resource"]
    await request.app[WHIP].end(_protocol(request), id_, _token(request), resource, source_of(request))
    return web.Response()


async def options(_: web.Request) -> web.Response:
    """Tell what is taken here."""
    return web.Response(status=204, headers={"Accept-Post": SDP, hdrs.ALLOW: "OPTIONS, POST"})


async def refuse(request: web.Request) -> web.Response:
    """Refuse other methods (RFC 9725 §4.2)."""
    raise web.HTTPMethodNotAllowed(request.method, ["DELETE"] if "resource" in request.match_info else ["POST"])


ROUTES = [
    route
    for word in ("whip", "whep")
    for path in [f"/{word}/{{id:{ID_PATTERN}}}"]
    for resource in [f"{path}/{{resource:{ID_PATTERN}}}"]
    for route in (
        web.post(path, connect),
        web.options(path, options),
        web.route("*", path, refuse),
        web.delete(resource, end),
        web.route("*", resource, refuse),
    )
]
