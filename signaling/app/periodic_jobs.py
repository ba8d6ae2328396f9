"""Runs the periodic jobs once a minute: alerts, reminders, deletion of old data.

A job is a coroutine function of the time. It finds in the database what is due and settles it there, so that the next
round makes up for a job that failed, or for a server that was down.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime

log = logging.getLogger(__name__)

ROUND_SECONDS = 60.0
GRACE_SECONDS = 2.0
"""Time for the job at hand when the server stops: one cut off in the middle leaves its connection open."""

Job = Callable[[datetime], Awaitable[None]]


class PeriodicJobs:
    """Calls every job, by name, in order, once a minute until it is stopped."""

    def __init__(self, jobs: Mapping[str, Job], clock: Callable[[], datetime]) -> None:
        self._jobs = jobs
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._working = asyncio.Lock()
        """Is held while a job runs."""
        self._idle = asyncio.Event()
        self._idle.set()

    def start(self) -> None:
        """Start, with the jobs that fell due while no server ran."""
        self._idle.clear()
        self._task = asyncio.create_task(self._run())

    async def settled(self) -> None:
        """Wait until no round is going on."""
        await self._idle.wait()

    async def stop(self) -> None:
        """Stop after the job at hand; the next server does the rest of the round, and a job that was cut off."""
        if self._task is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(GRACE_SECONDS), self._working:
                    self._task.cancel()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._idle.clear()
            await self.work()
            self._idle.set()
            await asyncio.sleep(ROUND_SECONDS)

    async def work(self) -> None:
        """Run all jobs once; one that fails is logged and does not stop the others."""
        now = self._clock()
        for name, job in self._jobs.items():
            try:
                async with self._working:
                    await job(now)
            except Exception:
                log.exception("x periodic job %s failed, it is repeated in the next round", name)
