"""Keeps the media workers running: one process each, restarted when it dies or stops answering."""

import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from mediaserver.api import MediaEngine
from mediaserver.errors import MediaError
from signaling.child import Child, socket_path
from signaling.settings import Settings
from signaling.workers import Workers

log = logging.getLogger(__name__)

READY_SECONDS = 20.0
POLL_SECONDS = 0.05
BACKOFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Waits before the first, second … restart in a row; the last one repeats."""
STEADY_SECONDS = 30.0
"""A worker that ran this long starts the row anew."""
WATCH_SECONDS = 2.0
SILENT_SECONDS = 3.0
"""A worker that answers nothing this long is killed."""

Command = Callable[[int, Path], Sequence[str]]
Connect = Callable[[Path], Awaitable[MediaEngine]]


def worker_command(settings: Settings) -> Command:
    """Return how the worker of a number is started on a socket."""

    def command(index: int, path: Path) -> Sequence[str]:
        port = settings.media_port + index if settings.media_port else 0
        first, last = settings.rtp_ports
        where = ["--socket", str(path), "--port", str(port), "--rtp-ports", str(first), str(last)]
        where += ["--address", *settings.media_addresses]
        return [sys.executable, "-m", "mediaserver", *where]

    return command


class Supervisor:
    """Owns the worker processes and hands their engines to `workers`."""

    def __init__(self, workers: Workers, count: int, run: Path, command: Command, connect: Connect) -> None:
        # given
        self._workers = workers
        self._count = count
        self._run = run
        self._command = command
        self._connect = connect
        # owned
        self._tasks: list[asyncio.Task[None]] = []
        # counters
        self.restarts = 0

    async def start(self) -> None:
        """Start all workers and wait until each takes rooms, or has failed to for the first time."""
        ready = [asyncio.Event() for _ in range(self._count)]
        self._tasks = [asyncio.create_task(self._keep(index, event)) for index, event in enumerate(ready)]
        await asyncio.gather(*(event.wait() for event in ready))

    async def stop(self) -> None:
        """Stop all workers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, index: int, ready: asyncio.Event) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._live(index, ready)
            except OSError as error:  # neither memory nor a process left for it, for one
                log.error("x media worker %d could not be started: %s", index, error)
            ready.set()
            failures = 0 if time.monotonic() - began > STEADY_SECONDS else failures + 1
            wait = BACKOFF_SECONDS[min(max(failures, 1), len(BACKOFF_SECONDS)) - 1]
            log.error("= media worker %d is gone, starting another in %.1f s", index, wait)
            self.restarts += 1
            await asyncio.sleep(wait)

    async def _live(self, index: int, ready: asyncio.Event) -> None:
        """Run one worker process from its start to its end."""
        name = f"media-{index}"
        path = socket_path(self._run, f"{name}.sock")
        _remove(path)
        child = await Child.start(name, self._command(index, path))
        try:
            engine = await self._reach(path, child)
            if engine is None:
                log.error("x %s does not answer on its socket, status %s", name, child.process.returncode)
                return
            ready.set()
            await attend(self._workers, str(index), engine, child.wait())
        finally:
            await child.stop()
            _remove(path)

    async def _reach(self, path: Path, child: Child) -> MediaEngine | None:
        deadline = time.monotonic() + READY_SECONDS
        while child.alive and time.monotonic() < deadline:
            try:
                return await self._connect(path)
            except (OSError, MediaError):
                await asyncio.sleep(POLL_SECONDS)
        return None


async def attend(
    workers: Workers, name: str, engine: MediaEngine, end: Coroutine[Any, Any, object], records: bool = True
) -> None:
    """Have a worker serve until its engine is lost, it stops answering, or `end` comes."""
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(workers.serve(name, engine, records)),
        asyncio.create_task(_watch(engine)),
        asyncio.create_task(end),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _close(engine)


async def _watch(engine: MediaEngine) -> None:
    """Return when the engine stops answering: a process that hangs is as dead as one that ended."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                await engine.stats()
        except (TimeoutError, OSError, MediaError) as error:
            log.error("x a media worker does not answer: %r", error)
            return


async def _close(engine: MediaEngine) -> None:
    try:
        async with asyncio.timeout(1.0):
            await engine.close()
    except (TimeoutError, OSError, MediaError):
        log.info("x a media worker was gone before its rooms were closed")


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
