"""Connects to a Redis-protocol server by URL, or runs an embedded Valkey as a child of the server.

The connection may be lost and come back. The embedded Valkey is restarted when it ends or hangs, on the same socket.
While it is away, requests fail at once with ConnectionError; the first one after its return is answered.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from signaling.core.child_process import ChildProcess, socket_path
from signaling.core.errors import SettingsError
from signaling.core.valkey_binary import server_program
from signaling.core.valkey_pool import Pool, pool

log = logging.getLogger(__name__)

START_SECONDS = 10.0
TIMEOUT_SECONDS = 5.0
"""Longest wait of a request for Valkey; a machine that is short of cores took more than two seconds."""
PING_SECONDS = 0.25
"""Interval of pings; Valkey is used again so soon after its return."""
LATE_SECONDS = 2.5
"""Longest time of a ping. Two late pings in a row mean that Valkey hangs; one may be late because we stood still."""
STEADY_SECONDS = 10.0
"""A Valkey that ran this long is restarted at once, otherwise after a delay."""
FIRST_DELAY, LONGEST_DELAY = 0.25, 5.0

FORGOTTEN = "forgotten"
MARKED = f"if redis.call('EXISTS', KEYS[1]) == 0 then return '{FORGOTTEN}' end\n"
"""Begins Lua scripts whose first key is a mark: without the mark Valkey has lost what we wrote, or some of it."""
NOW = "local time = redis.call('TIME')\nlocal now = tonumber(time[1]) + tonumber(time[2]) / 1000000\n"
"""Begins Lua scripts that use Valkey's clock."""


@asynccontextmanager
async def connect(url: str | None, run: Path) -> AsyncIterator[Redis]:
    """Yield a client of the Valkey at `url`, or of an embedded one whose socket lies in `run`.

    Raises SettingsError when the embedded one does not start.
    """
    embedded = None
    if url is None:
        embedded = EmbeddedValkey(socket_path(run, "valkey.sock"), run)
        url = embedded.url
    async with pool(url, TIMEOUT_SECONDS, retries=1) as connections, pool(url, LATE_SECONDS, retries=0) as single:
        pinging = Redis(connection_pool=single)
        watch = _PingLoop(connections, pinging, embedded)
        try:
            if embedded is not None and not await embedded.start(pinging):
                raise SettingsError("the embedded Valkey did not start; set DIEMCAU_REDIS_URL to use another one")
            watching = asyncio.create_task(watch.run())
            try:
                yield Redis(connection_pool=connections)
            finally:
                watching.cancel()
                await asyncio.wait([watching])
        finally:
            if embedded is not None:
                await embedded.stop()


class EmbeddedValkey:
    """A Valkey as our child process; it begins empty each time it is started."""

    def __init__(self, path: Path, run: Path) -> None:
        self.url = f"unix://{path}"
        self._command = _command(path, run)
        self._child: ChildProcess | None = None
        self._started = 0.0
        self._delay = 0.0

    async def start(self, pinging: Redis) -> bool:
        """Start Valkey; return whether it answers within START_SECONDS. Raises OSError."""
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
        """Kill the process if it hangs and start it again, after a delay that grows while it keeps ending."""
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
        """Stop Valkey."""
        if self._child is not None:
            await self._child.stop()


def cancelled() -> bool:
    """Return whether the running task is cancelled: redis-py may swallow that (as asyncio.wait_for before 3.12)."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def next_delay(last: float, lived: float) -> float:
    """Return the delay in seconds of the next restart, after a delay of `last` and a life of `lived` seconds."""
    return 0.0 if lived >= STEADY_SECONDS else min(max(2 * last, FIRST_DELAY), LONGEST_DELAY)


class _PingLoop:
    """Pings Valkey, marks the connections as away or back, and restarts an embedded one."""

    def __init__(self, connections: Pool, pinging: Redis, embedded: EmbeddedValkey | None) -> None:
        self._connections = connections
        self._pinging = pinging
        self._embedded = embedded

    async def run(self) -> None:
        """Ping until cancelled."""
        while not cancelled():
            await asyncio.sleep(PING_SECONDS)
            answers = await self._answers()
            if answers == self._connections.away:
                log.warning("= Valkey answers again" if answers else "x Valkey does not answer")
                if answers:  # another server may be the primary now
                    await self._connections.disconnect(inuse_connections=False)
            self._connections.away = not answers
            if not answers and self._embedded is not None:
                await self._embedded.restart(self._pinging)

    async def _answers(self) -> bool:
        """Return whether Valkey answers; only a second late answer in a row counts as none."""
        for _ in range(2):
            try:
                await self._pinging.ping()
            except RedisTimeoutError:
                continue
            except (RedisError, OSError):
                return False
            else:
                return True
        return False


def _command(path: Path, run: Path) -> list[str]:
    """Return the command line: it listens on the unix socket only and saves nothing, since all can be written again."""
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
