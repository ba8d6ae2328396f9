"""What the endpoints of this folder use, and nothing else that the server has."""

from dataclasses import dataclass

from aiohttp import web

from mediaserver.api import MediaEngine
from signaling.workers.keys import WorkerKeys


@dataclass(frozen=True, slots=True)
class WorkersContext:
    """What endpoints of media workers use."""

    engine: MediaEngine
    keys: WorkerKeys


WORKERS = web.AppKey("WorkersContext", WorkersContext)
