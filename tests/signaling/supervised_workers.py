"""Supervised workers of this machine that behave as a test says."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from mediaserver.api import EngineLost, MediaEngine
from signaling.workers.pool import WorkerPool
from signaling.workers.supervisor import Supervisor
from tests.fakes import FakeEngine

WORKER = str(Path(__file__).parent / "worker_process.py")


class ProcessEngine(FakeEngine):
    """An engine that lives in the worker process; its stats are the process's pid."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__()
        self._reader, self._writer = reader, writer
        self._turn = asyncio.Lock()  # the supervisor asks too

    async def stats(self) -> dict[str, object]:
        async with self._turn:
            self._writer.write(b"?\n")
            line = await self._reader.readline()
        if not line:
            self.emit(EngineLost())
            raise OSError("gone")
        return {"pid": int(line)}

    async def close(self) -> None:
        self._writer.close()


async def dial_worker(path: Path) -> MediaEngine:
    """Connect to the worker at a Unix socket."""
    return ProcessEngine(*await asyncio.open_unix_connection(path))


StartWorkers = Callable[[str, int], Awaitable[tuple[Supervisor, WorkerPool]]]


async def worker_pids(workers: WorkerPool) -> dict[str, int]:
    """Return the process ids of workers that answer, by number."""
    stats = await workers.stats()
    return {number: counters["pid"] for number, counters in stats.items() if isinstance(counters, dict)}
