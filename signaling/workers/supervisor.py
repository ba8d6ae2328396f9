"""Keeps the media workers running: one process each, restarted when it dies or stops answering.

Workers outlive the server: one that an earlier server of this data directory started is taken over with all its rooms
as they are. Where something else starts them (systemd), the server waits for their sockets.
"""

import asyncio
import logging
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mediaserver.api import MediaEngine
from mediaserver.errors import MediaError, Refused
from signaling.core.child_process import socket_path
from signaling.workers.detached_process import Detached
from signaling.workers.pool import WorkerPool

log = logging.getLogger(__name__)

READY_SECONDS = 20.0
HELD_SECONDS = 5.0
"""A worker of an earlier server answers within so long, or is replaced."""
POLL_SECONDS = 0.05
AWAITED_SECONDS = 0.25
"""Interval of checks whether a worker that something else starts is there."""
BACKOFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Delays before the first, second … restart in a row; the last one repeats."""
STEADY_SECONDS = 30.0
"""After a worker that ran this long the delays begin anew."""
WATCH_SECONDS = 0.25
"""Interval of questions to a worker whether it lives."""
SILENT_SECONDS = 1.5
"""A worker that does not answer for this long is killed."""
SILENT_TURNS = 6
"""Turns of the event loop in which that time is waited: in one late turn alone no worker is judged."""
OVERLOADED_TURNS = 60
"""Turns in which one may be silent whose machine gives it no core: its successor would get none either."""
OVERLOADED_SHARE = 0.5
"""Share of a turn for which a worker waits for a core of an overloaded machine."""

Command = Callable[[int, Path], Sequence[str]]
Connect = Callable[[Path], Awaitable[MediaEngine]]
Ask = Callable[[Path], Awaitable[None]]


class Supervisor:
    """Owns the worker processes and hands their engines to `workers`.

    With `command` None something else starts the workers, and the supervisor waits for them; `ask` then asks a worker
    to end, which may belong to another user.
    """

    def __init__(
        self,
        workers: WorkerPool,
        count: int,
        run: Path,
        command: Command | None,
        connect: Connect,
        ask: Ask | None = None,
    ) -> None:
        self.workers = workers
        self._count = count
        self._run = run
        self._command = command
        self._connect = connect
        self._ask = ask
        self._tasks: list[asyncio.Task[None]] = []
        self._leaving = False
        # counters
        self.restarts = 0

    async def start(self) -> None:
        """Start all workers and wait until each takes rooms, or has failed once.

        Further workers of an earlier server are ended: they would go on recording into files that count as closed.
        """
        if self._command is not None:
            await asyncio.gather(*(self._end_surplus(path) for path in self._surplus_sockets()))
        ready = [asyncio.Event() for _ in range(self._count)]
        self._tasks = [asyncio.create_task(self._keep(index, event)) for index, event in enumerate(ready)]
        await asyncio.gather(*(event.wait() for event in ready))

    def _surplus_sockets(self) -> list[Path]:
        """Return the sockets of workers beyond our number."""
        ours = {_socket_name(index) for index in range(self._count)}
        folder = socket_path(self._run, _socket_name(0)).parent
        return [path for path in folder.glob("media-*.sock") if path.name not in ours]

    async def _end_surplus(self, path: Path) -> None:
        if (process := _listening(path.stem, path)) is not None:
            log.warning("= %s exceeds the number of workers and is stopped", path.stem)
            await process.stop()
        _remove(path)

    async def stop(self) -> None:
        """Stop all workers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def leave(self) -> None:
        """Release all workers, which hold their rooms for the next server."""
        self._leaving = True
        self.workers.leave()
        await self.stop()

    async def _keep(self, index: int, ready: asyncio.Event) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._serve_worker(index, ready)
            except (OSError, MediaError) as error:  # neither memory nor a process left for it, for one
                log.error("x media worker %d could not be started: %s", index, error)
            ready.set()
            failures = 0 if time.monotonic() - began > STEADY_SECONDS else failures + 1
            wait = BACKOFF_SECONDS[min(max(failures, 1), len(BACKOFF_SECONDS)) - 1]
            log.error("= media worker %d is gone, its successor starts after %.1f s at the earliest", index, wait)
            self.restarts += 1
            await asyncio.sleep(wait)

    async def _serve_worker(self, index: int, ready: asyncio.Event) -> None:
        """Serve one worker process, running or new, until its end."""
        name = f"media-{index}"
        path = socket_path(self._run, _socket_name(index))
        running = _listening(name, path)
        process = running or await self._start_or_wait(index, name, path, ready)
        try:
            engine = await self._connect_engine(path, process, READY_SECONDS if running is None else HELD_SECONDS)
            if engine is None:
                log.error("x %s does not answer on its socket", name)
                return
            await self.workers.take(str(index), engine)
            ready.set()
            await attend(self.workers, str(index), engine, process.wait(), lambda: process.waited_for_core_s)
        finally:
            if self._leaving:
                process.release()
            elif not process.released:
                await self._stop(process, path)

    async def _stop(self, process: Detached, path: Path) -> None:
        if self._command is None and self._ask is not None:
            with suppress(OSError):  # it is gone already
                await self._ask(path)
        await process.stop()
        if self._command is not None:
            _remove(path)

    async def _start_or_wait(self, index: int, name: str, path: Path, ready: asyncio.Event) -> Detached:
        """Start a worker, or wait for one that something else starts; the server starts meanwhile. Raises OSError."""
        if self._command is not None:
            _remove(path)
            return Detached.start(name, self._command(index, path))
        log.warning("= no process listens on %s yet, waiting for media worker %d", path, index)
        ready.set()
        while (process := _listening(name, path)) is None:  # noqa: ASYNC110 - what starts it does not tell us
            await asyncio.sleep(AWAITED_SECONDS)
        return process

    async def _connect_engine(self, path: Path, process: Detached, seconds: float) -> MediaEngine | None:
        deadline = time.monotonic() + seconds
        while process.alive and time.monotonic() < deadline:
            try:
                return await self._connect(path)
            except Refused as error:  # of another release, which ends for ours, or of another data directory
                log.warning("x %s: %s", process.name, error)
                try:
                    async with asyncio.timeout(READY_SECONDS):
                        await process.wait()
                except TimeoutError:
                    process.release()  # it is somebody else's
                    raise
            except (OSError, MediaError):
                await asyncio.sleep(POLL_SECONDS)
        return None


def _socket_name(index: int) -> str:
    return f"media-{index}.sock"


def _listening(name: str, path: Path) -> Detached | None:
    """Return the process that listens on a socket, None without one."""
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1.0)
            probe.connect(str(path))
            credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid, _, _ = struct.unpack("3i", credentials)
        return Detached(name, pid)
    except OSError:
        return None


async def attend(
    workers: WorkerPool,
    name: str,
    engine: MediaEngine,
    end: Coroutine[Any, Any, object],
    waited_for_core_s: Callable[[], float] = lambda: 0.0,
) -> None:
    """Serve a worker of the pool until its engine is lost, it stops answering, or `end` completes."""
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(workers.serve(name)),
        asyncio.create_task(_watch(workers, name, engine, waited_for_core_s)),
        asyncio.create_task(end),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _close(engine)


async def _watch(workers: WorkerPool, name: str, engine: MediaEngine, waited_for_core_s: Callable[[], float]) -> None:
    """Wait until the engine stops answering: a process that hangs is as dead as one that ended. Its clock is read
    meanwhile."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        asked = time.time()
        try:
            stats = await ask(engine, waited_for_core_s)
            workers.clock_read(name, stats.get("time"), asked, time.time())
        except (TimeoutError, OSError, MediaError) as error:
            log.error("x a media worker does not answer: %r", error)
            return


async def ask(engine: MediaEngine, waited_for_core_s: Callable[[], float]) -> dict[str, object]:
    """Wait for an answer of the engine, and return it. Raises TimeoutError, OSError, MediaError.

    A server that got no time itself, since its machine was paused or overloaded, finds an answer that has long come. A
    worker that gets no time, as `waited_for_core_s` says, has longer to answer.
    """
    asking = asyncio.ensure_future(engine.stats())
    turn, silent, waited = SILENT_SECONDS / SILENT_TURNS, 0, waited_for_core_s()
    try:
        for _ in range(OVERLOADED_TURNS):
            await asyncio.wait((asking,), timeout=turn)
            if asking.done():
                return await asking
            before, waited = waited, waited_for_core_s()
            silent += waited - before < OVERLOADED_SHARE * turn
            if silent == SILENT_TURNS:
                break
        raise TimeoutError("silent for too long")
    finally:
        asking.cancel()


async def _close(engine: MediaEngine) -> None:
    try:
        async with asyncio.timeout(1.0):
            await engine.close()
    except (TimeoutError, OSError, MediaError):
        log.info("x a media worker had already ended")


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
