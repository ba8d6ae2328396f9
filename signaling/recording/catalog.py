"""Recordings on disk and in the record, and the tickets that open them.

A file is ``<data>/recordings/<session>/<part>.mp4``, and ``joined.mp4`` beside them what joins several parts; nothing
here deletes one. How one ends is noted through :mod:`signaling.recording.journal`, so that none stays open on record,
and once closed it is made good by :mod:`signaling.recording.remux_queue`. A ticket says who may fetch which recording
until when, under a key that this server made for itself and that lies in the data directory.
"""

import asyncio
import hashlib
import hmac
import logging
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mediaserver.recording.chapters import Chapter
from mediaserver.recording.disk_space import Space
from mediaserver.recording.files import delete_empty
from signaling.core.errors import Forbidden, TicketExpired
from signaling.core.timeout_io import TimeoutIo
from signaling.recording.journal import Ended, Lost, Note, Paused, RecordingJournal, Stopped
from signaling.recording.model import JOINED, InterruptedRecording, Recording
from signaling.recording.store import RecordingStore

log = logging.getLogger(__name__)

TICKET_LASTS = timedelta(minutes=15)
KEY_BYTES = 32
JOURNAL = "recordings.journal"
"""The name of the file beside the directory of recordings, which may be a share that does not answer."""
LONGEST_S = 366 * 86_400.0
LONGEST_WORD = 32
"""More seconds, or letters of a word, the record does not take: a file must be closed whatever its worker says."""


class RecordingCatalog:
    """Knows every recording. `closed` is told when one can be made good, `measure` looks how full the disk is."""

    def __init__(
        self,
        store: RecordingStore,
        directory: Path,
        key: bytes,
        closed: Callable[[], None],
        measure: Callable[[Path], Space],
    ) -> None:
        # given
        self._store = store
        self.directory = directory
        self._key = key
        self._closed = closed
        self._measure = measure
        # owned
        self._journal = RecordingJournal(directory.with_name(JOURNAL), self._note)
        self.folder = TimeoutIo()
        """Through which whatever is done in the directory is done while meetings wait for it."""
        self._running: set[str] = set()
        self._settled = asyncio.Event()
        self._settled.set()

    async def begin(self, session: str, title: str, host: tuple[str, str], now: datetime, by: str = "") -> str:
        """Note the next part of a session's recording; return the path to record into. `host` is (name, unit).

        Raises OSError, but not for a folder that is slow to answer: the recorder waits for it longer than we may.
        What waits to be noted is noted first, for it is about the parts before.
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
        await self._store.add_part(new(part, path, by), joined)
        self._runs(str(path))
        return str(path)

    def _runs(self, path: str) -> None:
        self._running.add(path)
        self._settled.clear()

    async def mark(self, session: str, mark: Chapter) -> None:
        """Set a mark in the part that runs."""
        await self._store.add_mark(session, mark)

    async def paused(self, session: str, paused: bool) -> None:
        """Note that the running recording of a session pauses, or goes on."""
        await self._journal.add(Paused(session, paused))

    async def left(self, session: str) -> InterruptedRecording | None:
        """How a session's recording was left; None if there is none."""
        with suppress(OSError):
            await self._journal.flush()
        parts = [part for part in await self._store.parts(session) if part.part != JOINED]
        return parts[-1].left if parts else None

    @property
    def running(self) -> int:
        """How many recordings are being made."""
        return len(self._running)

    async def space(self) -> Space:
        """How much room there is. Raises OSError."""
        return await self.folder.run(lambda: self._measure(self.directory))

    async def stopping(self, session: str, by: str, reason: str | None) -> None:
        """Note who stops the running recording of a session, or why it is stopped."""
        await self._journal.add(Stopped(session, by, reason))

    async def ended(self, path: str, seconds: float, error: str | None) -> bool:
        """Note what the engine said of a closed recording; whether that outlives this process.

        Said twice, it changes nothing.
        """
        noted = await self._journal.add(Ended(self._name(path), seconds, error))
        self._runs_no_more(path)
        return noted

    async def lost(self, path: str, now: datetime) -> None:
        """Note that the worker that recorded into a file died; the file plays to within its last second."""
        await self._journal.add(Lost(self._name(path), now.timestamp()))
        self._runs_no_more(path)

    def _name(self, path: str) -> str:
        return str(Path(path).relative_to(self.directory))

    async def _note(self, note: Note) -> None:
        """Bring a note into the database. Raises SQLAlchemyError, OSError."""
        match note:
            case Paused():
                await self._store.note_pause(note.session, note.paused)
            case Stopped():
                await self._store.note_stop(note.session, note.by, note.reason)
            case Ended():
                await self._note_end(str(self.directory / note.file), note.seconds, note.error)
            case Lost():
                recording = await self._store.running_into(str(self.directory / note.file))
                if recording is not None:
                    await self._interrupt(recording, datetime.fromtimestamp(note.at, UTC))

    async def _note_end(self, path: str, seconds: float, error: str | None) -> None:
        error = error and error[:LONGEST_WORD]
        try:
            size = await self.folder.run(lambda: _size(path))
        except OSError as fault:
            log.warning("x %s: %s", path, fault)
            size = None
        await self._close(path, seconds, size, error)

    async def taken_over(self) -> set[str]:
        """Return the files that an earlier server left open, which count as running; what it knew of ends is noted."""
        open_ = {recording.path for recording in await self._open()}
        for path in open_:
            self._runs(path)
        return open_

    async def interrupted(self, now: datetime, session: str) -> None:
        """Close what the lost worker of a session left open; the file plays to within its last second."""
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
        """Return seconds and bytes of a part nobody closed, the latter None where nobody can look."""
        try:
            return await self.folder.run(lambda: _length(recording, now))
        except OSError as fault:
            log.warning("x %s: %s", recording.path, fault)
            return (now - recording.started).total_seconds(), None

    async def _close(self, path: str, seconds: float, size: int | None, error: str | None) -> None:
        """A part that was stopped before its first picture has no file; where nobody could look it may have one."""
        if size != 0:
            milliseconds = round(min(max(0.0, seconds), LONGEST_S) * 1000)
            await self._store.close_recording(path, milliseconds, size or 0, "finishing", error)
        else:
            await self._store.close_recording(path, 0, 0, "broken", error or "empty")
        self._runs_no_more(path)
        self._closed()

    def _runs_no_more(self, path: str) -> None:
        self._running.discard(path)
        if not self._running:
            self._settled.set()

    async def stop(self) -> None:
        """Bring no more into the database."""
        await self._journal.stop()

    async def settled(self, seconds: float) -> None:
        """Wait until every recording is closed, at most `seconds`; the next start notes what is not."""
        try:
            async with asyncio.timeout(seconds):
                await self._settled.wait()
        except TimeoutError:
            log.warning("x a recording was not closed in time")

    def ticket(self, recording: str, account: str, now: datetime) -> tuple[str, datetime]:
        """Return a ticket for one account and when it ends."""
        expires = now + TICKET_LASTS
        seconds = int(expires.timestamp())
        return f"{seconds}.{self._sign(recording, account, seconds)}", expires

    def check(self, ticket: str, recording: str, account: str, now: datetime) -> None:
        """Raises Forbidden for a ticket made for something or somebody else, TicketExpired for an old one."""
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
    """Return the key in a file, made at first use and readable by its owner only."""
    if not path.exists():
        keep_key(path, secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()


def keep_key(path: Path, key: bytes) -> None:
    """Write a key into a file that is not there yet, readable by its owner only. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)


def _size(path: str) -> int:
    """Return the bytes of a part that is closed; files that were made for it and stayed empty are deleted."""
    file = Path(path)
    delete_empty(file)
    return file.stat().st_size if file.exists() else 0


def _length(recording: Recording, now: datetime) -> tuple[float, int]:
    """Return seconds and bytes of a part nobody closed: it was last written when its worker died."""
    file = Path(recording.path)
    delete_empty(file)
    if not file.exists():
        return 0.0, 0
    status = file.stat()
    last = min(status.st_mtime, now.timestamp())
    return max(0.0, last - recording.started.timestamp()), status.st_size
