"""Remuxes closed recordings in a process of their own, one after the other (:mod:`mediaserver.recording.remuxer`).

A remuxed file, or one that is broken for good, is encrypted (:mod:`mediaserver.recording.encrypted_file`). Before that
it is not encrypted, because a killed worker must leave a file that plays.

The queue is the state `finishing` in the database, so a server that was killed continues where it was.
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
"""Interval of retries when the disk has no room, or the process was ended from outside."""
TIMEOUT_SECONDS = 3600.0
MAX_SILENT_ENDS = 3
"""A process may end without output so often, probably killed, before its file counts as unreadable."""


@dataclass(frozen=True, slots=True)
class RemuxOutcome:
    """Output of the remuxer process: facts of the new file, or an error word."""

    facts: dict[str, Any]

    @property
    def error(self) -> str | None:
        """The error word, or None."""
        error: str | None = self.facts.get("error")
        return error


NO_OUTPUT = RemuxOutcome({"error": "unreadable"})
"""The process ended without output: the file, or somebody, ended it."""


async def remux(job: RemuxJob) -> RemuxOutcome:
    """Run the remuxer process for a job."""
    command = [sys.executable, "-m", "mediaserver.recording.remuxer"]
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            _, printed = await child_process.output(command, job.text().encode())
        return RemuxOutcome(json.loads(printed))
    except TimeoutError:
        log.warning("x %s could not be remuxed in time", job.target)
        return RemuxOutcome({"error": "unreadable"})
    except ValueError:
        return NO_OUTPUT


class RemuxQueue:
    """Remuxes and encrypts recordings until none is left, then waits for `wake`."""

    def __init__(
        self, store: RecordingStore, cipher: FileCipher, work: Callable[[RemuxJob], Awaitable[RemuxOutcome]] = remux
    ) -> None:
        self._store = store
        self._cipher = cipher
        self._work = work
        self._silent_ends: Counter[str] = Counter()
        """How often the remuxer ended without output, by recording."""
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with the recordings that an earlier server left."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop, also in the middle of a job: its input files are all still there."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """Start work after a recording was closed."""
        self._idle.clear()
        self._wake.set()

    async def idle(self) -> None:
        """Wait until nothing is left that can be done now."""
        await self._idle.wait()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                for recording in await self._store.recordings_in("finishing"):
                    await self._remux(recording)
                for recording in await self._store.unencrypted():
                    await self._encrypt(recording)
            except Exception:  # drivers have errors of their own for a database that starts or ends
                log.exception("x remuxing failed, recordings wait in the queue")
            if not self._wake.is_set():
                self._idle.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_SECONDS):
                    await self._wake.wait()

    async def _remux(self, recording: Recording) -> None:
        job = await self._job(recording)
        if job is None:
            return
        outcome = await self._work(job) if job.pieces else RemuxOutcome({"error": "unreadable"})
        self._silent_ends[recording.id] += outcome is NO_OUTPUT
        if outcome.error == "disk-full":
            log.warning("x not enough disk space to remux %s", recording.path)
        elif outcome is NO_OUTPUT and self._silent_ends[recording.id] < MAX_SILENT_ENDS:
            log.warning("x the remuxer of %s ended without output", recording.path)
        elif job == await self._job(recording):  # no further part has come meanwhile
            await self._store.finish_recording(_remuxed(recording, outcome))
            log.info("= recording %s part %d: %s", recording.session, recording.part, outcome.error or "ready")

    async def _job(self, recording: Recording) -> RemuxJob | None:
        """Return the job of a recording: its own file, or all good parts; None while a part may become good or
        broken."""
        if recording.part != JOINED:
            return self._job_of(recording, [RecordingPart(Path(recording.path), 0.0, recording.chapters)])
        parts = [part for part in await self._store.parts(recording.session) if part.part != JOINED]
        if any(part.state in {"recording", "finishing"} for part in parts):
            return None
        good = [part for part in parts if part.state == "ready"]
        offsets = [round((part.began - good[0].began).total_seconds(), 3) for part in good]
        inputs = [RecordingPart(Path(part.path), at, part.chapters) for at, part in zip(offsets, good, strict=True)]
        return self._job_of(recording, inputs)

    def _job_of(self, recording: Recording, parts: Sequence[RecordingPart]) -> RemuxJob:
        return RemuxJob(Path(recording.path), tuple(parts), self._cipher.key.hex())

    async def _encrypt(self, recording: Recording) -> None:
        """Encrypt the files of a recording; without room for a copy of each they stay unencrypted until there is."""
        if not await asyncio.to_thread(_encrypt_files, recording, self._cipher):
            log.warning("x not enough disk space to encrypt %s", recording.path)
            return
        await self._store.note_encrypted(recording.id)
        now = await self._store.recording(recording.id)
        if now is not None and now.state == "deleted":
            await asyncio.to_thread(recording.remove)


def _encrypt_files(recording: Recording, cipher: FileCipher) -> bool:
    for path in recording.files:
        if not measure(path.parent).holds(path.stat().st_size):
            return False
        cipher.encrypt(path)
    return True


def _solo(facts: dict[str, Any]) -> Solo:
    milliseconds = round(facts.pop("seconds") * 1000)
    return Solo(id=secrets.token_hex(8), milliseconds=milliseconds, **facts)


def _remuxed(recording: Recording, outcome: RemuxOutcome) -> Recording:
    if outcome.error is not None:
        return replace(recording, state="broken", sealed=False, reason=recording.reason or outcome.error)
    facts = outcome.facts
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
