"""Makes, of an endpoint that returns a file, one that returns the file with the site's signature (decision 147)."""

import hashlib
from dataclasses import replace

from aiohttp import web

from signaling.core.errors import NotFound
from signaling.http.context import HTTP
from signaling.http.route import ApiRequest, Route
from signaling.http.uploads import FILE_NAME, attached

ZIP = "application/zip"


def signed(route: Route) -> Route:
    """Return the endpoint of the same file with its signature, in one archive, for who may have the file."""

    async def handler(request: ApiRequest) -> web.Response:
        """Return the file and its signature; without a certificate of the site there is no such endpoint."""
        signer = request.context(HTTP).signer
        if signer is None:
            raise NotFound
        response = await route.handler(request)
        assert isinstance(response, web.Response)
        assert isinstance(response.body, bytes)
        name = response[FILE_NAME]
        archive = await signer.archive(name, response.body, request.now)
        await request.note("sign", name, hashlib.sha256(response.body).hexdigest())
        return attached(archive, ZIP, f"{name}.zip")

    handler.__name__ = f"{route.handler.__name__}_signed"
    problems = tuple(sorted({*route.problems, 404, 503}))
    summary = f"{route.summary}, signed"
    return replace(
        route, path=f"{route.path}/signed", handler=handler, summary=summary, problems=problems, media_type=ZIP
    )
