"""The parts of the server that endpoints of media workers use."""

from dataclasses import dataclass

from aiohttp import web

from mediaserver.api import MediaEngine
from signaling.workers.keys import WorkerKeys


@dataclass(frozen=True, slots=True)
class WorkersContext:
    """The parts of the server that endpoints of media workers use."""

    engine: MediaEngine
    keys: WorkerKeys


WORKERS = web.AppKey("WorkersContext", WorkersContext)
