"""Manages recordings on disk and in the database, and the tickets that open them.

A file is ``<data>/recordings/<session>/<part>.mp4``; ``joined.mp4`` beside them joins several parts. Nothing here
deletes a file. The catalogue notes the end of a recording through :mod:`signaling.recording.journal`, so that none
stays open in the database; :mod:`signaling.recording.remux_queue` remuxes closed ones. A ticket grants one account one
recording until a moment, signed with a key that this server made for itself and that lies in the data directory.
"""

import asyncio
import hashlib
import hmac
import logging
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from mediaserver.api import ComposedWhen
from mediaserver.recording.chapters import Chapter
from mediaserver.recording.disk_space import Space
from mediaserver.recording.files import delete_empty, written_path
from signaling.core.errors import Forbidden, TicketExpired
from signaling.core.timeout_io import TimeoutIo
from signaling.recording.journal import ChapterMark, Ended, Lost, Note, Paused, RecordingJournal, Stopped
from signaling.recording.model import JOINED, InterruptedRecording, Recording
from signaling.recording.store import RecordingStore

log = logging.getLogger(__name__)

TICKET_LASTS = timedelta(minutes=15)
KEY_BYTES = 32
JOURNAL = "recordings.journal"
"""Name of the file beside the directory of recordings, which may be a share that does not answer."""
MAX_SECONDS = 366 * 86_400.0
MAX_REASON_LENGTH = 32
"""Limits of the columns, in seconds and characters: a file must be closed whatever its worker reports."""


class RecordingCatalog:
    """Knows every recording. Calls `closed` when one can be remuxed; `measure` returns the free space of the disk."""

    def __init__(
        self,
        store: RecordingStore,
        directory: Path,
        key: bytes,
        closed: Callable[[], None],
        measure: Callable[[Path], Space],
    ) -> None:
        self._store = store
        self.directory = directory
        self._key = key
        self._closed = closed
        self._measure = measure
        self._journal = RecordingJournal(directory.with_name(JOURNAL), self._apply)
        self.folder = TimeoutIo()
        """Runs file operations in the directory with a time limit, because meetings wait for them."""
        self._running: set[str] = set()
        self._settled = asyncio.Event()
        self._settled.set()

    async def begin(
        self,
        session: str,
        title: str,
        host: tuple[str, str],
        now: datetime,
        by: str = "",
        composed: ComposedWhen = "live",
    ) -> str:
        """Add the next part of a session's recording; return the path to record into. `host` is (name, unit).

        Raises OSError, but not for a directory that answers slowly: the recorder waits for it longer than a meeting
        may. Pending notes are applied first, because they are about earlier parts.
        """
        await self._journal.flush()
        part = await self._store.next_part(session)
        path = self.directory / session / f"{part}.mp4"
        with suppress(TimeoutError):
            await self.folder.run(lambda: path.parent.mkdir(parents=True, exist_ok=True))

        def new(number: int, file: Path, starter: str) -> Recording:
            about = (str(file), title, host[0], host[1], now)
            return Recording(secrets.token_hex(8), session, number, *about, started_by=starter)

        joined = new(JOINED, path.with_name("joined.mp4"), "") if part > 1 else None
        try:
            await self._store.add_part(replace(new(part, path, by), composed=composed), joined)
        except SQLAlchemyError:
            await self._journal.add(Ended(self._name(str(path)), 0.0, "unavailable"))  # it may be there all the same
            raise
        self._count_running(str(path))
        return str(path)

    def _count_running(self, path: str) -> None:
        self._running.add(path)
        self._settled.clear()

    async def mark(self, session: str, mark: Chapter) -> None:
        """Set a chapter mark in the running part."""
        await self._journal.add(ChapterMark(session, mark.seconds, mark.title))

    async def paused(self, session: str, paused: bool) -> None:
        """Note that the running recording of a session is paused or resumed."""
        await self._journal.add(Paused(session, paused))

    async def left(self, session: str) -> InterruptedRecording | None:
        """Return how the last recording of a session ended, or None if there is none."""
        with suppress(OSError):
            await self._journal.flush()
        parts = [part for part in await self._store.parts(session) if part.part != JOINED]
        return parts[-1].left if parts else None

    @property
    def running(self) -> int:
        """Number of recordings that are being made."""
        return len(self._running)

    async def space(self) -> Space:
        """Return the free space. Raises OSError."""
        return await self.folder.run(lambda: self._measure(self.directory))

    async def stopping(self, session: str, by: str, reason: str | None) -> None:
        """Note which account stops the running recording of a session, or the reason of the stop."""
        await self._journal.add(Stopped(session, by, reason))

    async def ended(self, path: str, seconds: float, error: str | None) -> bool:
        """Note the end of a file as the engine reports it; return True if the note outlives this process.

        A second report changes nothing.
        """
        noted = await self._journal.add(Ended(self._name(path), seconds, error))
        self._count_closed(path)
        return noted

    async def lost(self, path: str, now: datetime) -> None:
        """Note that the worker that recorded into a file died; the file plays to within its last second."""
        await self._journal.add(Lost(self._name(path), now.timestamp()))
        self._count_closed(path)

    def _name(self, path: str) -> str:
        return str(Path(path).relative_to(self.directory))

    async def _apply(self, note: Note) -> None:
        """Write a note into the database. Raises SQLAlchemyError, OSError."""
        match note:
            case Paused():
                await self._store.note_pause(note.session, note.paused)
            case Stopped():
                await self._store.note_stop(note.session, note.by, note.reason)
            case ChapterMark():
                await self._store.add_mark(note.session, Chapter(note.seconds, note.title))
            case Ended():
                await self._note_end(str(self.directory / note.file), note.seconds, note.error)
            case Lost():
                recording = await self._store.running_into(str(self.directory / note.file))
                if recording is not None:
                    await self._interrupt(recording, datetime.fromtimestamp(note.at, UTC))

    async def _note_end(self, path: str, seconds: float, error: str | None) -> None:
        error = error and error[:MAX_REASON_LENGTH]
        try:
            size = await self.folder.run(lambda: _size(path))
        except OSError as fault:
            log.warning("x the size of %s cannot be read: %s", path, fault)
            size = None
        await self._close(path, seconds, size, error)

    def forget_lost(self) -> None:
        """Drop what an earlier process of this server noted of lost workers, before anything else is noted.

        Workers of other machines may have left it while it hung, and record on for the server that led after it.
        """
        self._journal.forget_lost()

    async def taken_over(self) -> set[str]:
        """Return the files that an earlier server left open, counted as running, after pending notes are applied."""
        open_ = {recording.path for recording in await self._open()}
        for path in open_:
            self._count_running(path)
        return open_

    async def interrupted(self, now: datetime, session: str) -> None:
        """Close the files that the lost worker of a session left open; they play to within their last second."""
        for recording in await self._open():
            if recording.session == session:
                await self._interrupt(recording, now)

    async def _open(self) -> list[Recording]:
        await self._journal.flush()
        return [each for each in await self._store.recordings_in("recording") if each.part != JOINED]

    async def _interrupt(self, recording: Recording, now: datetime) -> None:
        seconds, size = await self._length(recording, now)
        await self._close(recording.path, seconds, size, "interrupted")
        log.warning("- recording %s part %d was interrupted", recording.session, recording.part)

    async def _length(self, recording: Recording, now: datetime) -> tuple[float, int | None]:
        """Return seconds and bytes of a part that was not closed; bytes are None if the directory does not answer."""
        try:
            return await self.folder.run(lambda: _length(recording, now))
        except OSError as fault:
            log.warning("x length and size of %s cannot be read: %s", recording.path, fault)
            return (now - recording.started).total_seconds(), None

    async def _close(self, path: str, seconds: float, size: int | None, error: str | None) -> None:
        """Close a part. One that was stopped before its first picture has no file; size None means unknown."""
        if size != 0:
            milliseconds = round(min(max(0.0, seconds), MAX_SECONDS) * 1000)
            await self._store.close_recording(path, milliseconds, size or 0, "finishing", error)
        else:
            await self._store.close_recording(path, 0, 0, "broken", error or "empty")
        self._count_closed(path)
        self._closed()

    def _count_closed(self, path: str) -> None:
        self._running.discard(path)
        if not self._running:
            self._settled.set()

    async def stop(self) -> None:
        """Stop writing notes into the database."""
        await self._journal.stop()

    async def settled(self, seconds: float) -> None:
        """Wait until every recording is closed, at most `seconds`; the next start notes the rest."""
        try:
            async with asyncio.timeout(seconds):
                await self._settled.wait()
        except TimeoutError:
            log.warning("x a recording was not closed in time, the next start closes it")

    def ticket(self, recording: str, account: str, now: datetime) -> tuple[str, datetime]:
        """Return a ticket for one account, and when it expires."""
        expires = now + TICKET_LASTS
        seconds = int(expires.timestamp())
        return f"{seconds}.{self._sign(recording, account, seconds)}", expires

    def check(self, ticket: str, recording: str, account: str, now: datetime) -> None:
        """Check a ticket. Raises Forbidden if it is for another recording or account, TicketExpired if it is old."""
        text, _, signature = ticket.partition(".")
        if not (text.isascii() and text.isdecimal() and len(text) <= 12 and signature.isascii()):
            raise Forbidden
        if not hmac.compare_digest(self._sign(recording, account, int(text)), signature):
            raise Forbidden
        if now.timestamp() >= int(text):
            raise TicketExpired

    def _sign(self, recording: str, account: str, expires: int) -> str:
        text = f"{recording}\n{account}\n{expires}".encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()


def load_key(path: Path) -> bytes:
    """Return the key in a file; create it at first use, readable by its owner only."""
    if not path.exists():
        write_key(path, secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()


def write_key(path: Path, key: bytes) -> None:
    """Write a key into a new file, readable by its owner only. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)


def _size(path: str) -> int:
    """Return the bytes of a closed part, or of its tracks; delete the files of a part that stayed empty."""
    delete_empty(Path(path))
    written = written_path(Path(path))
    return 0 if written is None else written.stat().st_size


def _length(recording: Recording, now: datetime) -> tuple[float, int]:
    """Return seconds and bytes of a part that was not closed: its last write was when its worker died."""
    delete_empty(Path(recording.path))
    written = written_path(Path(recording.path))
    if written is None:
        return 0.0, 0
    status = written.stat()
    last = min(status.st_mtime, now.timestamp())
    return max(0.0, last - recording.started.timestamp()), status.st_size
