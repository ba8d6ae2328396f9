"""A folder that may lie on a share, which may stop answering: nobody waits for it any longer than a moment."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

DEADLINE_SECONDS = 2.0

T = TypeVar("T")


class TimeoutIo:
    """Does one thing at a time in a folder, in a thread; at most one of them hangs, however many are asked for."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._last: asyncio.Future[Any] | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """Do something in the folder. Raises OSError: of the work, or (TimeoutError) because there is no answer."""
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
    """What comes of it when nobody waits any more is no fault of its own."""
    if not done.cancelled():
        done.exception()
