"""Serves the pages and their files from the package `web`.

A page names its files under the version of all of them, `v/<version>/…`, where they are kept for a year (decision 116).
"""

import gzip
from functools import lru_cache
from pathlib import Path

from aiohttp import hdrs, web

from signaling.core.errors import NotFound
from signaling.http.page_files import TEXTS, PageFiles, digest, media_type, with_versions

PAGES = web.AppKey("PageFiles", PageFiles)
_COMPRESSED = (*TEXTS, "image/svg+xml")
"""Media types that are sent compressed. All of it is public, so its length tells nothing."""
_FOR_EVER = "public, max-age=31536000, immutable"
"""A year, which is the longest that caches keep anything (RFC 9111 §5.2.2.1, RFC 8246)."""
_UNVERSIONED = "offline.html"
"""The page whose files have no version: the service worker keeps it with them (decision 88)."""
_ALONE = "support.js"
"""The script that imports nothing and fits every release."""


async def handle(request: web.Request) -> web.StreamResponse:
    """Serve a file of the pages, compressed for browsers that take it, or 304 when the browser has it (RFC 9110
    §13.1.2). Raises NotFound.

    It is read here and kept in memory: in the threads that all others share it would wait for a recording on a network
    share that stopped answering, or for two hundred passwords in the morning.
    """
    path = request.match_info["path"] or "index.html"
    pages = request.app[PAGES]
    kind, file = _found(pages.folder, path)
    version = pages.look().version if file.suffix == ".html" and path != _UNVERSIONED else ""
    return _answer(request, file, kind, version)


async def handle_versioned(request: web.Request) -> web.StreamResponse:
    """Serve a file of the pages to be kept for ever, if it is what it was in the version that is asked for.

    Raises NotFound: a page of another release gets none of this one's scripts, which may not fit its own; but for the
    one that stands alone and then loads the page anew.
    """
    path = request.match_info["path"]
    pages = request.app[PAGES]
    kind, file = _found(pages.folder, path)
    seen = pages.last
    if file.suffix == ".html":
        raise NotFound
    if request.match_info["version"] != seen.version or seen.digests.get(path) != digest(file, file.stat()):
        if path != _ALONE:
            raise NotFound
        return _answer(request, file, kind, "")
    response = _answer(request, file, kind, "")
    response.headers["Cache-Control"] = _FOR_EVER
    return response


def _found(pages: Path, path: str) -> tuple[str, Path]:
    """Return the media type and the file of a path. Raises NotFound."""
    kind, file = media_type(path), pages / path
    if kind is None or not _inside(file, pages):
        raise NotFound
    return kind, file


def _answer(request: web.Request, file: Path, kind: str, version: str) -> web.Response:
    """Return the response with a file; with a version it is a page, whose files are named under that."""
    compressed = kind.startswith(_COMPRESSED) and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
    state = file.stat()
    response = web.Response(headers={"Content-Type": kind, "Vary": "Accept-Encoding"})
    response.etag = f"{state.st_mtime_ns:x}-{state.st_size:x}{version and '-'}{version}{'-gzip' if compressed else ''}"
    if request.if_none_match and response.etag in request.if_none_match:
        response.set_status(304)
        return response
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.body = _content(file, state.st_mtime_ns, version, compressed)
    return response


@lru_cache(maxsize=512)
def _content(file: Path, _modified: int, version: str, compressed: bool) -> bytes:
    """Read a file once for each time it was changed; the pages are some two hundred files of 2.5 MB in all."""
    content = file.read_bytes()
    if version:
        content = with_versions(content.decode(), version).encode()
    return gzip.compress(content, compresslevel=6, mtime=0) if compressed else content


async def display(_: web.Request) -> web.StreamResponse:
    """Lead to the page of room displays, whose address people type into a kiosk's settings."""
    raise web.HTTPFound("display.html")


def _inside(file: Path, directory: Path) -> bool:
    return file.is_file() and file.resolve().is_relative_to(directory.resolve())
