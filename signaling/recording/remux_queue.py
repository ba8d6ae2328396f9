"""Remuxes closed recordings in a process of their own, one after the other (:mod:`mediaserver.recording.remuxer`).

A remuxed file, or one that is broken for good, is encrypted (:mod:`mediaserver.recording.encrypted_file`). Before that
it is not encrypted, because a killed worker must leave a file that plays. The tracks of a recording that is composed
afterwards (:mod:`signaling.recording.composing_queue`) are encrypted as soon as it is closed.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from mediaserver.recording.disk_space import measure
from mediaserver.recording.encrypted_file import FileCipher, is_encrypted
from mediaserver.recording.files import tracks_path
from mediaserver.recording.remux_job import RecordingPart, RemuxJob
from signaling.core import child_process
from signaling.recording.model import JOINED, Recording
from signaling.recording.recording_queue import NO_OUTPUT, RecordingQueue, RemuxOutcome
from signaling.recording.store import RecordingStore

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "mediaserver.recording.remuxer")
TIMEOUT_SECONDS = 3600.0


async def remux(job: RemuxJob) -> RemuxOutcome:
    """Run the remuxer process for a job."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            _, printed = await child_process.output(COMMAND, job.text().encode())
        return RemuxOutcome(json.loads(printed))
    except TimeoutError:
        log.warning("x %s could not be remuxed in time", job.target)
        return RemuxOutcome({"error": "unreadable"})
    except ValueError:
        return NO_OUTPUT


class RemuxQueue(RecordingQueue):
    """Remuxes and encrypts recordings."""

    def __init__(
        self,
        store: RecordingStore,
        cipher: FileCipher,
        clock: Callable[[], datetime],
        work: Callable[[RemuxJob], Awaitable[RemuxOutcome]] = remux,
    ) -> None:
        super().__init__(store, clock)
        self._cipher = cipher
        self._work = work
        self.tracks_encrypted: Callable[[], None] | None = None
        """Is called when the tracks of a recording can be composed."""
        self.encrypted: Callable[[], None] | None = None
        """Is called when the files of a recording are made and encrypted."""

    async def _work_through(self) -> None:
        finishing = await self._store.recordings_in("finishing")
        self._forget_others(finishing)
        for recording in finishing:
            if recording.composed == "afterwards":
                await self._encrypt_tracks(recording)
        for recording in finishing:
            if recording.composed == "live":
                await self._remux(recording)
        for recording in await self._store.unencrypted():
            await self._encrypt(recording)

    async def _remux(self, recording: Recording) -> None:
        job = await self._job(recording)
        if job is None:
            return
        outcome = await self._work(job) if job.pieces else RemuxOutcome({"error": "unreadable"})
        if job == await self._job(recording):  # no further part has come meanwhile
            await self._store_outcome(recording, outcome)

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
        if not await asyncio.to_thread(_encrypt_files, recording.files, self._cipher):
            log.warning("x not enough disk space to encrypt %s", recording.path)
            return
        await self._store.note_encrypted(recording.id)
        now = await self._store.recording(recording.id)
        if now is not None and now.state == "deleted":
            await asyncio.to_thread(recording.remove)
        elif self.encrypted is not None:
            self.encrypted()

    async def _encrypt_tracks(self, recording: Recording) -> None:
        """Encrypt the tracks of a closed recording, if they are not yet."""
        tracks = tracks_path(Path(recording.path))
        if not await asyncio.to_thread(lambda: tracks.is_file() and not is_encrypted(tracks)):
            return
        if await asyncio.to_thread(_encrypt_files, [tracks], self._cipher.for_making(Path(recording.path))):
            self.no_room.pop(recording.id, None)
            if self.tracks_encrypted is not None:
                self.tracks_encrypted()
        else:
            log.warning("x not enough disk space to encrypt %s", tracks)
            await self._note_no_room(recording)


def _encrypt_files(paths: Iterable[Path], cipher: FileCipher) -> bool:
    for path in paths:
        if not measure(path.parent).holds(path.stat().st_size):
            return False
        cipher.encrypt(path)
    return True
