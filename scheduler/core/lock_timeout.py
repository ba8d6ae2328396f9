"""How long a task waits in all for its turns at the database: for a connection, and for the one writer.

Background work waits as long as the database lets it. Who answers somebody gives up early enough to say so.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf


class _Allowance:
    """Seconds that may still be waited."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds


_ALLOWANCE: ContextVar[_Allowance | None] = ContextVar("lock_timeout", default=None)


@contextmanager
def lock_timeout(seconds: float) -> Iterator[None]:
    """Let what runs within wait so long in all. Tasks it started that outlive it wait as background work does."""
    allowance = _Allowance(seconds)
    token = _ALLOWANCE.set(allowance)
    try:
        yield
    finally:
        allowance.left = inf
        _ALLOWANCE.reset(token)


@contextmanager
def waiting() -> Iterator[float]:
    """Yield how many seconds may be waited, and take off what was."""
    allowance = _ALLOWANCE.get() or _Allowance(inf)
    began = time.monotonic()
    try:
        yield max(allowance.left, 0.0)
    finally:
        allowance.left -= time.monotonic() - began
