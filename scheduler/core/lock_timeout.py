"""Limits how long a task waits in all for the database: for a connection, and for the write lock.

Background work has no limit of its own. A request gives up early enough to answer its client.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf


class _Allowance:
    """The seconds that a task may still wait."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds


_ALLOWANCE: ContextVar[_Allowance | None] = ContextVar("lock_timeout", default=None)


@contextmanager
def lock_timeout(seconds: float) -> Iterator[None]:
    """Limit all waits within the block to so many seconds. Tasks that outlive the block have no limit after it."""
    allowance = _Allowance(seconds)
    token = _ALLOWANCE.set(allowance)
    try:
        yield
    finally:
        allowance.left = inf
        _ALLOWANCE.reset(token)


@contextmanager
def waiting() -> Iterator[float]:
    """Yield the seconds that may still be waited, and subtract the time that the block took."""
    allowance = _ALLOWANCE.get() or _Allowance(inf)
    began = time.monotonic()
    try:
        yield max(allowance.left, 0.0)
    finally:
        allowance.left -= time.monotonic() - began
