"""Defines what handlers of media worker endpoints get: the engine with its counters, keys, limits.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(WORKERS)`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from mediaserver.api import MediaEngine
from scheduler.core.capacity_limit import CapacityLimit
from signaling.workers.drains import WorkerDrains
from signaling.workers.keys import WorkerKeys
from signaling.workers.pool import WorkerPool
from signaling.workers.turn import TurnSettings


@dataclass(frozen=True, slots=True)
class WorkersContext:
    """Parts of the server behind the endpoint that lists machines with media workers."""

    engine: MediaEngine
    pool: WorkerPool | None
    """The media workers; None: the engine runs without any, in a test."""
    keys: WorkerKeys
    drains: WorkerDrains
    capacity_limit: Callable[[], Awaitable[CapacityLimit]]
    """Returns the rated maximum over time."""
    turn: TurnSettings | None


WORKERS = web.AppKey("WorkersContext", WorkersContext)
