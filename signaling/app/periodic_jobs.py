"""Does once a minute what falls due by the clock alone: alerts, reminders, retention.

A duty is a coroutine function of the time. It looks for what is due in the record and settles it there, so that a duty
that failed, or a server that was down, is made up for by the next round.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime

log = logging.getLogger(__name__)

ROUND_SECONDS = 60.0
GRACE_SECONDS = 2.0
"""A duty that is cut off in the middle leaves a connection that nobody closes."""

Duty = Callable[[datetime], Awaitable[None]]


class PeriodicJobs:
    """Calls every duty, by name, in order, until it is stopped."""

    def __init__(self, duties: Mapping[str, Duty], clock: Callable[[], datetime]) -> None:
        # given
        self._duties = duties
        self._clock = clock
        # owned
        self._task: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()

    def start(self) -> None:
        """Begin with what fell due while no server ran."""
        self._task = asyncio.create_task(self._run())

    async def settled(self) -> None:
        """Return when no round is going on."""
        await self._idle.wait()

    async def stop(self) -> None:
        """Stop after the round at hand; one that takes too long is cut off and done again by the next server."""
        if self._task is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(GRACE_SECONDS):
                    await self.settled()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._idle.clear()
            await self.work()
            self._idle.set()
            await asyncio.sleep(ROUND_SECONDS)

    async def work(self) -> None:
        """Make one round; a duty that fails is logged and does not stop the others."""
        now = self._clock()
        for name, duty in self._duties.items():
            try:
                await duty(now)
            except Exception:
                log.exception("x duty %s is left for the next round", name)
