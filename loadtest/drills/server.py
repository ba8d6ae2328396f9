"""Runs a server that is killed and started again on the same data directory."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from loadtest.server import accounts
from loadtest.server.ports import free_port
from loadtest.server.process import ServerFailed
from loadtest.time_limit import within

START_S = 60.0


class RestartedServer:
    """`diemcau serve` as a child process, started again after each end."""

    def __init__(self, environ: Mapping[str, str], log: Path) -> None:
        self.environ = environ
        self._log = log
        self.url = f"http://127.0.0.1:{environ['DIEMCAU_HTTP_PORT']}"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Process id of the server that was started last."""
        assert self._process is not None
        return self._process.pid

    @property
    def data(self) -> Path:
        """Its data directory."""
        return Path(self.environ["DIEMCAU_DATA"])

    async def start(self, *options: str, under: Sequence[str] = ()) -> float:
        """Start a server and wait until it listens; return that time, by the monotonic clock.

        `under` is a command that executes it with other properties, as chrt(1). Raises ServerFailed.
        """
        with self._log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(*under, sys.executable, "-m", "signaling", "serve", *options),
                env=dict(self.environ),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self._process = process
        return await self._listens(process)

    async def reload(self) -> float:
        """Have the server re-execute itself, and wait until it listens. Raises ServerFailed."""
        assert self._process is not None
        self._process.send_signal(signal.SIGUSR2)
        return await self._listens(self._process)

    async def _listens(self, process: asyncio.subprocess.Process) -> float:
        assert process.stdout is not None
        async with within(
            START_S, lambda: f"a server that listens; its log ends with: {self._log.read_text()[-2000:]}"
        ):
            async for line in process.stdout:
                if line.startswith(b"Ctrl-C"):
                    return time.monotonic()
        raise ServerFailed(f"the server ended with {await process.wait()}: {self._log.read_text()[-2000:]}")

    async def kill(self) -> None:
        """Kill the server."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """Stop the server as its operator does, and its remaining processes."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            await self._process.wait()

    async def point_accounts(self, count: int) -> list[accounts.Login]:
        """Create the accounts of so many points."""
        return await accounts.create_point_accounts(self.environ, count)

    def workers(self) -> list[int]:
        """Return the process ids of its media workers."""
        return self.processes(b"mediaserver\0--socket")

    def children(self, text: bytes) -> list[int]:
        """Return the ids of processes that the server started, with this text in their command line."""
        found = []
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdecimal() and text in (entry / "cmdline").read_bytes():
                    parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                    found += [int(entry.name)] if int(parent) == self.pid else []
        return sorted(found)

    def processes(self, text: bytes) -> list[int]:
        """Return the ids of processes that have this text and the data directory in their command line."""
        marker = f"{self.data}/".encode()
        found = []
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                command = (entry / "cmdline").read_bytes() if entry.name.isdecimal() else b""
                if text in command and marker in command:
                    found.append(int(entry.name))
        return sorted(found)


@asynccontextmanager
async def restarted_server(workers: int, points: int, **settings: str) -> AsyncIterator[RestartedServer]:
    """Yield a started server on loopback with an empty database; end all its processes at the end."""
    with tempfile.TemporaryDirectory(prefix="diemcau-drill-") as directory:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("DIEMCAU_")}
        environ |= {
            "DIEMCAU_DATA": f"{directory}/data",
            "DIEMCAU_HOST": "127.0.0.1",
            "DIEMCAU_PORT": str(free_port()),
            "DIEMCAU_HTTP_PORT": str(free_port()),
            "DIEMCAU_MEDIA_PORT": "0",
            "DIEMCAU_MEDIA_ADDRESS": "127.0.0.1",
            "DIEMCAU_MAX_POINTS": str(max(250, 2 * points)),
            "DIEMCAU_WORKERS": str(workers),
        }
        made = RestartedServer(environ | settings, Path(directory) / "server.log")
        try:
            await made.start()
            yield made
        finally:
            await made.stop()
            for pid in made.workers():
                os.kill(pid, signal.SIGKILL)
