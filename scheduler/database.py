"""Engines and transactions: SQLite (one file, WAL) or PostgreSQL, with one writer at a time on either.

Admission reads what is held and then writes what it decided, so two of them must never interleave (Điều 5.1, R-018).
SQLite gives that with BEGIN IMMEDIATE, PostgreSQL with a transaction-level advisory lock. pysqlite's own idea of when
to begin is switched off and BEGIN is sent from SQLAlchemy's event, as SQLAlchemy's SQLite page advises.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

BUSY_TIMEOUT_MS = 30_000
"""How long a SQLite writer waits for its turn; an admission takes a few milliseconds."""

ADVISORY_LOCK = 0x6469656D636175  # "diemcau"

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


def connect(url: str) -> AsyncEngine:
    """Make an engine from a database URL; ``sqlite:///file`` and ``postgresql://…`` get the async driver."""
    scheme, separator, rest = url.partition("://")
    engine = create_async_engine(f"{_DRIVERS.get(scheme, scheme)}{separator}{rest}")
    prepare(engine)
    return engine


def prepare(engine: AsyncEngine) -> None:
    """Fit a SQLite engine made elsewhere with our transactions, before its first connection; doing it twice is fine."""
    sync = engine.sync_engine
    if sync.dialect.name == "sqlite" and not event.contains(sync, "connect", _on_connect):
        event.listen(sync, "connect", _on_connect)
        event.listen(sync, "begin", _on_begin)


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Open the one serialised write transaction; leaving it by an exception rolls back."""
    async with engine.execution_options(diemcau_immediate=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        yield connection


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("diemcau_immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
