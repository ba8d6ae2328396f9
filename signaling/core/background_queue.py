"""Works through a queue in the background: when it is woken, and at an interval.

A queue lies in the database, so a server that was killed continues where it was.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from contextlib import suppress

log = logging.getLogger(__name__)


class BackgroundQueue(ABC):
    """Works until nothing is left that can be done now, then waits for `wake`, at most `interval` seconds."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with what an earlier server left."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop, also in the middle of a piece of work: the next server does it again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """Look for work now."""
        self._idle.clear()
        self._wake.set()

    async def idle(self) -> None:
        """Wait until nothing is left that can be done now."""
        await self._idle.wait()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._work_through()
            except Exception:  # drivers have errors of their own for a database that starts or ends
                log.exception("x work of %s failed, it is tried again", type(self).__name__)
            if not self._wake.is_set():
                self._idle.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._wake.wait()

    @abstractmethod
    async def _work_through(self) -> None:
        """Do what can be done now."""
