"""Client of clamd, which scans uploaded files for malware (clamd(8), command INSTREAM)."""

import asyncio
import logging
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from signaling.core.errors import MalwareFound, ScanUnavailable

PORT = 3310
CHUNK = 1 << 16
MAX_REPLY = 1024
SCAN_S = 30.0
"""Longest time for a scan, from the connection to the reply."""

_log = logging.getLogger(__name__)

ScanOutcome = Literal["clean", "found", "failed"]


@dataclass(frozen=True, slots=True)
class ClamdSettings:
    """The socket of clamd: a path, or host and port."""

    path: str = ""
    host: str = ""
    port: int = 0


class BadReply(ValueError):
    """A reply of clamd that is no verdict on a file: an error of its own, or not of its protocol."""


def parse(text: str) -> ClamdSettings:
    """Parse ``unix:///run/clamav/clamd.ctl`` or ``tcp://host:3310``. Raises ValueError."""
    url = urlsplit(text)
    more = url.username or url.query or url.fragment
    if url.scheme == "unix" and not url.netloc and len(url.path) > 1 and not more:
        return ClamdSettings(path=unquote(url.path))
    if url.scheme == "tcp" and url.hostname and url.path in ("", "/") and not more:
        return ClamdSettings(host=url.hostname, port=url.port or PORT)
    raise ValueError("must look like unix:///run/clamav/clamd.ctl or tcp://host:3310")


def found(reply: bytes) -> str | None:
    """Return the name of the malware in a reply to INSTREAM; None where there is none. Raises BadReply."""
    if reply == b"stream: OK\0":
        return None
    if named := re.fullmatch(rb"stream: ([\x20-\x7e]{1,200}) FOUND\0", reply):
        return named[1].decode("ascii")
    raise BadReply(f"clamd replied {reply[:100]!r}")


class Scanner:
    """Has each file scanned by clamd, over a connection of its own."""

    def __init__(self, settings: ClamdSettings, count: Callable[[ScanOutcome], None]) -> None:
        self._settings = settings
        self._count = count

    async def check(self, content: bytes) -> None:
        """Scan a file. Raises MalwareFound, ScanUnavailable."""
        try:
            name = await self._scan(content)
        except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError, BadReply) as error:
            _log.warning("x a file was not scanned: %s", str(error) or type(error).__name__)
            self._count("failed")
            raise ScanUnavailable from None
        self._count("clean" if name is None else "found")
        if name is not None:
            raise MalwareFound(name)

    async def _scan(self, content: bytes) -> str | None:
        async with asyncio.timeout(SCAN_S):
            reader, writer = await self._connect()
            try:
                writer.write(b"zINSTREAM\0")
                for start in range(0, len(content), CHUNK):
                    chunk = content[start : start + CHUNK]
                    writer.write(struct.pack("!I", len(chunk)) + chunk)
                    await writer.drain()
                writer.write(struct.pack("!I", 0))
                return found(await reader.readuntil(b"\0"))
            finally:
                writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._settings.path:
            return await asyncio.open_unix_connection(self._settings.path, limit=MAX_REPLY)
        return await asyncio.open_connection(self._settings.host, self._settings.port, limit=MAX_REPLY)
