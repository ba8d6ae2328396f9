"""Serves `/.well-known/security.txt` (RFC 9116)."""

from aiohttp import web

from signaling.core.errors import NotFound
from signaling.http.context import HTTP


async def handle(request: web.Request) -> web.Response:
    """Answer with the file. Raises NotFound where the site names nobody."""
    contact = request.app[HTTP].security_contact
    if contact is None:
        raise NotFound
    return web.Response(text=contact.text(), content_type="text/plain", charset="utf-8")


ROUTES = [web.get("/.well-known/security.txt", handle)]
