"""Runs a drill on the server and its media workers as units of systemd, which units.sh starts."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import aiohttp

from loadtest.drills.drill import Drill
from loadtest.drills.server import RestartedServer
from loadtest.server.process import ServerFailed
from loadtest.time_limit import within

SERVER = "diemcau"
PORT = 8080
RELOAD = ("reload",)
_KILL = ("kill", "--kill-whom", "main", "--signal")
ACTIONS = (("restart",), RELOAD, (*_KILL, "KILL"), (*_KILL, "STOP"))
"""Faults of the server; in the last one it hangs, until systemd's watchdog ends it."""
LISTENS_S = 60.0
POLL_S = 0.02


class SystemdServer(RestartedServer):
    """A server and media workers that systemd started."""

    def __init__(self, workers: int) -> None:
        super().__init__({"DIEMCAU_DATA": f"/var/lib/{SERVER}", "DIEMCAU_HTTP_PORT": str(PORT)}, Path("/dev/null"))
        self._count = workers
        self.actions = cycle(ACTIONS)
        self._pids: list[int] = []

    async def read_worker_pids(self) -> None:
        """Ask systemd for the processes of the workers. Raises ServerFailed."""
        self._pids = [await self.main_pid(f"{SERVER}-worker@{index}") for index in range(self._count)]

    def workers(self) -> list[int]:
        """Process ids of the workers at the last `read_worker_pids`."""
        return self._pids

    async def main_pid(self, unit: str = SERVER) -> int:
        """Return the main process of a unit. Raises ServerFailed."""
        return int(await systemctl("show", "--property", "MainPID", "--value", unit))

    async def listens(self, after: int = 0) -> float:
        """Wait until a process other than `after` serves; return the time, by the monotonic clock."""
        async with within(LISTENS_S, "a server that listens"), aiohttp.ClientSession(self.url) as client:
            while True:
                try:
                    async with client.get("/healthz", timeout=aiohttp.ClientTimeout(1)) as response:
                        if response.ok and await self.main_pid() != after:
                            return time.monotonic()
                except (aiohttp.ClientError, TimeoutError):
                    await asyncio.sleep(POLL_S)


async def systemctl(*words: str) -> str:
    """Run systemctl; return its output. Raises ServerFailed."""
    process = await asyncio.create_subprocess_exec("systemctl", *words, stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    if process.returncode:
        raise ServerFailed(f"systemctl {' '.join(words)}: {process.returncode}")
    return printed.decode().strip()


@asynccontextmanager
async def systemd_server(workers: int, points: int, **settings: str) -> AsyncIterator[RestartedServer]:
    """Yield the running units; stop them at the end. Raises ServerFailed."""
    server = SystemdServer(workers)
    await server.listens()
    await server.read_worker_pids()
    yield server
    await systemctl("stop", SERVER)


async def fault(drill: Drill[RestartedServer]) -> dict[str, Any]:
    """Cause the next fault of `ACTIONS`; measure how soon the server listens and meetings obey again."""
    server = drill.server
    assert isinstance(server, SystemdServer)
    words = next(server.actions)
    before = await server.main_pid()
    began = time.monotonic()
    await systemctl(*words, SERVER)
    listening = await server.listens(0 if words == RELOAD else before)
    found = {"start_s": round(listening - began, 2), "obeys_s": await drill.obeyed(listening)}
    await server.read_worker_pids()
    return found
