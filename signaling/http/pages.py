"""Serves the pages and their files from the package `web`."""

import gzip
import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path

from aiohttp import hdrs, web

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
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
"""Media types of files that a browser may fetch; no other file is served."""
JSON_UNDER = "i18n/"
_PATH = re.compile(r"(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")
_NOT_PAGES = ("node_modules/", "tests/")


_TEXTS = ("text/", "application/json", "application/manifest+json")
_COMPRESSED = (*_TEXTS, "image/svg+xml")
"""Media types that are sent compressed. All of it is public, so its length tells nothing."""


async def handle(request: web.Request) -> web.StreamResponse:
    """Serve a file of the pages, compressed for browsers that take it, or 304 when the browser has it (RFC 9110
    §13.1.2). Raises NotFound.

    It is read here and kept in memory: in the threads that all others share it would wait for a recording on a network
    share that stopped answering, or for two hundred passwords in the morning.
    """
    path = request.match_info["path"] or "index.html"
    kind = _type(path)
    pages = request.app[HTTP].pages
    file = pages / path
    if kind is None or not _inside(file, pages):
        raise NotFound
    compressed = kind.startswith(_COMPRESSED) and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
    state = file.stat()
    response = web.Response(headers={"Content-Type": kind, "Vary": "Accept-Encoding"})
    response.etag = f"{state.st_mtime_ns:x}-{state.st_size:x}{'-gzip' if compressed else ''}"
    if request.if_none_match and response.etag in request.if_none_match:
        response.set_status(304)
        return response
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.body = _content(file, state.st_mtime_ns, compressed)
    return response


@lru_cache(maxsize=512)
def _content(file: Path, _modified: int, compressed: bool) -> bytes:
    """Read a file once for each time it was changed; the pages are some two hundred files of 2.5 MB in all."""
    content = file.read_bytes()
    return gzip.compress(content, compresslevel=6, mtime=0) if compressed else content


async def display(_: web.Request) -> web.StreamResponse:
    """Lead to the page of room displays, whose address people type into a kiosk's settings."""
    raise web.HTTPFound("display.html")


def version(pages: Path) -> str:
    """Return a word that changes when a page does, from the times and sizes of all files."""
    seen = hashlib.sha256()
    for folder, folders, files in os.walk(pages):
        folders[:] = sorted(set(folders) - {"node_modules", "tests", "__pycache__"})
        for name in sorted(files):
            state = (Path(folder) / name).stat()
            seen.update(f"{folder}/{name} {state.st_mtime_ns} {state.st_size}\n".encode())
    return seen.hexdigest()[:16]


def _type(path: str) -> str | None:
    """Return the media type of a path that may be served: no dot files, no `..`, no sources of ours."""
    if not _PATH.fullmatch(path) or path.startswith(_NOT_PAGES):
        return None
    suffix = Path(path).suffix
    kind = "application/json" if suffix == ".json" and path.startswith(JSON_UNDER) else TYPES.get(suffix)
    return f"{kind}; charset=utf-8" if kind and kind.startswith(_TEXTS) else kind


def _inside(file: Path, directory: Path) -> bool:
    return file.is_file() and file.resolve().is_relative_to(directory.resolve())
