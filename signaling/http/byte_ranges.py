"""Sends a file of a recording, whole or a byte range (RFC 9110 §14); decrypts only what is asked for."""

import asyncio
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import hdrs, web

from mediaserver.recording.encrypted_file import Damaged
from mediaserver.recording.files import CHUNK_BYTES
from signaling.core.errors import NotFound
from signaling.http.context import HTTP
from signaling.http.route import ApiRequest

T = TypeVar("T")


class _Underway(Damaged):
    """Raised for damage that is found after the response has begun."""


async def send(
    request: ApiRequest, path: Path, encrypted: bool, tag: str, headers: dict[str, str]
) -> web.StreamResponse:
    """Send a file, or the byte range that a request asks for. With `encrypted` it must be encrypted; `tag` is its ETag.

    Damage is written to the audit log. If it is found after the first chunk was sent, the connection is aborted, so
    that the client does not take the beginning for the whole file. Raises NotFound, Damaged.
    """
    try:
        with await _in_turn(request.request, request.context(HTTP).cipher.open, path, encrypted) as file:
            return await _send(request.request, file, {**headers, hdrs.ACCEPT_RANGES: "bytes", hdrs.ETAG: f'"{tag}"'})
    except FileNotFoundError:
        raise NotFound from None
    except Damaged as error:
        await request.note("recording-damaged", request.id, error.fault)
        if isinstance(error, _Underway) and request.request.transport is not None:
            request.request.transport.abort()
        raise


async def _send(request: web.Request, file: io.BufferedReader, headers: dict[str, str]) -> web.StreamResponse:
    size = await _in_turn(request, file.seek, 0, os.SEEK_END)
    byte_range = _requested_range(request, size, headers[hdrs.ETAG])
    if byte_range is None:
        return web.Response(status=416, headers={hdrs.CONTENT_RANGE: f"bytes */{size}"})
    start, stop, status = byte_range
    if status == web.HTTPPartialContent.status_code:
        headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{stop - 1}/{size}"
    await _in_turn(request, file.seek, start)
    chunk = await _in_turn(request, file.read, min(CHUNK_BYTES, stop - start))
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = stop - start
    await response.prepare(request)
    try:
        while chunk:
            await response.write(chunk)
            start += len(chunk)
            chunk = await _in_turn(request, file.read, min(CHUNK_BYTES, stop - start))
    except Damaged as error:
        raise _Underway(error.path, error.fault) from None
    await response.write_eof()
    return response


async def _in_turn(request: web.Request, work: Callable[..., T], *arguments: Any) -> T:
    """Run work on a file in a thread. A share that stops answering holds as many threads as there are turns."""
    async with request.app[HTTP].file_turns:
        return await asyncio.to_thread(work, *arguments)


def _requested_range(request: web.Request, size: int, etag: str) -> tuple[int, int, int] | None:
    """Return first byte, end and status; None without such a range. If-Range of another file asks for the whole."""
    if hdrs.RANGE not in request.headers or request.headers.get(hdrs.IF_RANGE, etag) != etag:
        return 0, size, 200
    try:
        start, stop, _ = request.http_range.indices(size)
    except ValueError:
        return None
    return (start, stop, 206) if start < stop else None
