"""Keeps notes about recordings in a file until the database has them.

The pause, stop or end of a recording, and a mark in it, is reported once, whether or not the database answers then. So
each note is written to the disk first, then to the database, in order; a failed write is repeated until it succeeds,
also by the next server. If the disk has no room either, the note waits in memory.
"""

import asyncio
import json
import logging
import os
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy.exc import DataError, IntegrityError

from signaling.core.timeout_io import TimeoutIo

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
WAIT_SECONDS = 2.0
"""A caller of `add` waits for the database this long, because a meeting must not wait any longer."""
PERMANENT_ERRORS = (DataError, IntegrityError, ValueError, ArithmeticError, TypeError)
"""Errors of notes that the database will never accept; such a note would block all that follow."""


@dataclass(frozen=True, slots=True)
class Paused:
    """The running part of a session is paused or resumed."""

    session: str
    paused: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """The running part of a session is stopped, by an account or for a reason."""

    session: str
    by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class ChapterMark:
    """A chapter begins in the running part of a session."""

    session: str
    seconds: float
    title: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The engine closed a file, named relative to the directory of recordings."""

    file: str
    seconds: float
    error: str | None


@dataclass(frozen=True, slots=True)
class Lost:
    """The worker that recorded into a file died, at the latest `at` (seconds since 1970)."""

    file: str
    at: float


Note = Paused | Stopped | ChapterMark | Ended | Lost
KINDS: dict[str, type[Paused] | type[Stopped] | type[ChapterMark] | type[Ended] | type[Lost]] = {
    kind.__name__: kind for kind in (Paused, Stopped, ChapterMark, Ended, Lost)
}


class RecordingJournal:
    """Pending notes in the file `path`, those of an earlier server included; `note` writes one into the database.

    A note may be written twice, when a server is killed in between, but never after a later one.
    """

    def __init__(self, path: Path, note: Callable[[Note], Awaitable[None]]) -> None:
        self._path = path
        self._note = note
        self._notes = deque(_read(path))
        self._file_exists = path.exists()
        """Whether the file exists, or may exist."""
        self._folder = TimeoutIo()
        self._file_lock = asyncio.Lock()
        self._flush_lock = asyncio.Lock()
        self._flush_task: asyncio.Task[None] | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._away = False
        """Whether the database refused the last note, or takes too long for it."""
        self._stopped = False

    async def add(self, note: Note) -> bool:
        """Store a note in the file, and in the database unless that is known to be away, or does not answer in time.

        Return False if it is in neither, and is lost with this process.
        """
        filed = True
        async with self._file_lock:
            self._notes.append(note)
            self._file_exists = True
            try:
                await self._folder.run(lambda: _append(self._path, note))
            except OSError as error:
                log.error("x %s could not be written to the journal and is only in memory: %s", note, error)
                filed = False
        attempt = self._start_flush()
        if not self._away and not (await asyncio.wait([attempt], timeout=WAIT_SECONDS))[0]:
            self._note_away("it does not answer")
        return filed or note not in self._notes

    async def flush(self) -> None:
        """Write all notes into the database. Raises SQLAlchemyError, OSError, or other errors of a driver."""
        async with self._flush_lock:
            while self._notes or self._file_exists:
                if self._notes:
                    await self._apply(self._notes[0])
                    self._notes.popleft()
                    continue
                async with self._file_lock:
                    if not self._notes:
                        await self._folder.run(lambda: self._path.unlink(missing_ok=True))
                        self._file_exists = False

    def forget_lost(self) -> None:
        """Drop the notes of an earlier server about lost workers; call it before anything is added or flushed."""
        self._notes = deque(note for note in self._notes if not isinstance(note, Lost))

    async def stop(self) -> None:
        """Stop flushing after the flush that runs; pending notes stay in the file for the next server."""
        self._stopped = True
        if self._retry is not None:
            self._retry.cancel()
        if self._flush_task is not None:
            await asyncio.wait([self._flush_task], timeout=WAIT_SECONDS)
            self._flush_task.cancel()
            await asyncio.gather(self._flush_task, return_exceptions=True)

    async def _apply(self, note: Note) -> None:
        try:
            await self._note(note)
        except PERMANENT_ERRORS:
            log.exception("x %s cannot be stored in the database", note)

    def _start_flush(self) -> asyncio.Task[None]:
        """Return a running flush, which will reach the newest note unless it fails before."""
        if self._flush_task is None or self._flush_task.done():
            self._flush_task = asyncio.create_task(self._flush_or_retry())
        return self._flush_task

    async def _flush_or_retry(self) -> None:
        try:
            await self.flush()
        except Exception as error:  # drivers have errors of their own for a database that starts or ends
            self._note_away(repr(error))
            self._retry_later()
            return
        if self._away:
            log.warning("= all journal entries about recordings are stored in the database")
        self._away = False

    def _note_away(self, reason: str) -> None:
        if not self._away:
            log.warning("x %d journal entries about recordings wait for the database: %s", len(self._notes), reason)
        self._away = True

    def _retry_later(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
        if not self._stopped:
            self._retry = asyncio.get_running_loop().call_later(RETRY_SECONDS, self._start_flush)


def _append(path: Path, note: Note) -> None:
    """Append a line; a preceding blank line ends one that was cut off for lack of room."""
    text = json.dumps({"note": type(note).__name__, **asdict(note)})
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as file:
        file.write(f"\n{text}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> Iterator[Note]:
    """Read the notes of a file; skip a line that was cut off."""
    for line in path.read_text(errors="replace").splitlines() if path.exists() else []:
        try:
            fields = json.loads(line) if line else {}
            if fields:
                yield KINDS[fields.pop("note")](**fields)
        except (ValueError, KeyError, TypeError):
            log.warning("x a journal entry about a recording is truncated: %.200s", line)
