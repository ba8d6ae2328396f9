"""File operations with a timeout: a folder may lie on a network share that stops answering."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

DEADLINE_SECONDS = 2.0

T = TypeVar("T")


class TimeoutIo:
    """Runs operations on one folder in a thread, one at a time; at most one thread hangs, however many wait."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._last: asyncio.Future[Any] | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` in a thread. Raises OSError of the work, or TimeoutError after two seconds without a result."""
        async with self._turn:
            if self._last is not None and not self._last.done():
                raise TimeoutError("the folder still does not answer")
            self._last = doing = asyncio.ensure_future(asyncio.to_thread(work))
            doing.add_done_callback(_heard)
            await asyncio.wait([doing], timeout=DEADLINE_SECONDS)
            if not doing.done():
                raise TimeoutError(f"the folder does not answer within {DEADLINE_SECONDS} s")
            return doing.result()


def _heard(done: asyncio.Future[Any]) -> None:
    """Take the exception of work that nobody awaits any more, so that asyncio does not log it."""
    if not done.cancelled():
        done.exception()
