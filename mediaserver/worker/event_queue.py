"""The events of an engine that wait for its server, and how its recordings ended until the server has noted it."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator

from mediaserver.api import ENDS, Event, RecordingEnded

MAX_EVENTS = 10_000
"""Events that wait for a reader. When more wait, the oldest are dropped: the latest state counts."""

logger = logging.getLogger(__name__)


class EventQueue:
    """Keeps events in order for one reader."""

    def __init__(self) -> None:
        self.waiting: deque[Event] = deque(maxlen=MAX_EVENTS)
        """Events that nobody has read."""
        self.writing: dict[str, str] = {}
        """The room of each file, by path, that is being recorded into or being closed."""
        self.ended: dict[str, RecordingEnded] = {}
        """How recordings ended, by path, that no server has acknowledged yet."""
        self._added = asyncio.Event()
        self._closed = False

    def add(self, event: Event) -> None:
        """Add an event; the end of a recording is kept until it is acknowledged."""
        if isinstance(event, RecordingEnded):
            self._keep_end(event)
        self.waiting.append(event)
        self._added.set()

    def _keep_end(self, end: RecordingEnded) -> None:
        self.writing.pop(end.path, None)
        self.ended[end.path] = end
        if len(self.ended) > ENDS:
            lost = self.ended.pop(next(iter(self.ended)))
            logger.warning("x nobody noted how the recording into %s ended: %s", lost.path, lost.error)

    async def read(self) -> AsyncIterator[Event]:
        """Yield events in order; ends after :meth:`close`."""
        while True:
            while self.waiting:
                yield self.waiting.popleft()
            if self._closed:
                return
            self._added.clear()
            await self._added.wait()

    def close(self) -> None:
        """End :meth:`read` once all events are read."""
        self._closed = True
        self._added.set()
