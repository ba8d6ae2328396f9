"""Waits for what media show."""

import asyncio
from collections.abc import Callable


async def until(true: Callable[[], bool]) -> None:
    """Wait until a condition is true."""
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.02)
