"""Serves a world of `tests/signaling` to a browser, in a loop of another thread: Playwright has the main one."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")
U = TypeVar("U")


CLOSE_SECONDS = 0.25
"""TLS connections take so long to close (aiohttp, "Graceful Shutdown")."""


class Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever)
        self._thread.start()

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        """Do something in the loop, and return its result."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(60)

    @contextmanager
    def entered(self, context: AbstractAsyncContextManager[U]) -> Iterator[U]:
        """Enter a context in the loop."""
        found = self.do(_enter(context))
        try:
            yield found
        finally:
            self.do(_leave(context))

    def close(self) -> None:
        """End the thread, once connections are closed."""
        self.do(asyncio.sleep(CLOSE_SECONDS))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _enter(context: AbstractAsyncContextManager[U]) -> U:
    return await context.__aenter__()


async def _leave(context: AbstractAsyncContextManager[U]) -> None:
    await context.__aexit__(None, None, None)
