"""Serves the pages and their files from the package `web`."""

import asyncio
import re
from pathlib import Path

from aiohttp import web

from signaling.core.errors import NotFound
from signaling.http.context import HTTP

TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
"""Media types of files that a browser may fetch; no other file is served."""
JSON_UNDER = "i18n/"
_PATH = re.compile(r"(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")
_NOT_PAGES = ("node_modules/", "tests/")


async def handle(request: web.Request) -> web.FileResponse:
    """Serve a file of the pages. Raises NotFound."""
    path = request.match_info["path"] or "index.html"
    kind = _type(path)
    pages = request.app[HTTP].pages
    file = pages / path
    if kind is None or not await asyncio.to_thread(_inside, file, pages):
        raise NotFound
    return web.FileResponse(file, headers={"Content-Type": kind})


def _type(path: str) -> str | None:
    """Return the media type of a path that may be served: no dot files, no `..`, no sources of ours."""
    if not _PATH.fullmatch(path) or path.startswith(_NOT_PAGES):
        return None
    suffix = Path(path).suffix
    kind = "application/json" if suffix == ".json" and path.startswith(JSON_UNDER) else TYPES.get(suffix)
    return f"{kind}; charset=utf-8" if kind and kind.startswith(("text/", "application/")) else kind


def _inside(file: Path, directory: Path) -> bool:
    return file.is_file() and file.resolve().is_relative_to(directory.resolve())
