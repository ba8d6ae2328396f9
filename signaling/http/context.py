"""Defines what middleware, router, uploads and pages get: sign-in, audit log, metrics, folders.

`signaling.app.contexts` builds it when the server starts; it is read as `app[HTTP]`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from aiohttp import web

from mediaserver.recording.encrypted_file import FileCipher
from signaling.core.account import Account
from signaling.core.audit_entry import AuditEntry
from signaling.http.idempotency import Idempotency
from signaling.http.metrics import Metrics
from signaling.http.page_files import PageFiles


class Authenticator(Protocol):
    """Finds the account of a cookie."""

    async def account(self, token: str | None, address: str, now: datetime) -> Account | None:
        """Return the account of a cookie that came from an address, None if there is none."""


class TokenAuthenticator(Protocol):
    """Finds the account of an API token."""

    async def account(self, secret: str, address: str, now: datetime) -> Account:
        """Return the account of a token that came from an address. Raises InvalidToken, Locked."""


class AuditSink(Protocol):
    """Takes entries of the audit log."""

    async def append(self, entry: AuditEntry) -> None:
        """Append an entry."""

    async def once(self, entry: AuditEntry) -> None:
        """Append an entry, unless this server wrote one like it earlier on the same day."""


@dataclass(frozen=True, slots=True)
class HttpContext:
    """Parts of the server that every HTTP request may need."""

    authenticator: Authenticator
    tokens: TokenAuthenticator
    audit: AuditSink
    idempotency: Idempotency
    metrics: Metrics
    unit_names: Callable[[], Awaitable[dict[str, str]]]
    """Returns the names of all units, by id."""
    stopping: Callable[[], bool]
    """Whether the server ends, so that nothing new may begin."""
    clock: Callable[[], datetime]
    pages: PageFiles
    documents: Path
    cipher: FileCipher
    file_turns: asyncio.Semaphore
    """Threads that may read files of recordings at once; sign-in and the rest keep the others (there are 5 or more)."""


HTTP = web.AppKey("HttpContext", HttpContext)
