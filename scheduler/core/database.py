"""Engines and transactions: SQLite (one file, WAL) or PostgreSQL, with one writer at a time on either.

Admission reads the held capacity and then writes its decision, so two of them must never interleave (Điều 5.1, R-018).
SQLite gives that with BEGIN IMMEDIATE, PostgreSQL with a transaction-level advisory lock. pysqlite's own idea of when
to begin is switched off and BEGIN is sent from SQLAlchemy's event, as SQLAlchemy's SQLite page advises.
"""

import asyncio
import functools
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from math import ceil
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any
from weakref import WeakSet

import aiosqlite
from aiosqlite.core import set_exception, set_result
from sqlalchemy import AsyncAdaptedQueuePool, Connection, Dialect, Select, event, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncResult, create_async_engine
from sqlalchemy.util.queue import AsyncAdaptedQueue

from scheduler.core import postgresql_hosts
from scheduler.core.code_encryption import EPHEMERAL, OPTION, CodeCipher
from scheduler.core.lock_timeout import waiting
from scheduler.core.postgresql_hosts import Hosts

BUSY_TIMEOUT_MS = 30_000
"""The longest wait of a writer for its turn; an admission takes a few milliseconds."""
SYNCHRONOUS = "FULL"
"""How SQLite writes: what is committed is on the disk, and outlasts a machine that stops."""
CONNECT_TIMEOUT_S = 4.0
"""How long PostgreSQL may take to accept a connection."""
CLOSE_TIMEOUT_S = 1.0
"""How long PostgreSQL may take to answer that an engine closes its connections."""
WRITER = "diemcau_immediate"
"""The execution option of a transaction that writes."""
BUSY = "busy_timeout"
CONNECTIONS = "diemcau_connections"
"""The execution option of an engine that has its connections."""
ADVISORY_LOCK = 0x6469656D636175  # "diemcau"
_TURN = text("SELECT pg_advisory_xact_lock(:key)")
_ALONGSIDE: ContextVar[Callable[[AsyncConnection], Awaitable[None]] | None] = ContextVar("alongside", default=None)

_POSTGRESQL = {"timeout": CONNECT_TIMEOUT_S, "server_settings": {"lock_timeout": str(BUSY_TIMEOUT_MS)}}
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


def connect(url: str, cipher: CodeCipher = EPHEMERAL) -> AsyncEngine:
    """Make an engine from a database URL; ``sqlite:///file`` and ``postgresql://…`` get the async driver.

    A URL of PostgreSQL may name several hosts. Raises ValueError.
    """
    url, addresses = postgresql_hosts.split(url)
    scheme, separator, rest = url.partition("://")
    driver = _DRIVERS.get(scheme, scheme)
    connections = _Connections()
    several = {"async_creator_fn": Hosts(addresses).connect} if addresses else {}
    in_file: dict[str, Any] = {"async_creator_fn": _FileConnection.open}
    engine = create_async_engine(
        f"{driver}{separator}{rest}",
        execution_options={OPTION: cipher, CONNECTIONS: connections},
        poolclass=_Pool,
        connect_args=in_file if driver == _DRIVERS["sqlite"] else _POSTGRESQL | several,
    )
    event.listen(engine.sync_engine, "do_connect", connections.connect)
    prepare(engine)
    return engine


def without_account(url: str) -> str:
    """Return a URL without user, password and query, to be written down."""
    scheme, separator, rest = url.partition("?")[0].partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def file(url: str) -> Path | None:
    """Return the file of a SQLite database from its URL; None for another kind of database."""
    found = make_url(postgresql_hosts.split(url)[0])
    return Path(found.database) if found.get_backend_name() == "sqlite" and found.database else None


_Call = tuple[asyncio.Future[Any] | None, Callable[[], Any]]


class _FileConnection(aiosqlite.Connection):
    """A connection whose thread is told to end once.

    SQLAlchemy calls `stop` and then `close` where a task is cancelled twice. The `close` of aiosqlite 0.22 would tell
    the thread again, which has ended, and wait for its answer for ever; so would the end of the process.

    The thread outlives the loop of a task that was cancelled; that of aiosqlite would end with a traceback then.
    """

    _stopped: asyncio.Future[Any] | None = None

    @classmethod
    def open(cls, *arguments: Any, **options: Any) -> "_FileConnection":
        """Return a connection to a file; to be awaited. Its thread outlives no process."""
        connection = cls(functools.partial(sqlite3.connect, *arguments, **options), iter_chunk_size=64)
        connection._thread = Thread(target=_carry_out, args=(connection._tx,), daemon=True)
        return connection

    def stop(self) -> asyncio.Future[Any] | None:
        """End the thread; return what is done then."""
        if self._running:
            self._stopped = super().stop()
            self._tx.put_nowait((None, _end))
        return self._stopped


def _carry_out(calls: "SimpleQueue[_Call]") -> None:
    """Carry out the calls of a connection until its end; a loop that is closed gets no outcome any more."""
    while True:
        future, call = calls.get()
        if call is _end:
            return
        deliver: Callable[[asyncio.Future[Any], Any], object] = set_result
        try:
            outcome = call()
        except BaseException as error:
            deliver, outcome = set_exception, error
        if future is not None:
            with suppress(RuntimeError):
                future.get_loop().call_soon_threadsafe(deliver, future, outcome)


def _end() -> None:
    """Stand for the end of a connection's calls."""


class _Queue(AsyncAdaptedQueue[Any]):
    """The queue of idle connections. A task waits for one no longer than its lock timeout allows."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Return a connection. Raises queue.Empty."""
        with waiting() as seconds:
            return super().get(block, _timeout_ms(seconds) / 1000)


class _Pool(AsyncAdaptedQueuePool):
    _queue_class = _Queue


class _Connections:
    """The connections of an engine, which can be cut."""

    def __init__(self) -> None:
        self._made: WeakSet[Any] = WeakSet()
        """Those to PostgreSQL, as their driver knows them."""
        self._are_cut = False

    def connect(self, dialect: Dialect, _record: object, arguments: list[Any], options: dict[str, Any]) -> Any:
        """Connect; any failure is raised as an error of the database, as later failures are."""
        try:
            if self._are_cut:
                raise ConnectionAbortedError("this server has cut its connections")
            made = dialect.connect(*arguments, **options)
        except dialect.loaded_dbapi.Error:
            raise
        except Exception as error:
            raise OperationalError("connect", {}, error) from error
        if dialect.name == "postgresql":
            self._made.add(made.driver_connection)
        return made

    def cut(self) -> None:
        """Abort all connections to PostgreSQL, and make no more."""
        self._are_cut = True
        for each in list(self._made):
            each.terminate()


def cut(engine: AsyncEngine) -> None:
    """Abort all connections of an engine to PostgreSQL, and let it make no more: who waits for an answer gets an
    error at once, also where a network drops whatever is sent."""
    connections: _Connections = engine.sync_engine.get_execution_options()[CONNECTIONS]
    connections.cut()


async def dispose(engine: AsyncEngine) -> None:
    """Close the connections of an engine for good, in a second also where the database does not answer: the driver
    would wait for that without end."""
    closing = asyncio.ensure_future(engine.dispose())
    await asyncio.wait([closing], timeout=CLOSE_TIMEOUT_S)
    cut(engine)
    await closing


def prepare(engine: AsyncEngine) -> None:
    """Install the event listeners for transactions on an engine, before its first connection. Idempotent."""
    sync = engine.sync_engine
    if sync.dialect.name == "postgresql" and not event.contains(sync, "begin", _limit_locks):
        event.listen(sync, "begin", _limit_locks)
    if sync.dialect.name == "sqlite" and not event.contains(sync, "connect", _on_connect):
        event.listen(sync, "connect", _on_connect)
        event.listen(sync, "begin", _on_begin)
        event.listen(sync, "invalidate", _on_invalidate)


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Open the one serialised write transaction; an exception rolls it back."""
    async with engine.execution_options(**{WRITER: True}).begin() as connection:
        if connection.dialect.name == "postgresql":
            with waiting() as before:
                await connection.execute(_TURN, {"key": ADVISORY_LOCK})
            with waiting() as seconds:
                if _timeout_ms(seconds) != _timeout_ms(before):
                    await connection.run_sync(_limit_locks)
        yield connection
        if (note := _ALONGSIDE.get()) is not None:
            await note(connection)


@asynccontextmanager
async def streaming(connection: AsyncConnection, query: Select[Any]) -> AsyncIterator[AsyncResult[Any]]:
    """Yield the rows of a query as they are read; the cursor is closed however the block ends.

    `AsyncConnection.stream` as a context manager leaves it open after an exception. A half-read statement keeps its
    snapshot in the connection that goes back to the pool (since Python 3.11 a rollback does not end it), and the next
    BEGIN IMMEDIATE there fails at once with SQLITE_BUSY_SNAPSHOT.
    """
    rows = await connection.stream(query)
    try:
        yield rows
    finally:
        if not connection.invalidated:  # by a cancelled read; its cursor is gone
            await rows.close()


@contextmanager
def alongside(note: Callable[[AsyncConnection], Awaitable[None]]) -> Iterator[None]:
    """Run `note` at the end of every write transaction of this task: both are committed, or neither is."""
    token = _ALONGSIDE.set(note)
    try:
        yield
    finally:
        _ALONGSIDE.reset(token)


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.run_async(_set_up)


async def _set_up(connection: aiosqlite.Connection) -> None:
    await connection.execute(f"PRAGMA {BUSY}={BUSY_TIMEOUT_MS}")
    await _use_wal(connection)
    await connection.execute(f"PRAGMA synchronous={SYNCHRONOUS}")
    await connection.execute("PRAGMA foreign_keys=ON")


async def _use_wal(connection: aiosqlite.Connection) -> None:
    """Switch the file to WAL; retry while other processes do, because SQLite does not call its busy handler here."""
    with waiting() as seconds:
        deadline = asyncio.get_running_loop().time() + _timeout_ms(seconds) / 1000
        while True:
            try:
                await connection.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or asyncio.get_running_loop().time() > deadline:
                    raise
            await asyncio.sleep(0.005)


def _on_begin(connection: Connection) -> None:
    if not connection.get_execution_options().get(WRITER, False):
        connection.exec_driver_sql("BEGIN")
        return
    with waiting() as seconds:
        milliseconds = _timeout_ms(seconds)
        if connection.info.get(BUSY) != milliseconds:
            connection.exec_driver_sql(f"PRAGMA {BUSY}={milliseconds}")
            connection.info[BUSY] = milliseconds
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _limit_locks(connection: Connection) -> None:
    """Set PostgreSQL's `lock_timeout` for this transaction to the time its task may still wait.

    Background work waits as long as the connection allows. A task without time left gets 1 ms, because 0 means no limit
    to PostgreSQL.
    """
    with waiting() as seconds:
        milliseconds = max(_timeout_ms(seconds), 1)
    if milliseconds < BUSY_TIMEOUT_MS:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")


def _timeout_ms(seconds: float) -> int:
    """Return a wait in milliseconds, rounded up to tenths of a second, so that tiny waits change no setting."""
    return min(BUSY_TIMEOUT_MS, ceil(min(seconds, BUSY_TIMEOUT_MS) * 10) * 100)


def _on_invalidate(connection: Any, _record: object, error: BaseException | None) -> None:
    """Roll back a transaction whose task was cancelled.

    SQLite closes a connection only after its last statement is finalised, and half-read ones wait for the garbage
    collector. Until then no other connection could write.
    """
    if isinstance(error, asyncio.CancelledError):
        connection.rollback()
