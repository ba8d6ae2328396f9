"""Stores and sends uploaded files: of bounded size, of kinds that cannot run, encrypted, under random names."""

import asyncio
import base64
import binascii
import hashlib
import io
import secrets
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from aiohttp import web
from pydantic import StringConstraints

from mediaserver.recording.encrypted_file import Damaged, FileCipher
from scheduler.core.text import clean
from scheduler.directory.controls.evidence import StoredFile
from scheduler.files import file_type
from scheduler.operations.closing.documents import Document
from signaling.core.errors import BadInput, Fault, MalwareFound, NotFound, TooLarge, TooSlow
from signaling.http.context import HTTP
from signaling.http.route import ApiRequest, Model

MAX_FILE = 20 * 1024 * 1024
SILENT_SECONDS = 20.0
"""An upload that sends nothing for so long is given up."""
FILE_NAME = web.ResponseKey("file_name", str)
"""Key under which a response keeps the name of its file."""


class FileName(Model):
    """The name of the file."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)] = "tai-lieu"


async def take(request: ApiRequest) -> StoredFile:
    """Store the body of a request as a file, named by its query.

    Raises TooLarge, TooSlow, BadInput, MalwareFound, ScanUnavailable.
    """
    content = await _content(request.request)
    kind = file_type.kind(content)
    if kind is None:
        raise BadInput([Fault("file", "unsafe-kind")])
    name = clean(request.query.name)
    if not name or not name.isprintable() or "/" in name or "\\" in name:
        raise BadInput([Fault("name", "bad-characters")])
    stem = name[: -len(kind) - 1] if name.lower().endswith(f".{kind}") else name
    await _scan(request, content, name)
    path = secrets.token_hex(16)
    await asyncio.to_thread(_write, request, path, content)
    return StoredFile(f"{stem}.{kind}", kind, len(content), hashlib.sha256(content).hexdigest(), path)


async def send(request: ApiRequest, stored: Document | StoredFile) -> web.Response:
    """Return a stored file; write damage to the audit log. Raises NotFound, Damaged."""
    try:
        content = await asyncio.to_thread(
            _read, request.context(HTTP).cipher, request.context(HTTP).documents / stored.path, stored.sha256
        )
    except FileNotFoundError:
        raise NotFound from None
    except Damaged as error:
        await request.note("document-damaged", request.id, error.fault)
        raise
    return web.Response(body=content, headers={"Content-Type": file_type.KINDS[stored.kind], **attachment(stored.name)})


def attached(body: bytes, kind: str, name: str) -> web.Response:
    """Return a generated file as an attachment; `kind` is its media type."""
    response = web.Response(body=body, headers={"Content-Type": kind, **attachment(name)})
    response[FILE_NAME] = name
    return response


def attachment(name: str) -> dict[str, str]:
    """Return the header by which a browser saves a response under a name (RFC 6266)."""
    plain = name.isascii() and not set(name) & set('"\\')
    return {"Content-Disposition": f'attachment; filename="{name}"' if plain else _extended(name)}


def _extended(name: str) -> str:
    """Name a file in UTF-8 (RFC 8187)."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


async def drop(request: ApiRequest, path: str) -> None:
    """Delete a stored file."""
    await asyncio.to_thread((request.context(HTTP).documents / path).unlink, missing_ok=True)


async def _content(request: web.Request) -> bytes:
    """Read at most `MAX_FILE` bytes. Raises TooLarge, TooSlow."""
    content = bytearray()
    while chunk := await _chunk(request):
        content += chunk
        if len(content) > MAX_FILE:
            raise TooLarge(MAX_FILE)
    return bytes(content)


async def _chunk(request: web.Request) -> bytes:
    """Return the next chunk of a body; empty at its end. Raises TooSlow."""
    try:
        async with asyncio.timeout(SILENT_SECONDS):
            return await request.content.readany()
    except TimeoutError:
        raise TooSlow from None


def _write(request: ApiRequest, path: str, content: bytes) -> None:
    request.context(HTTP).documents.mkdir(parents=True, exist_ok=True, mode=0o700)
    request.context(HTTP).cipher.write(request.context(HTTP).documents / path, io.BytesIO(content))


def _read(cipher: FileCipher, path: Path, sha256: str) -> bytes:
    """Read and decrypt a whole file, and check its SHA-256. Raises OSError, Damaged."""
    with cipher.open(path) as file:
        content = file.read()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Damaged(path, "has another SHA-256")
    return content


TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def bytes_of(text: str) -> bytes:
    """Decode a file that was sent in base64. Raises BadInput."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput([Fault("file", "not-a-table")]) from None


async def table(request: ApiRequest, text: str) -> bytes:
    """Decode and scan a table that was sent in base64. Raises BadInput, MalwareFound, ScanUnavailable."""
    content = bytes_of(text)
    await _scan(request, content, "table")
    return content


async def _scan(request: ApiRequest, content: bytes, name: str) -> None:
    """Scan a file where there is a scanner; write malware to the audit log. Raises MalwareFound, ScanUnavailable."""
    scanner = request.context(HTTP).scanner
    if scanner is None:
        return
    try:
        await scanner.check(content)
    except MalwareFound as error:
        digest = hashlib.sha256(content).hexdigest()
        await request.note("malware-refused", name, f"{error.name} sha256 {digest}")
        raise
