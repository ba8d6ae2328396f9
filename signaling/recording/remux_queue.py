"""Makes closed recordings good, one after the other, in a process of their own: see
:mod:`mediaserver.recording.remuxer`.

What is good, or will never be, is sealed (:mod:`mediaserver.recording.encrypted_file`). Until then it lies open, for a
killed worker must leave a file that plays.

What is to be done stands in the record (state `finishing`), so that a server that was killed goes on where it was.
"""

import asyncio
import json
import logging
import secrets
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from mediaserver.recording.chapters import Chapter
from mediaserver.recording.disk_space import measure
from mediaserver.recording.encrypted_file import FileCipher
from mediaserver.recording.remux_job import RecordingPart, RemuxJob
from signaling.core import child_process
from signaling.recording.model import JOINED, Recording, Solo
from signaling.recording.store import RecordingStore

log = logging.getLogger(__name__)

RETRY_SECONDS = 60.0
"""What the disk has no room for, or what was ended from outside, is tried again this often."""
PATIENCE_SECONDS = 3600.0
TRIES = 3
"""So often a process may end without a word, killed as likely as not, before its file counts as unreadable."""


@dataclass(frozen=True, slots=True)
class Made:
    """What the process says: the good file, or a word for why there is none."""

    facts: dict[str, Any]

    @property
    def error(self) -> str | None:
        """The word."""
        error: str | None = self.facts.get("error")
        return error


WORDLESS = Made({"error": "unreadable"})
"""The process ended before it could say anything: something in the file, or somebody, ended it."""


async def make(job: RemuxJob) -> Made:
    """Make a good file out of pieces."""
    command = [sys.executable, "-m", "mediaserver.recording.remuxer"]
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            _, printed = await child_process.output(command, job.text().encode())
        return Made(json.loads(printed))
    except TimeoutError:
        log.warning("x %s could not be made good in time", job.target)
        return Made({"error": "unreadable"})
    except ValueError:
        return WORDLESS


class RemuxQueue:
    """Works as long as something is to be done, and waits to be woken."""

    def __init__(
        self, store: RecordingStore, safe: FileCipher, work: Callable[[RemuxJob], Awaitable[Made]] = make
    ) -> None:
        # given
        self._store = store
        self._safe = safe
        self._work = work
        # owned
        self._tried: Counter[str] = Counter()
        """How often work on a recording ended without a word."""
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with what an earlier server left."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop in the middle of whatever is being made: the files it is made of are all still there."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """Something was closed."""
        self._idle.clear()
        self._news.set()

    async def idle(self) -> None:
        """Wait until nothing is left that can be done now."""
        await self._idle.wait()

    async def _run(self) -> None:
        while True:
            self._news.clear()
            try:
                for recording in await self._store.recordings_in("finishing"):
                    await self._finish(recording)
                for recording in await self._store.lying_open():
                    await self._seal(recording)
            except Exception:  # drivers have errors of their own for a database that starts or ends
                log.exception("x recordings wait to be made good")
            if not self._news.is_set():
                self._idle.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_SECONDS):
                    await self._news.wait()

    async def _finish(self, recording: Recording) -> None:
        job = await self._job(recording)
        if job is None:
            return
        made = await self._work(job) if job.pieces else Made({"error": "unreadable"})
        self._tried[recording.id] += made is WORDLESS
        if made.error == "disk-full":
            log.warning("x no room to make %s good", recording.path)
        elif made is WORDLESS and self._tried[recording.id] < TRIES:
            log.warning("x making %s good ended without a word", recording.path)
        elif job == await self._job(recording):  # no further part has come meanwhile
            await self._store.finish_recording(_finished(recording, made))
            log.info("= recording %s part %d: %s", recording.session, recording.part, made.error or "ready")

    async def _job(self, recording: Recording) -> RemuxJob | None:
        """What the file is made of: itself, or the good parts; None while some are not known to be good or broken."""
        if recording.part != JOINED:
            return self._made_of(recording, [RecordingPart(Path(recording.path), 0.0, recording.chapters)])
        parts = [part for part in await self._store.parts(recording.session) if part.part != JOINED]
        if any(part.state in {"recording", "finishing"} for part in parts):
            return None
        good = [part for part in parts if part.state == "ready"]
        offsets = [round((part.began - good[0].began).total_seconds(), 3) for part in good]
        pieces = [RecordingPart(Path(part.path), at, part.chapters) for at, part in zip(offsets, good, strict=True)]
        return self._made_of(recording, pieces)

    def _made_of(self, recording: Recording, pieces: Sequence[RecordingPart]) -> RemuxJob:
        return RemuxJob(Path(recording.path), tuple(pieces), self._safe.key.hex())

    async def _seal(self, recording: Recording) -> None:
        """Seal the files of a recording; without room for a copy of each they lie open until there is."""
        if not await asyncio.to_thread(_sealed, recording, self._safe):
            log.warning("x no room to seal %s", recording.path)
            return
        await self._store.note_sealed(recording.id)
        now = await self._store.recording(recording.id)
        if now is not None and now.state == "deleted":
            await asyncio.to_thread(recording.remove)


def _sealed(recording: Recording, safe: FileCipher) -> bool:
    for path in recording.files:
        if not measure(path.parent).holds(path.stat().st_size):
            return False
        safe.seal(path)
    return True


def _solo(facts: dict[str, Any]) -> Solo:
    milliseconds = round(facts.pop("seconds") * 1000)
    return Solo(id=secrets.token_hex(8), milliseconds=milliseconds, **facts)


def _finished(recording: Recording, made: Made) -> Recording:
    if made.error is not None:
        return replace(recording, state="broken", sealed=False, reason=recording.reason or made.error)
    facts = made.facts
    return replace(
        recording,
        state="ready",
        sealed=False,
        milliseconds=round(facts["seconds"] * 1000),
        bytes=facts["bytes"],
        sha256=facts["sha256"],
        first=None if facts["first"] is None else datetime.fromisoformat(facts["first"]),
        chapters=tuple(Chapter(**chapter) for chapter in facts["chapters"]),
        solos=tuple(_solo(solo) for solo in facts["solos"]),
    )
