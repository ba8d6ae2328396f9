"""Notes of changes, which are written in the transaction of the change: both are there, or neither is."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

Note = Callable[[AsyncConnection, T], Awaitable[None]]
"""Stores what tells of a change; it is given what came of it."""


async def no_note(_db: AsyncConnection, _changed: object) -> None:
    """Store nothing."""
