"""Recordings on disk and in the record, and the tickets that open them.

A file is ``<data>/recordings/<session>/<part>.mp4``; nothing here deletes one. A ticket says who may fetch which
recording until when, under a key that this server made for itself and that lies in the data directory.
"""

import asyncio
import hashlib
import hmac
import logging
import secrets
from datetime import datetime, timedelta
from pathlib import Path

from signaling.errors import Forbidden, TicketExpired
from signaling.store import Recording, RecordingPhase, Store

log = logging.getLogger(__name__)

TICKET_LASTS = timedelta(minutes=15)
KEY_BYTES = 32


class Recordings:
    """Knows every recording."""

    def __init__(self, store: Store, directory: Path, key: bytes) -> None:
        # given
        self._store = store
        self._directory = directory
        self._key = key
        # owned
        self._running: set[str] = set()
        self._settled = asyncio.Event()
        self._settled.set()

    async def begin(self, session: str, title: str, host: tuple[str, str], now: datetime) -> str:
        """Note the next part of a session's recording; return the path to record into. `host` is (name, unit)."""
        part = await self._store.next_part(session)
        path = self._directory / session / f"{part}.mp4"
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        recording = Recording(secrets.token_hex(8), session, part, str(path), title, host[0], host[1], now)
        await self._store.add_recording(recording)
        self._running.add(str(path))
        self._settled.clear()
        return str(path)

    async def ended(self, path: str, seconds: float, error: str | None) -> None:
        """Note what the engine said of a closed recording."""
        size = await asyncio.to_thread(_size, path)
        state: RecordingPhase = "finished" if error is None else "failed"
        await self._close(path, round(seconds), size, state)

    async def interrupted(self, now: datetime, session: str | None = None) -> None:
        """Close what a lost worker or a killed server left open; the file plays to within its last second."""
        for recording in await self._store.running_recordings():
            if session in (None, recording.session):
                seconds, size = await asyncio.to_thread(_length, recording, now)
                await self._close(recording.path, seconds, size, "interrupted")
                log.warning("- recording %s part %d was interrupted", recording.session, recording.part)

    async def _close(self, path: str, seconds: int, size: int, state: RecordingPhase) -> None:
        await self._store.close_recording(path, seconds, size, state)
        self._running.discard(path)
        if not self._running:
            self._settled.set()

    async def settled(self, seconds: float) -> None:
        """Wait until every recording is closed, at most `seconds`; the next start notes what is not."""
        try:
            await asyncio.wait_for(self._settled.wait(), seconds)
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
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()


def _size(path: str) -> int:
    file = Path(path)
    return file.stat().st_size if file.exists() else 0


def _length(recording: Recording, now: datetime) -> tuple[int, int]:
    """Return seconds and bytes of a part nobody closed: it was last written when its worker died."""
    file = Path(recording.path)
    if not file.exists():
        return 0, 0
    status = file.stat()
    last = min(status.st_mtime, now.timestamp())
    return max(0, round(last - recording.started.timestamp())), status.st_size
