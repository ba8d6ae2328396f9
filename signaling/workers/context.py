"""Defines what handlers of media worker endpoints get: the engine with its counters, and the keys.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(WORKERS)`.
"""

from dataclasses import dataclass

from aiohttp import web

from mediaserver.api import MediaEngine
from signaling.workers.drains import WorkerDrains
from signaling.workers.keys import WorkerKeys
from signaling.workers.pool import WorkerPool


@dataclass(frozen=True, slots=True)
class WorkersContext:
    """Parts of the server behind the endpoint that lists machines with media workers."""

    engine: MediaEngine
    pool: WorkerPool | None
    """The media workers; None: the engine runs without any, in a test."""
    keys: WorkerKeys
    drains: WorkerDrains


WORKERS = web.AppKey("WorkersContext", WorkersContext)
