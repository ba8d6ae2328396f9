"""Defines what middleware, router and uploads get: sign-in, audit log, metrics, folders.

`signaling.app.contexts` builds it when the server starts; it is read as `app[HTTP]`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from mediaserver.recording.encrypted_file import FileCipher
from signaling.core.account import Account
from signaling.core.audit_entry import AuditEntry
from signaling.http.clamd import Scanner
from signaling.http.idempotency import Idempotency
from signaling.http.metrics import Metrics
from signaling.http.security_contact import SecurityContact
from signaling.http.signer import Signer


class Authenticator(Protocol):
    """Finds the account of a cookie."""

    async def account(self, token: str | None, address: str, now: datetime, idle: timedelta) -> Account | None:
        """Return the account of a cookie that came from an address, None if there is none.

        `idle` is for how long nobody has used the page that asks.
        """


class TokenAuthenticator(Protocol):
    """Finds the account of an API token."""

    async def account(self, secret: str, address: str, now: datetime) -> Account:
        """Return the account of a token that came from an address. Raises InvalidToken, Locked."""


class AuditSink(Protocol):
    """Takes entries of the audit log."""

    async def append(self, entry: AuditEntry) -> None:
        """Append an entry."""

    async def append_with(self, db: AsyncConnection, entry: AuditEntry) -> None:
        """Append an entry in a write transaction: it is there when the rest of that is, and only then."""

    async def once(self, entry: AuditEntry) -> None:
        """Append an entry, unless the log has one like it of the same day."""


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
    administration: tuple[str, int] | None
    """The address and port by which alone the role `administrator` counts; None: everywhere."""
    documents: Path
    scanner: Scanner | None
    """What scans uploaded files; None: nothing does."""
    signer: Signer | None
    """What signs files that leave the site; None: nothing does."""
    security_contact: SecurityContact | None
    """Whom weaknesses are reported to; None: nobody is named."""
    cipher: FileCipher
    file_turns: asyncio.Semaphore
    """Threads that may read files of recordings at once; sign-in and the rest keep the others (there are 5 or more)."""


HTTP = web.AppKey("HttpContext", HttpContext)
