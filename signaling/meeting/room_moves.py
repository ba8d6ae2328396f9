"""Moves rooms from drained media workers to others, and recorded ones from those that cannot write any more.

They move one after the other, while their meetings go on.

Which workers are drained stands in the database: a command asks for it there, and the next server finds it there.

A room is opened on another worker, where it looks and sounds as before. Pages are asked to connect there, and keep the
connection that they have; calls of room systems are offered the new address. Once everybody who was connected is there,
pages show the new connection, the recording goes on there as its next part, and the room is closed where it was.

Of a room that is on several workers the seats at the drained one move to the others in the same way.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from mediaserver.errors import MediaError
from signaling.core.errors import NoPlaceElsewhere, NotFound
from signaling.meeting.manager import MeetingManager
from signaling.meeting.runner import MeetingRunner
from signaling.workers.drains import Drain, DrainState, WorkerDrains
from signaling.workers.pool import WorkerPool

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Interval of checks whether a room is to move."""
POLL_SECONDS = 0.05
ARRIVE_SECONDS = 6.0
"""Longest wait for those who were connected: a page on a poor line that needs longer connects again by itself."""
SETTLE_SECONDS = 1.0
"""Time for the first pictures and sounds, after everybody has connected where the room moved to."""
LINGER_SECONDS = 1.0
"""How long the room stays open where it was, after pages were told to show the new connection."""

MoveSystems = Callable[[MeetingRunner, Collection[str] | None], Awaitable[Callable[[], Awaitable[None]]]]
"""Takes down the calls of a meeting's room systems, all or those in some seats; what it returns moves them to the
worker of the room, or of their seat, by then."""


class RoomMoves:
    """Empties the drained workers of a pool."""

    def __init__(self, pool: WorkerPool, drains: WorkerDrains, meetings: MeetingManager, systems: MoveSystems) -> None:
        self._pool = pool
        self._drains = drains
        self._meetings = meetings
        self._systems = systems
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for rooms that are to move."""
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Stop; a room that is moving stays open on both workers, and the next server closes one."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep(self) -> None:
        while True:
            try:
                async with self._pool.deciding:
                    await self._follow()
            except (SQLAlchemyError, OSError) as error:  # what is drained stays so until the database answers
                log.warning("x which media workers are drained cannot be read: %s", error)
            for room in self._pool.rooms_to_move():
                meeting = self._meetings.meetings.get(room)  # None for that of a test call, which ends by itself
                if meeting is not None and meeting.attached and not self._meetings.stopping:
                    await self._guarded(meeting, self.move(meeting))
            for room, worker in self._pool.parts_to_move():
                meeting = self._meetings.meetings.get(room)
                if meeting is not None and meeting.attached and not self._meetings.stopping:
                    await self._guarded(meeting, self.leave(meeting, worker))
            await asyncio.sleep(LOOK_SECONDS)

    async def _follow(self) -> None:
        """Drain what administrators want empty, take the rest back, note how far each is. Raises SQLAlchemyError."""
        wanted = await self._drains.all()
        for name in self._pool.drained - wanted.keys():
            await self._pool.undrain(name)
        for name, before in wanted.items():
            state = self._decided(name) if before.state == "asked" else before.state
            if state == "draining":
                self._pool.keep_drained(name)
            now = Drain(state, *self._pool.left_at(name))
            if now != before:
                await self._drains.note(name, now)

    def _decided(self, name: str) -> DrainState:
        try:
            self._pool.drain(name)
        except NotFound:
            return "unknown"
        except NoPlaceElsewhere as refusal:
            return refusal.lacking
        return "draining"

    async def _guarded(self, meeting: MeetingRunner, move: Coroutine[Any, Any, None]) -> None:
        try:
            await move
        except MediaError as error:
            log.warning("x the room of meeting %s cannot move: %s", meeting.id, error)
        except Exception:
            log.exception("x moving the room of meeting %s failed, the others go on", meeting.id)

    async def move(self, meeting: MeetingRunner) -> None:
        """Move the room of a meeting. Raises MediaError, and the meeting stays where it is."""
        move_systems = await self._systems(meeting, None)
        await meeting.move(self._pool.move_room)
        log.warning("= the room of meeting %s moves to media worker %s", meeting.id, self._pool.place(meeting.id))
        try:
            await self._change_over(meeting, move_systems)
        except Exception:  # a part of the recording that cannot begin, for one; the room has moved all the same
            log.exception("x not all of meeting %s has moved with its room", meeting.id)
        await self._pool.leave_room(meeting.id)

    async def _change_over(self, meeting: MeetingRunner, move_systems: Callable[[], Awaitable[None]]) -> None:
        await move_systems()
        await _arrival(meeting)
        await meeting.moved()
        await asyncio.sleep(LINGER_SECONDS)

    async def leave(self, meeting: MeetingRunner, worker: str) -> None:
        """Move what a worker has of a room that it shares with others to these. Raises MediaError, and the meeting
        stays where it is."""
        move_systems = await self._systems(meeting, self._pool.seats_at(meeting.id, worker))
        seats, recording = await meeting.move_seats(lambda: self._pool.begin_to_leave(meeting.id, worker))
        log.warning("= %d seats of meeting %s leave media worker %s", len(seats), meeting.id, worker)
        try:
            await move_systems()
            await _arrival(meeting)
            await meeting.seats_moved(seats, recording=recording)
            await asyncio.sleep(LINGER_SECONDS)
        except Exception:  # a part of the recording that cannot begin, for one; the seats have moved all the same
            log.exception("x not all of meeting %s has left media worker %s", meeting.id, worker)
        await self._pool.finish_to_leave(meeting.id, worker)


async def _arrival(meeting: MeetingRunner) -> None:
    """Wait until those who were connected are connected where they move to, and see something, but not for ever."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ARRIVE_SECONDS):
            while meeting.state.arriving:  # noqa: ASYNC110 - many clients connect, which set no event
                await asyncio.sleep(POLL_SECONDS)
    await asyncio.sleep(SETTLE_SECONDS)
