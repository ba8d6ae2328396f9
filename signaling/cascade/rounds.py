"""Work with systems below that is done in rounds: each asks them all, and none keeps the others from being asked."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from scheduler.core.errors import LostKey

log = logging.getLogger(__name__)


class Rounds(ABC):
    """Works every so many seconds until it is stopped; `failure` is what the log says of a round that failed."""

    def __init__(self, seconds: float, failure: str, clock: Callable[[], datetime]) -> None:
        self._seconds = seconds
        self._failure = failure
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    async def work(self, now: datetime) -> None:
        """Do one round."""

    def start(self) -> None:
        """Begin the rounds."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End the rounds; the next server goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self.work(self._clock())
            except (SQLAlchemyError, LostKey, OSError):
                log.exception("x %s", self._failure)
            await asyncio.sleep(self._seconds)

    async def _ask(self, requests: Iterable[Coroutine[Any, Any, None]]) -> None:
        """Ask systems below at the same time, and log what fails."""
        for failed in await asyncio.gather(*requests, return_exceptions=True):
            if failed is not None:
                log.error("x %s", self._failure, exc_info=failed)
