"""What is to be noted of recordings, kept in a file until the database has it.

That a recording pauses, is stopped or has ended is said once, whether or not the database answers then. So each note is
on the disk before it counts, then goes to the database, in order; what that does not take is tried again until it does,
also by the next server. Where there is no room for the file either, the note waits in memory.
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
"""So long one who adds a note waits for the database; what comes after it in a meeting must not wait any longer."""
UNFIT = (DataError, IntegrityError, ValueError, ArithmeticError, TypeError)
"""What the database will never take: it would hold up all that follow."""


@dataclass(frozen=True, slots=True)
class Paused:
    """The running part of a session pauses, or goes on."""

    session: str
    paused: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """The running part of a session is stopped, by an account or for a reason."""

    session: str
    by: str
    reason: str | None


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


Note = Paused | Stopped | Ended | Lost
KINDS: dict[str, type[Paused] | type[Stopped] | type[Ended] | type[Lost]] = {
    kind.__name__: kind for kind in (Paused, Stopped, Ended, Lost)
}


class RecordingJournal:
    """Notes that wait in the file `path`, and those of an earlier server; `note` brings one into the database.

    A note may be brought there twice, when a server is killed in between, but never after one that came later.
    """

    def __init__(self, path: Path, note: Callable[[Note], Awaitable[None]]) -> None:
        # given
        self._path = path
        self._note = note
        # owned
        self._notes = deque(_read(path))
        self._filed = path.exists()
        """Whether there is, or may be, a file."""
        self._folder = TimeoutIo()
        self._filing = asyncio.Lock()
        self._noting = asyncio.Lock()
        self._attempt: asyncio.Task[None] | None = None
        self._hangs: asyncio.Task[None] | None = None
        """The attempt that nobody waits for any more."""
        self._retry: asyncio.TimerHandle | None = None
        self._failing = False
        self._stopped = False

    async def add(self, note: Note) -> bool:
        """Keep a note. It is in the file then, and in the database unless that does not answer at once.

        False: it is in neither, and is lost with this process.
        """
        filed = True
        async with self._filing:
            self._notes.append(note)
            self._filed = True
            try:
                await self._folder.run(lambda: _append(self._path, note))
            except OSError as error:
                log.error("x %s waits in memory alone: %s", note, error)
                filed = False
        attempt = self._try()
        if attempt is not self._hangs and not (await asyncio.wait([attempt], timeout=WAIT_SECONDS))[0]:
            self._hangs = attempt
        return filed or note not in self._notes

    async def flush(self) -> None:
        """Bring all notes into the database. Raises SQLAlchemyError, OSError, or what else a driver raises."""
        async with self._noting:
            while self._notes or self._filed:
                if self._notes:
                    await self._bring(self._notes[0])
                    self._notes.popleft()
                    continue
                async with self._filing:
                    if not self._notes:
                        await self._folder.run(lambda: self._path.unlink(missing_ok=True))
                        self._filed = False

    async def stop(self) -> None:
        """Try no more once the attempt that is being made is over; what waits stays in the file for the next server."""
        self._stopped = True
        if self._retry is not None:
            self._retry.cancel()
        if self._attempt is not None:
            await asyncio.wait([self._attempt], timeout=WAIT_SECONDS)
            self._attempt.cancel()
            await asyncio.gather(self._attempt, return_exceptions=True)

    async def _bring(self, note: Note) -> None:
        try:
            await self._note(note)
        except UNFIT:
            log.exception("x %s cannot be noted", note)

    def _try(self) -> asyncio.Task[None]:
        """An attempt that will come to the newest note, unless it fails before."""
        if self._attempt is None or self._attempt.done():
            self._attempt = asyncio.create_task(self._work())
        return self._attempt

    async def _work(self) -> None:
        try:
            await self.flush()
        except Exception as error:  # drivers have errors of their own for a database that starts or ends
            if not self._failing:
                log.warning("x %d notes of recordings wait for the database: %r", len(self._notes), error)
            self._failing = True
            self._try_later()
            return
        if self._failing:
            log.warning("= what waited of recordings is noted")
        self._failing = False

    def _try_later(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
        if not self._stopped:
            self._retry = asyncio.get_running_loop().call_later(RETRY_SECONDS, self._try)


def _append(path: Path, note: Note) -> None:
    """Write a line; what was cut off before it, for lack of room, is a line of its own."""
    text = json.dumps({"note": type(note).__name__, **asdict(note)})
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as file:
        file.write(f"\n{text}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> Iterator[Note]:
    """Read the notes of a file; a line that was cut off is none."""
    for line in path.read_text(errors="replace").splitlines() if path.exists() else []:
        try:
            fields = json.loads(line) if line else {}
            if fields:
                yield KINDS[fields.pop("note")](**fields)
        except (ValueError, KeyError, TypeError):
            log.warning("x a note of a recording was cut off: %.200s", line)
