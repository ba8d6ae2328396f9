"""Files that people upload: bounded, of kinds that cannot run, kept under random names, sent as attachments."""

import asyncio
import hashlib
import secrets
from typing import Annotated
from urllib.parse import quote

from aiohttp import web
from pydantic import StringConstraints

from scheduler.conduct import sniff
from scheduler.directory.evidence import File
from scheduler.text import clean
from signaling.errors import BadInput, Fault, NotFound, TooLarge
from signaling.rest.route import Call, Model

MAX_FILE = 20 * 1024 * 1024


class FileName(Model):
    """What the file is called."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)] = "tai-lieu"


async def take(call: Call) -> File:
    """Keep the body of a request, named by its query. Raises TooLarge, BadInput."""
    content = await _content(call.request)
    kind = sniff.kind(content)
    if kind is None:
        raise BadInput([Fault("file", "unsafe-kind")])
    name = clean(call.query.name)
    if not name or not name.isprintable() or "/" in name or "\\" in name:
        raise BadInput([Fault("name", "bad-characters")])
    stem = name[: -len(kind) - 1] if name.lower().endswith(f".{kind}") else name
    path = secrets.token_hex(16)
    await asyncio.to_thread(_write, call, path, content)
    return File(f"{stem}.{kind}", kind, len(content), hashlib.sha256(content).hexdigest(), path)


async def send(call: Call, name: str, kind: str, path: str) -> web.FileResponse:
    """Return a kept file. Raises NotFound."""
    file = call.roof.documents / path
    if not await asyncio.to_thread(file.is_file):
        raise NotFound
    headers = {
        "Content-Type": sniff.KINDS[kind],
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
    }
    return web.FileResponse(file, headers=headers)


async def drop(call: Call, path: str) -> None:
    """Delete a kept file."""
    await asyncio.to_thread((call.roof.documents / path).unlink, missing_ok=True)


async def _content(request: web.Request) -> bytes:
    """Read at most `MAX_FILE` bytes. Raises TooLarge."""
    content = bytearray()
    async for chunk in request.content.iter_chunked(1 << 16):
        content += chunk
        if len(content) > MAX_FILE:
            raise TooLarge(MAX_FILE)
    return bytes(content)


def _write(call: Call, path: str, content: bytes) -> None:
    call.roof.documents.mkdir(parents=True, exist_ok=True, mode=0o700)
    (call.roof.documents / path).write_bytes(content)
