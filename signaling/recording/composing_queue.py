"""Composes recordings afterwards from their tracks, one after the other, in a process of the lowest priority.

On a machine that is never idle it would not get on, so the priority rises when the recording is due soon.

:mod:`mediaserver.recording.track_composer` is that process. It tells its progress, goes on where an earlier one was
ended, and deletes the tracks once the composed file is verified. Tracks are composed once they are encrypted
(:mod:`signaling.recording.remux_queue`).
"""

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from mediaserver.recording.encrypted_file import FileCipher, is_encrypted
from mediaserver.recording.files import tracks_path
from mediaserver.recording.remux_job import RecordingPart, RemuxJob
from signaling.core import child_process
from signaling.recording.composing_progress import BUSY_SHARE, Composing, Progress, Wait, expected
from signaling.recording.model import Recording
from signaling.recording.recording_queue import NO_OUTPUT, RecordingQueue, RemuxOutcome
from signaling.recording.remux_queue import RemuxQueue, remux
from signaling.recording.store import RecordingStore

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "mediaserver.recording.track_composer")
FURTHER_SECONDS = 60.0
"""A process that composed so much more of a recording before it ended did not end because of the recording."""

Tell = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Takes the fields of :class:`mediaserver.recording.track_composer.Progress`."""


async def compose(job: RemuxJob, tell: Tell) -> RemuxOutcome:
    """Run the composing process for a job; `tell` takes its progress."""
    outcome = NO_OUTPUT
    async with aclosing(child_process.lines(COMMAND, job.text().encode())) as lines:
        async for line in lines:
            try:
                facts = json.loads(line)
            except ValueError:  # it was ended while it wrote
                break
            if "progress" in facts:
                await tell(facts["progress"])
            else:
                outcome = RemuxOutcome(facts)
    return outcome


class ComposingQueue(RecordingQueue):
    """Composes the recordings that are to be composed afterwards; `remux_queue` encrypts tracks before and files
    after."""

    def __init__(
        self,
        store: RecordingStore,
        cipher: FileCipher,
        clock: Callable[[], datetime],
        remux_queue: RemuxQueue,
        urgent_from: Callable[[str], Awaitable[datetime | None]],
        work: Callable[[RemuxJob, Tell], Awaitable[RemuxOutcome]] = compose,
    ) -> None:
        super().__init__(store, clock)
        self._cipher = cipher
        self._remux_queue = remux_queue
        remux_queue.tracks_encrypted = self.wake
        self._urgent_from = urgent_from
        """Returns from when on the recording of a session is composed at more than the lowest priority; None: never."""
        self._work = work
        self.told: Callable[[Recording, Composing], Awaitable[None]] | None = None
        """Takes how far a recording is while it is composed, and 100 percent when it is ready."""
        self._progress: Progress | None = None
        """Progress of the recording that is composed now."""
        self._pace: float | None = None
        """Seconds by the clock that a second of a recording took lately."""
        self._furthest: dict[str, float] = {}
        """Seconds that were composed of each recording at most."""

    async def expected(self, now: datetime) -> Mapping[str, Composing]:
        """Return how far each recording that is to be composed is and when it will be ready, by id."""
        no_room = {**self._remux_queue.no_room, **self.no_room}
        return expected(await self._waiting(), self._progress, self._pace, now, self._furthest, no_room)

    def waits(self, now: datetime) -> Mapping[str, Wait]:
        """Return why recordings wait that are to be made, by id."""
        waits = {**self._remux_queue.no_room, **self.no_room}
        busy = None if self._progress is None else self._progress.wait(now)
        return waits if self._progress is None or busy is None else {**waits, self._progress.recording: busy}

    async def _waiting(self) -> list[Recording]:
        """Return the recordings to compose, in that order: the one that is composed now, then the oldest ones."""
        now = "" if self._progress is None else self._progress.recording
        found = [each for each in await self._store.recordings_in("finishing") if each.composed == "afterwards"]
        return sorted(found, key=lambda each: (each.id != now, each.started, each.part))

    async def _work_through(self) -> None:
        waiting = await self._waiting()
        self._forget_others(waiting)
        for recording in waiting:
            try:
                await self._compose(recording)
            finally:
                self._progress = None

    async def _compose(self, recording: Recording) -> None:
        path = Path(recording.path)
        key = self._cipher.for_making(path).key.hex()
        tracks = tracks_path(path)
        before = self._furthest.get(recording.id, 0.0)
        if not await asyncio.to_thread(tracks.is_file):  # composed, but its server ended before that was stored
            outcome = await remux(RemuxJob(path, (RecordingPart(path, 0.0, recording.chapters),), key))
        elif await asyncio.to_thread(is_encrypted, tracks):
            log.info("- recording %s part %d is composed", recording.session, recording.part)
            self._progress = Progress(recording.id, before, recording.seconds or 0.0, None, self._clock())
            outcome = await self._run_process(
                recording, RemuxJob(path, (RecordingPart(tracks, 0.0, recording.chapters),), key)
            )
        else:
            return
        if self._furthest.get(recording.id, 0.0) >= before + FURTHER_SECONDS:
            self._silent_ends.pop(recording.id, None)
        await self._store_outcome(recording, outcome)
        self._remux_queue.wake()
        stored = await self._store.recording(recording.id)
        if stored is None or stored.state != "finishing":
            self._furthest.pop(recording.id, None)
        if stored is not None and stored.state == "deleted":
            await asyncio.to_thread(recording.remove)
        elif outcome.error is None and self.told is not None:
            await self.told(recording, Composing(100, self._clock()))

    async def _run_process(self, recording: Recording, job: RemuxJob) -> RemuxOutcome:
        """Compose at the lowest priority, and from when on it is urgent at a higher one.

        The process cannot leave the lowest priority by itself (sched(7)), so that another one goes on.
        """

        async def note(fields: Mapping[str, Any]) -> None:
            await self._note(recording, **fields)

        urgent_from = await self._urgent_from(recording.session)
        left = None if urgent_from is None else max(0.0, (urgent_from - self._clock()).total_seconds())
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                return await self._work(job, note)
        log.warning("- recording %s part %d is urgent", recording.session, recording.part)
        return await self._work(replace(job, urgent=True), note)

    async def _note(self, recording: Recording, seconds: float, of: float, left: float | None, share: float) -> None:
        now, before = self._clock(), self._progress
        slow_since = None if share >= BUSY_SHARE else (before and before.slow_since) or now
        self._progress = Progress(recording.id, seconds, of, left, now, slow_since)
        self._pace = self._progress.pace or self._pace
        self._furthest[recording.id] = max(self._progress.seconds, self._furthest.get(recording.id, 0.0))
        if self.told is not None:
            await self.told(recording, expected([recording], self._progress, self._pace, now)[recording.id])
