"""Lets one server work on a database at a time.

On one data directory its lock sees to that. Over PostgreSQL a server holds a lease: a row with its id, an epoch and the
time until which it holds, by the clock of the database alone. It is taken before anything is written, renewed each
second and runs out after three, so that a dead server keeps others away no longer. A server that finds it renewed by
another is refused. A server that could not renew it in time writes nothing until it has; one that another has
succeeded ends.

The id is that of the data directory on this machine since it was booted, which is where the lock counts: a server that
has the lock and the same id knows that the server before is dead, and takes its lease at once.
"""

import asyncio
import logging
import math
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.core import database
from signaling.app.schema import SERVER_LEASE
from signaling.app.settings import Settings
from signaling.core.errors import DatabaseInUse, LeaseLost

log = logging.getLogger(__name__)

LEASE_SECONDS = 3.0
RENEW_SECONDS = 1.0
ATTEMPT_SECONDS = 2.0
"""Longest time of one renewal."""
LOOK_SECONDS = 0.1
"""Interval of attempts to take a lease that another server holds."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

_NOW = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
_TAKE = text(
    f"""
    INSERT INTO server_lease AS held (id, server, holder, epoch, until)
    VALUES (1, :server, :holder, 1, {_NOW} + :lasts)
    ON CONFLICT (id) DO UPDATE
    SET server = excluded.server, holder = excluded.holder, epoch = held.epoch + 1, until = excluded.until
    WHERE held.until <= {_NOW} OR held.server = excluded.server
    RETURNING epoch
    """  # noqa: S608 - nothing in it comes from outside
)
_READ_HOLDER = text("SELECT epoch, until, holder FROM server_lease WHERE id = 1")
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
        self._until = -math.inf
        """When our right to write ends, by our own monotonic clock."""
        self._successor: str | None = None

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
            renewing = asyncio.create_task(self._renew_forever(lease_engine))
            try:
                yield
            finally:
                while not renewing.done():  # before Python 3.12 asyncio.wait_for, which asyncpg uses, may lose one
                    renewing.cancel()
                    await asyncio.wait([renewing], timeout=ATTEMPT_SECONDS)
                event.remove(engine.sync_engine, "begin", self._fence)
                await self._give_back(lease_engine)
        finally:
            await lease_engine.dispose()

    async def _take(self, engine: AsyncEngine) -> None:
        """Take the lease when it has run out or is our own. Raises DatabaseInUse when another server renews it."""
        async with database.writing(engine) as connection:
            await connection.run_sync(SERVER_LEASE.create, checkfirst=True)  # of an older release, or empty
        arguments = {"server": self._server, "holder": f"{socket.gethostname()}, process {os.getpid()}"}
        first: _Holder | None = None
        while True:
            began = asyncio.get_running_loop().time()
            async with engine.begin() as connection:
                row = (await connection.execute(_TAKE, {**arguments, **_lasts()})).first()
                if row is not None:
                    self._epoch = row.epoch
                    self._until = began + LEASE_SECONDS
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
                    log.error("x the lease on the database could not be renewed: %s", str(error) or "no answer in time")
                late = True
                continue
            if renewed:
                self._until = began + LEASE_SECONDS
            late = False

    async def _renew(self, engine: AsyncEngine) -> bool:
        """Renew the lease once; return whether it is still ours."""
        async with engine.begin() as connection:
            ours = {"epoch": self._epoch, "server": self._server}
            if (await connection.execute(_RENEW, {**ours, **_lasts()})).first() is not None:
                return True
            holder = (await connection.execute(_READ_HOLDER)).first()
        self._successor = "nobody" if holder is None else str(holder.holder)
        self._until = -math.inf
        log.error("x another server (%s) has taken over the database; this server ends", self._successor)
        self._lost()
        return False

    async def _give_back(self, engine: AsyncEngine) -> None:
        """Release the lease, so that another server can take it at once. Raises LeaseLost when one has."""
        if self._successor is not None:
            raise LeaseLost(self._successor)
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS), engine.begin() as connection:
                await connection.execute(_GIVE_BACK, {"epoch": self._epoch, "server": self._server})
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.info("x the lease could not be released, it expires by itself: %s", error)

    def _fence(self, connection: Connection) -> None:
        """Refuse writing transactions when the lease has run out. Raises OperationalError."""
        if not connection.get_execution_options().get(database.WRITER, False):
            return
        if asyncio.get_running_loop().time() >= self._until:
            reason = TimeoutError("the lease on the database has run out, and may be another server's")
            raise OperationalError("BEGIN", {}, reason)

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
