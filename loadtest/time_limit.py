"""Waits with a time limit, whose error says what was awaited: that of asyncio has no text."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


@asynccontextmanager
async def within(seconds: float, awaited: str | Callable[[], str]) -> AsyncIterator[None]:
    """Give a block so many seconds. Raises TimeoutError, which says what was `awaited`; as a function it says so
    then."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if not limit.expired():  # it is of another limit
            raise
        text = awaited if isinstance(awaited, str) else awaited()
        raise TimeoutError(f"waited {seconds:g} s for {text}") from error
