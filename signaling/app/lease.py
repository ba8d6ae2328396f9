"""Lets one server work on a database at a time.

On one data directory its lock sees to that. Over PostgreSQL a server holds a lease: a row with its id, an epoch and the
time until which it holds, by the clock of the database alone. It is taken before anything is written, renewed twice a
second and runs out after two, so that a dead server keeps others away no longer. A server that finds it renewed by
another is refused, or stands by (:mod:`signaling.app.standby`). A server that could not renew it in time writes nothing
until it has; one that another has succeeded ends, and cuts its connections to a database that does not answer it.

A transaction that writes holds a shared lock on that row from its beginning, and finds its epoch there. Who takes the
lease ends those that have begun before: a server that hangs, or whose machine is gone, would hold its locks for hours.

The id is that of the data directory on this machine since it was booted, which is where the lock counts: a server that
has the lock and the same id knows that the server before is dead, and takes its lease at once.
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.core import database
from signaling.app.schema import SERVER_LEASE
from signaling.app.settings import Settings
from signaling.app.writing_time import WritingTime
from signaling.core.errors import DatabaseInUse, LeaseLost
from signaling.core.server_id import owner_of

log = logging.getLogger(__name__)

LEASE_SECONDS = 2.0
RENEW_SECONDS = 0.5
ATTEMPT_SECONDS = 1.5
"""Longest time of one renewal."""
LOOK_SECONDS = 0.1
"""Interval of attempts to take a lease that another server holds."""
NO_ANSWER = "no answer in time"
"""The text of an error that has none."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

_ADDED_COLUMNS = {
    "system": "ALTER TABLE server_lease ADD COLUMN system varchar(32) NOT NULL DEFAULT ''",
    "address": "ALTER TABLE server_lease ADD COLUMN address varchar(100) NOT NULL DEFAULT ''",
}
"""For the table of an older release, which is migrated only once the lease is held."""
_NOW = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
_TURN = text("SELECT pg_advisory_xact_lock(:key)")
_TURN_KEY = database.ADVISORY_LOCK + 1
_END_WRITERS = text(
    f"""
    SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND relation = 'server_lease'::regclass AND mode IN ('RowShareLock', 'RowExclusiveLock')
    AND EXISTS (SELECT 1 FROM server_lease WHERE until <= {_NOW} OR server = :server)
    """  # noqa: S608 - nothing in it comes from outside
)
"""These are the locks of writers, and of a renewal. Servers that want to take the lease do so by turns. The view shows
locks of all databases, and in a copy of ours (CREATE DATABASE with a template) the table has the same number."""
_WAIT_FOR_WRITERS = text(
    f"SELECT 1 FROM server_lease WHERE until <= {_NOW} OR server = :server FOR UPDATE"  # noqa: S608 - as above
)
_BEGIN_WRITING = text("SELECT 1 FROM server_lease WHERE id = 1 AND epoch = :epoch AND server = :server FOR KEY SHARE")
"""The lock lets others renew the lease, and write."""
_TAKE = text(
    f"""
    INSERT INTO server_lease AS held (id, server, holder, epoch, until, system, address)
    VALUES (1, :server, :holder, 1, {_NOW} + :lasts, :system, :address)
    ON CONFLICT (id) DO UPDATE
    SET server = excluded.server, holder = excluded.holder, epoch = held.epoch + 1, until = excluded.until,
        system = excluded.system, address = excluded.address
    WHERE held.until <= {_NOW} OR held.server = excluded.server
    RETURNING epoch
    """  # noqa: S608 - nothing in it comes from outside
)
_READ_HOLDER = text("SELECT epoch, until, holder FROM server_lease WHERE id = 1")
_READ_LEADER = text(
    f"SELECT server, holder, system, address, until, until <= {_NOW} AS expired "  # noqa: S608 - as above
    "FROM server_lease WHERE id = 1"
)
_RENEW = text(
    f"""
    UPDATE server_lease SET until = {_NOW} + :lasts
    WHERE id = 1 AND epoch = :epoch AND server = :server
    RETURNING epoch
    """  # noqa: S608 - as above
)
_GIVE_BACK = text("UPDATE server_lease SET until = 0 WHERE id = 1 AND epoch = :epoch AND server = :server")


@dataclass(frozen=True, slots=True)
class _Holder:
    """The holder of a lease; `until` is in milliseconds since 1970, by the clock of the database."""

    epoch: int
    until: int
    holder: str


@dataclass(frozen=True, slots=True)
class Leader:
    """The server that holds the lease: its id, its machine and process, its system, and its address for connections.

    A lease that has `expired` can be taken; its holder may renew it until then.
    """

    server: str
    holder: str
    system: str
    address: tuple[str, int] | None
    expired: bool = False


async def leader(engine: AsyncEngine) -> Leader | None:
    """Return the server that has not released the lease, None without one. Raises SQLAlchemyError, OSError."""
    try:
        async with engine.connect() as connection:
            row = (await connection.execute(_READ_LEADER)).first()
    except ProgrammingError:  # no table, or that of an older release
        return None
    if row is None or not row.until:
        return None
    host, _, port = row.address.partition(" ")
    return Leader(row.server, row.holder, row.system, (host, int(port)) if port else None, row.expired)


async def _prepare_table(engine: AsyncEngine) -> None:
    """Make the table of the lease where there is none, or add what one of an older release lacks."""
    async with engine.connect() as connection:
        if {each.name for each in SERVER_LEASE.columns} <= set(await connection.run_sync(_columns)):
            return
    async with database.writing(engine) as connection:
        await connection.run_sync(SERVER_LEASE.create, checkfirst=True)
        columns = await connection.run_sync(_columns)
        for name in _ADDED_COLUMNS.keys() - columns:
            await connection.execute(text(_ADDED_COLUMNS[name]))


def _columns(connection: Connection) -> list[str]:
    found = inspect(connection)
    return [each["name"] for each in found.get_columns("server_lease")] if found.has_table("server_lease") else []


def server_id(data: Path) -> str:
    """Return an id of a data directory that is unique among machines, boots and directories."""
    status = data.stat()
    return f"{BOOT_ID.read_text().strip()}:{status.st_dev}:{status.st_ino}"


class Lease:
    """The right to write to a database; `lost` is called when another server has taken it."""

    def __init__(self, settings: Settings, lost: Callable[[], None]) -> None:
        self._settings = settings
        self._lost = lost
        self._epoch = 0
        self._writing_time = WritingTime()
        self._successor: str | None = None
        self._engine: AsyncEngine | None = None
        """The connection by which we hold the lease, None while we do not."""
        self._engines: tuple[AsyncEngine, ...] = ()
        """That connection, and those that write under the lease."""
        self._renewing: asyncio.Task[None] | None = None

    @property
    def epoch(self) -> int:
        """Number of times that the lease was taken, by us the last time; 0 on a SQLite file."""
        return self._epoch

    @property
    def succeeded(self) -> bool:
        """Return whether another server has taken the lease."""
        return self._successor is not None

    def suspect(self, epoch: int) -> bool:
        """Give the lease up if it has run out and a media worker says that a server with a later epoch leads it; return
        whether another server has it."""
        run_out = self._engine is not None and not self._writing_time.lasts(asyncio.get_running_loop().time())
        if epoch > self._epoch and self._successor is None and run_out:
            self._yield_to("one that leads our media workers")
            self.cut()  # the database answers it, and not us
        return self.succeeded

    def cut(self) -> None:
        """Cut the connections to the database: whoever waits for its answer might do so for long."""
        for each in self._engines:
            database.cut(each)

    @asynccontextmanager
    async def held(self, engine: AsyncEngine) -> AsyncIterator[None]:
        """Hold the lease on the database of an engine; without it no writing transaction begins.

        Raises DatabaseInUse when another server holds it; LeaseLost at the end when another has taken it.
        """
        file = database.file(self._settings.database_url)
        if file is not None:
            with _alone(file, self._settings):
                yield
            return
        lease_engine = database.connect(self._settings.database_url)
        try:
            await self._take(lease_engine)
            event.listen(engine.sync_engine, "begin", self._fence)
            self._engine, self._engines = lease_engine, (lease_engine, engine)
            self._renewing = asyncio.create_task(self._renew_forever(lease_engine))
            try:
                yield
            finally:
                await self.give_back()
                event.remove(engine.sync_engine, "begin", self._fence)
        finally:
            await database.dispose(lease_engine)

    async def give_back(self) -> None:
        """Release the lease, so that another server can take it at once; nothing is written from now on.

        Raises LeaseLost when one has taken it before.
        """
        engine, self._engine = self._engine, None
        if engine is None or self._renewing is None:
            return
        while not self._renewing.done():  # before Python 3.12 asyncio.wait_for, which asyncpg uses, may lose one
            self._renewing.cancel()
            await asyncio.wait([self._renewing], timeout=ATTEMPT_SECONDS)
        self._writing_time.end()
        if self._successor is not None:
            raise LeaseLost(self._successor)
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS), engine.begin() as connection:
                await connection.execute(_GIVE_BACK, {"epoch": self._epoch, "server": self._server})
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.info("x the lease could not be released, it expires by itself: %s", str(error) or NO_ANSWER)

    async def _take(self, engine: AsyncEngine) -> None:
        """Take the lease when it has run out or is our own. Raises DatabaseInUse when another server renews it."""
        await _prepare_table(engine)
        relay = self._settings.relay
        arguments = {
            "server": self._server,
            "holder": f"{socket.gethostname()}, process {os.getpid()}",
            "system": owner_of(self._settings.data) if relay is not None else "",
            "address": f"{relay.host} {relay.port}" if relay is not None else "",
        }
        first: _Holder | None = None
        while True:
            began = asyncio.get_running_loop().time()
            async with engine.begin() as connection:
                await connection.execute(_TURN, {"key": _TURN_KEY})
                await connection.execute(_END_WRITERS, {"server": self._server})
                await connection.execute(_WAIT_FOR_WRITERS, {"server": self._server})
                row = (await connection.execute(_TAKE, {**arguments, **_lasts()})).first()
                if row is not None:
                    self._epoch = row.epoch
                    self._writing_time.grant(began, LEASE_SECONDS)
                    return
                holder = _Holder(*(await connection.execute(_READ_HOLDER)).one())
            if first is not None and holder != first:
                raise DatabaseInUse(holder.holder)
            first = holder
            await asyncio.sleep(LOOK_SECONDS)

    async def _renew_forever(self, engine: AsyncEngine) -> None:
        """Renew the lease each second, until another server has taken it."""
        late = False
        while self._successor is None:
            await asyncio.sleep(RENEW_SECONDS)
            began = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(ATTEMPT_SECONDS):
                    renewed = await self._renew(engine)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                if not late:
                    log.error("x the lease on the database could not be renewed: %s", str(error) or NO_ANSWER)
                late = True
                continue
            if renewed:
                self._writing_time.grant(began, LEASE_SECONDS)
            late = False

    async def _renew(self, engine: AsyncEngine) -> bool:
        """Renew the lease once; return whether it is still ours."""
        async with engine.begin() as connection:
            ours = {"epoch": self._epoch, "server": self._server}
            if (await connection.execute(_RENEW, {**ours, **_lasts()})).first() is not None:
                return True
            holder = (await connection.execute(_READ_HOLDER)).first()
        self._yield_to("nobody" if holder is None else str(holder.holder))
        return False

    def _yield_to(self, successor: str) -> None:
        self._successor = successor
        self._writing_time.end()
        log.error("x another server (%s) has taken over the database; this server ends", successor)
        self._lost()

    def _fence(self, connection: Connection) -> None:
        """Refuse writing transactions when the lease has run out or is another server's. Raises DBAPIError."""
        if not connection.get_execution_options().get(database.WRITER, False):
            return
        if not self._writing_time.lasts(asyncio.get_running_loop().time()):
            reason = TimeoutError("the lease on the database has run out, and may be another server's")
            raise OperationalError("BEGIN", {}, reason)
        if connection.execute(_BEGIN_WRITING, {"epoch": self._epoch, "server": self._server}).first() is None:
            raise OperationalError("BEGIN", {}, PermissionError("the lease on the database is another server's"))

    @property
    def _server(self) -> str:
        return server_id(self._settings.data)


def _lasts() -> dict[str, int]:
    return {"lasts": round(LEASE_SECONDS * 1000)}


@contextmanager
def _alone(file: Path, settings: Settings) -> Iterator[None]:
    """Lock the directory of a SQLite file that is not our data directory, as its server would. Raises DatabaseInUse."""
    if file.absolute().parent.samefile(settings.data):
        yield
        return
    run = file.absolute().parent / settings.run.name
    run.mkdir(exist_ok=True, mode=0o700)
    with (run / "lock").open("a") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except OSError:
            raise DatabaseInUse(str(file.parent)) from None
        yield
