"""The present: a Redis-protocol server by URL, or an embedded Valkey that lives and dies with the roof.

It may go and come. The embedded one is started again when it ends or hangs, on the same socket. While there is none,
requests fail at once with ConnectionError instead of waiting for it, and the first one after its return is answered.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as Late

from signaling.core.child_process import ChildProcess, socket_path
from signaling.core.errors import SettingsError
from signaling.core.valkey_binary import server_program

log = logging.getLogger(__name__)

START_SECONDS = 10.0
TIMEOUT_SECONDS = 5.0
"""No request waits longer for Valkey than this; a machine that is short of cores took more than two seconds."""
PING_SECONDS = 0.25
"""Between two pings: so soon after its return it is used again."""
LATE_SECONDS = 2.5
"""A ping may take this long. Valkey hangs when two in a row took longer; one may, after we stood still ourselves."""
STEADY_SECONDS = 10.0
"""A server that ran this long is started again at once, one that did not after a delay."""
FIRST_DELAY, LONGEST_DELAY = 0.25, 5.0

FORGOTTEN = "forgotten"
MARKED = f"if redis.call('EXISTS', KEYS[1]) == 0 then return '{FORGOTTEN}' end\n"
"""Begins scripts whose first key is a mark: without it Valkey does not have what we told it, or not all of it."""
NOW = "local time = redis.call('TIME')\nlocal now = tonumber(time[1]) + tonumber(time[2]) / 1000000\n"
"""Begins scripts that count by Valkey's clock."""


@asynccontextmanager
async def connect(url: str | None, run: Path) -> AsyncIterator[Redis]:
    """Yield a client of the server at `url`, or of an embedded one whose socket lies in `run`.

    Raises SettingsError when the embedded one does not start.
    """
    embedded = None
    if url is None:
        embedded = Embedded(socket_path(run, "valkey.sock"), run)
        url = embedded.url
    async with _Pool.of(url) as pool, _pinging(url) as pinging:
        watch = _Watch(pool, pinging, embedded)
        try:
            if embedded is not None and not await embedded.start(pinging):
                raise SettingsError("the embedded Valkey did not start; set DIEMCAU_REDIS_URL to use another one")
            watching = asyncio.create_task(watch.run())
            try:
                yield Redis(connection_pool=pool)
            finally:
                watching.cancel()
                await asyncio.wait([watching])
        finally:
            if embedded is not None:
                await embedded.stop()


class _Pool(ConnectionPool):
    """Connections to a Valkey, none of which is given out while it is known to be away."""

    away = False

    @classmethod
    def of(cls, url: str) -> "_Pool":
        """Return connections that repeat a request once, without a delay, when Valkey was started again meanwhile."""
        return cls.from_url(
            url,
            decode_responses=True,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1, (Unreachable,)),
        )

    async def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> AbstractConnection:
        """Get a connection. Raises ConnectionError, at once when Valkey is away."""
        if self.away:
            raise Unreachable("Valkey is away")
        connection: AbstractConnection = await super().get_connection()  # type: ignore[no-untyped-call]
        return connection


def _pinging(url: str) -> Redis:
    """Return a client for pings: each fails by itself, over a connection of its own."""
    return Redis.from_url(
        url, socket_timeout=LATE_SECONDS, socket_connect_timeout=LATE_SECONDS, retry=Retry(NoBackoff(), 0)
    )


class Embedded:
    """A Valkey of our own; it begins empty each time it is started."""

    def __init__(self, path: Path, run: Path) -> None:
        # given
        self.url = f"unix://{path}"
        self._command = _command(path, run)
        # owned
        self._child: ChildProcess | None = None
        self._started = 0.0
        self._delay = 0.0

    async def start(self, pinging: Redis) -> bool:
        """Start it, and tell whether it answers; gives up after START_SECONDS. Raises OSError."""
        self._started = asyncio.get_running_loop().time()
        self._child = await ChildProcess.start("valkey", self._command)
        try:
            async with asyncio.timeout(START_SECONDS):
                while self._child.alive:
                    try:
                        await pinging.ping()
                    except RedisError:
                        await asyncio.sleep(0.02)
                    else:
                        return True
        except TimeoutError:
            pass
        return False

    async def restart(self, pinging: Redis) -> None:
        """Kill what is left of it and start it again, after a delay that grows while it keeps ending."""
        lived = asyncio.get_running_loop().time() - self._started
        if self._child is not None and self._child.alive:
            self._child.process.kill()
            await self._child.wait()
        self._delay = next_delay(self._delay, lived)
        await asyncio.sleep(self._delay)
        try:
            await self.start(pinging)
        except OSError as error:
            log.warning("x the embedded Valkey was not started: %s", error)

    async def stop(self) -> None:
        """Stop it."""
        if self._child is not None:
            await self._child.stop()


def cancelled() -> bool:
    """Whether the running task is cancelled: redis-py may lose that (asyncio.wait_for before Python 3.12 did)."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def next_delay(last: float, lived: float) -> float:
    """Return how many seconds to wait before a server is started again that lived so long, after a delay of `last`."""
    return 0.0 if lived >= STEADY_SECONDS else min(max(2 * last, FIRST_DELAY), LONGEST_DELAY)


class _Watch:
    """Pings a Valkey: marks it as away and as back, and has the embedded one started again."""

    def __init__(self, pool: _Pool, pinging: Redis, embedded: Embedded | None) -> None:
        self._pool = pool
        self._pinging = pinging
        self._embedded = embedded

    async def run(self) -> None:
        """Ping until we are cancelled."""
        while not cancelled():
            await asyncio.sleep(PING_SECONDS)
            answers = await self._answers()
            if answers == self._pool.away:
                log.warning("= Valkey answers again" if answers else "x Valkey does not answer")
            self._pool.away = not answers
            if not answers and self._embedded is not None:
                await self._embedded.restart(self._pinging)

    async def _answers(self) -> bool:
        """Tell whether Valkey answers; only the second answer in a row that does not come in time counts."""
        for _ in range(2):
            try:
                await self._pinging.ping()
            except Late:
                continue
            except (RedisError, OSError):
                return False
            else:
                return True
        return False


def _command(path: Path, run: Path) -> list[str]:
    """Listen on the unix socket only; nothing is saved, for nothing in it is the record."""
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(run),
        "save": "",
        "appendonly": "no",
        "loglevel": "nothing",
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
    }
    return [server_program(), *(part for name, value in options.items() for part in (f"--{name}", value))]
