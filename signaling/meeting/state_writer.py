"""Stores running meetings in SQL within half a second of each change, so that another process can continue them."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from signaling.meeting.state import snapshot as state_snapshot
from signaling.meeting.state.snapshot import MeetingSnapshot
from signaling.meeting.store import MeetingStore, StoredMeeting

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.3
"""Changes are collected this long before they are written; in the meeting they act at once."""
AGAIN_SECONDS = 1.0
"""Pause after a write that the database refused."""
PATIENCE_SECONDS = 1.0
"""A client that joins waits so long at most until its seat is stored."""


class RunningMeeting(Protocol):
    """A meeting that this process runs."""

    @property
    def id(self) -> str:
        """The id of its session."""

    @property
    def snapshot(self) -> MeetingSnapshot:
        """The values to store."""


class MeetingStateWriter:
    """Writes changed meetings to the database, unless another process has taken them over."""

    def __init__(self, store: MeetingStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._epochs: dict[str, int] = {}
        self._written: dict[str, str] = {}
        """The JSON that the database has now, by session."""
        self._changed: dict[str, RunningMeeting] = {}
        self._ended: dict[str, int] = {}
        self._superseded: set[str] = set()
        self._pending = asyncio.Event()
        self._write_now = asyncio.Event()
        self._round: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Is done when the changes collected now are written."""
        self._refused = False
        self._writing: asyncio.Task[None] | None = None

    async def take_over(self) -> dict[str, MeetingSnapshot]:
        """Take over all stored meetings and return them, by session.

        One that cannot be read, since a release before the last one stored it, is logged and deleted: its clients come
        back to a new meeting under the same code. Raises NewerMeetings if one is of a later version.
        """
        snapshots = {}
        for row in await self._store.take_over():
            self._epochs[row.session] = row.epoch
            try:
                snapshots[row.session] = state_snapshot.load(row.record)
            except ValueError as error:
                log.error(
                    "x the meeting of session %s begins anew: version %d was stored, and this release reads %d to %d",
                    row.session,
                    state_snapshot.version_of(row.record),
                    state_snapshot.OLDEST,
                    state_snapshot.VERSION,
                )
                log.info("x %s", error)
                self._ended[row.session] = row.epoch
                self._pending.set()
            else:
                self._written[row.session] = row.record
        return snapshots

    def start(self) -> None:
        """Start writing."""
        self._writing = asyncio.create_task(self._write_forever())

    async def stop(self) -> None:
        """Write the last changes, and stop."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
            self._writing = None
            await self._write()

    def changed(self, meeting: RunningMeeting) -> None:
        """Note that a meeting changed, so that it is written."""
        if meeting.id not in self._superseded:
            self._changed[meeting.id] = meeting
            self._pending.set()

    def ended(self, session: str) -> None:
        """Delete the stored values of a meeting that is over."""
        self._changed.pop(session, None)
        self._written.pop(session, None)
        if (epoch := self._epochs.pop(session, None)) is not None:
            self._ended[session] = epoch
            self._pending.set()

    async def ensure_stored(self, meeting: RunningMeeting) -> None:
        """Store a meeting as it is now and wait for that, one second at most: a slow database must not stop a join."""
        if self._writing is None:
            return
        self.changed(meeting)
        self._write_now.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.shield(self._round)

    async def _write_forever(self) -> None:
        while True:
            await self._pending.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHER_SECONDS):
                    await self._write_now.wait()
            if not await self._write():
                await asyncio.sleep(AGAIN_SECONDS)

    async def _write(self) -> bool:
        """Write all changes in one transaction; return False when the database refused, and they stay due."""
        changed, ended = self._changed, self._ended
        self._changed, self._ended = {}, {}
        done, self._round = self._round, asyncio.get_running_loop().create_future()
        self._pending.clear()
        self._write_now.clear()
        try:
            texts = self._texts(changed)
            if texts or ended:
                await self._put(texts, ended)
        except BaseException as error:
            again = {session: meeting for session, meeting in changed.items() if session not in self._ended}
            self._changed, self._ended = again | self._changed, ended | self._ended
            self._pending.set()
            if not isinstance(error, SQLAlchemyError | OSError):
                raise
            if not self._refused:
                log.error("x running meetings cannot be stored: %s", error)
            self._refused = True
            return False
        finally:
            done.set_result(None)
        self._refused = False
        return True

    def _texts(self, changed: Mapping[str, RunningMeeting]) -> dict[str, str]:
        """Return the JSON of meetings that differ from what was written; one that fails does not stop the others."""
        texts = {}
        for session, meeting in changed.items():
            try:
                text = state_snapshot.dump(meeting.snapshot)
            except Exception:
                log.exception("x meeting %s cannot be stored", session)
                continue
            if self._written.get(session) != text:
                texts[session] = text
        return texts

    async def _put(self, texts: dict[str, str], ended: dict[str, int]) -> None:
        rows = [StoredMeeting(session, self._epochs.setdefault(session, 1), text) for session, text in texts.items()]
        lost = await self._store.write(rows, ended, self._clock())
        for session in lost:
            log.error("x meeting %s is run by another server", session)
        self._superseded |= lost
        self._written |= {session: text for session, text in texts.items() if session in self._epochs}
