"""Engines and transactions: SQLite (one file, WAL) or PostgreSQL, with one writer at a time on either.

Admission reads what is held and then writes what it decided, so two of them must never interleave (Điều 5.1, R-018).
SQLite gives that with BEGIN IMMEDIATE, PostgreSQL with a transaction-level advisory lock. pysqlite's own idea of when
to begin is switched off and BEGIN is sent from SQLAlchemy's event, as SQLAlchemy's SQLite page advises.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from scheduler.vault import FORGETFUL, OPTION, Vault

BUSY_TIMEOUT_MS = 30_000
"""How long a SQLite writer waits for its turn; an admission takes a few milliseconds."""

ADVISORY_LOCK = 0x6469656D636175  # "diemcau"

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


def connect(url: str, vault: Vault = FORGETFUL) -> AsyncEngine:
    """Make an engine from a database URL; ``sqlite:///file`` and ``postgresql://…`` get the async driver."""
    scheme, separator, rest = url.partition("://")
    options = {OPTION: vault}
    engine = create_async_engine(f"{_DRIVERS.get(scheme, scheme)}{separator}{rest}", execution_options=options)
    prepare(engine)
    return engine


def file(url: str) -> Path | None:
    """Return the file of a SQLite database by its URL; None for another kind."""
    found = make_url(url)
    return Path(found.database) if found.get_backend_name() == "sqlite" and found.database else None


def prepare(engine: AsyncEngine) -> None:
    """Fit a SQLite engine made elsewhere with our transactions, before its first connection; doing it twice is fine."""
    sync = engine.sync_engine
    if sync.dialect.name == "sqlite" and not event.contains(sync, "connect", _on_connect):
        event.listen(sync, "connect", _on_connect)
        event.listen(sync, "begin", _on_begin)
        event.listen(sync, "invalidate", _on_invalidate)


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Open the one serialised write transaction; leaving it by an exception rolls back."""
    async with engine.execution_options(diemcau_immediate=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        yield connection


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.run_async(_set_up)


async def _set_up(connection: aiosqlite.Connection) -> None:
    await connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    await _use_wal(connection)
    await connection.execute("PRAGMA synchronous=FULL")
    await connection.execute("PRAGMA foreign_keys=ON")


async def _use_wal(connection: aiosqlite.Connection) -> None:
    """Switch the file to WAL, again and again while others do: SQLite does not ask its busy handler here."""
    deadline = asyncio.get_running_loop().time() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            await connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(0.005)


def _on_begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("diemcau_immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _on_invalidate(connection: Any, _record: object, error: BaseException | None) -> None:
    """Give up a transaction whose task was cancelled.

    SQLite closes a connection only when its last statement is gone, and half-read ones go with the garbage: until then
    nobody else could write.
    """
    if isinstance(error, asyncio.CancelledError):
        connection.rollback()
