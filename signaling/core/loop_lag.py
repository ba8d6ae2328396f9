"""Measures by how much the event loop is late."""

import asyncio
import time
from collections.abc import Callable

INTERVAL_SECONDS = 0.5


class LoopLag:
    """Sleeps again and again, and tells `observe` how many seconds later than due it woke up."""

    def __init__(self, observe: Callable[[float], None]) -> None:
        self._observe = observe
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start to measure."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop to measure."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            due = time.monotonic() + INTERVAL_SECONDS
            await asyncio.sleep(INTERVAL_SECONDS)
            self._observe(max(0.0, time.monotonic() - due))
