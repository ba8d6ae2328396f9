"""Transcribes recordings that are ready, one after the other, the newest first, in a process of the lowest priority.

:mod:`mediaserver.transcript.transcriber` is that process. What it tells is written down passage by passage, so that a
process, or a server, that was ended goes on where it was.
"""

import asyncio
import json
import logging
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from mediaserver.recording.encrypted_file import Damaged, FileCipher
from mediaserver.recording.turns import Turn, read_turns
from mediaserver.transcript import whisper
from mediaserver.transcript.transcript_job import SoundFile, TranscriptJob
from signaling.core import child_process
from signaling.core.background_queue import BackgroundQueue
from signaling.recording.composing_progress import Composing, Progress, expected
from signaling.recording.model import Recording
from signaling.recording.recording_queue import MAX_SILENT_ENDS, RETRY_SECONDS
from signaling.recording.store import RecordingStore
from signaling.transcript.model import Transcript, Utterance, Wording
from signaling.transcript.store import Outcome, TranscriptStore

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "mediaserver.transcript.transcriber")
NO_RESULT = "no-result"
"""The process ended without one, probably killed."""
NO_MODEL = "no-model"

Tell = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Takes the fields of :class:`mediaserver.transcript.transcriber.Transcribed`."""


async def transcribe(job: TranscriptJob, tell: Tell) -> str | None:
    """Run the transcriber process for a job; `tell` takes its passages. Return why it failed, None if it did not."""
    async with aclosing(child_process.lines(COMMAND, job.text().encode())) as lines:
        async for line in lines:
            try:
                facts = json.loads(line)
            except ValueError:  # it was ended while it wrote
                break
            if "passage" not in facts:
                error: str | None = facts.get("error")
                return error
            await tell(facts["passage"])
    return NO_RESULT


class _Deleted(Exception):
    """Raised when a recording is deleted while it is transcribed."""


class TranscriptQueue(BackgroundQueue):
    """Transcribes with the model in a folder; without one nothing is transcribed."""

    def __init__(
        self,
        recordings: RecordingStore,
        transcripts: TranscriptStore,
        cipher: FileCipher,
        clock: Callable[[], datetime],
        model: Path | None,
        work: Callable[[TranscriptJob, Tell], Awaitable[str | None]] = transcribe,
    ) -> None:
        super().__init__(RETRY_SECONDS)
        self._recordings = recordings
        self._transcripts = transcripts
        self._cipher = cipher
        self._clock = clock
        self._model = model
        self._work = work
        self._progress: Progress | None = None
        """Progress of the recording that is transcribed now."""
        self._pace: float | None = None
        """Seconds by the clock that a second of a recording took lately."""
        self._silent_ends: Counter[str] = Counter()
        """How often a process ended without a result and without getting on, by recording."""
        missing = None if model is None else whisper.missing(model)
        if missing is not None:
            log.warning("x nothing is transcribed: %s is missing", missing)
        self.on = model is not None and missing is None
        """Whether anything is transcribed: a model is there, and could be loaded so far."""

    async def expected(self, now: datetime) -> Mapping[str, Composing]:
        """Return how far each recording that waits is, and when its transcript will be ready, by id."""
        return expected(await self._waiting(), self._progress, self._pace, now) if self.on else {}

    async def length(self) -> int:
        """Return how many parts of recordings wait, 0 where nothing is transcribed."""
        return len(await self._transcripts.waiting()) if self.on else 0

    async def _waiting(self) -> list[Recording]:
        """Return the recordings to transcribe, in that order."""
        waiting = await self._transcripts.waiting()
        order = {each: place for place, each in enumerate(waiting)}
        now = "" if self._progress is None else self._progress.recording
        found = [each for each in await self._recordings.recordings_of(set(waiting.values())) if each.id in order]
        return sorted(found, key=lambda each: (each.id != now, order[each.id]))

    async def _work_through(self) -> None:
        tried: set[str] = set()
        while self.on and (recording := next((each for each in await self._waiting() if each.id not in tried), None)):
            tried.add(recording.id)
            try:
                await self._transcribe(recording)
            except _Deleted:
                await asyncio.to_thread(recording.remove)
            finally:
                self._progress = None

    async def _transcribe(self, recording: Recording) -> None:
        assert self._model is not None
        log.info("- recording %s part %d is transcribed", recording.session, recording.part)
        self._progress = Progress(recording.id, 0.0, recording.seconds or 0.0, None, self._clock())
        try:
            error = await self._process(recording, self._model)
        except (Damaged, FileNotFoundError) as fault:
            log.warning("x %s cannot be transcribed: %s", recording.path, fault)
            error = "unreadable"
        if error == NO_MODEL:
            log.error("x the model in %s cannot be loaded: nothing is transcribed", self._model)
            self.on = False
            return
        if error == NO_RESULT:
            self._silent_ends[recording.id] += 1
            if self._silent_ends[recording.id] < MAX_SILENT_ENDS:
                return
        self._silent_ends.pop(recording.id, None)
        state: Literal["ready", "failed"] = "ready" if error is None else "failed"
        await self._transcripts.add(Outcome(recording.id, state, error, self._model.name, self._clock()))
        log.info("= the transcript of %s part %d: %s", recording.session, recording.part, error or "ready")

    async def _process(self, recording: Recording, model: Path) -> str | None:
        """Run the process with what is left of a recording. Raises Damaged, FileNotFoundError, _Deleted."""
        transcript = await self._transcripts.read(recording)
        job = await asyncio.to_thread(self._job, recording, transcript, model)

        async def note(fields: Mapping[str, Any]) -> None:
            nonlocal transcript
            at = self._clock()
            said = [
                Utterance(each["start"], each["end"], fields["point"], (Wording(each["text"], "", at),))
                for each in fields["speech"]
            ]
            transcript = transcript.with_passage(job.sounds[fields["file"]].path.name, fields["until"], said)
            await self._transcripts.write(recording, transcript)
            stored = await self._recordings.recording(recording.id)
            if stored is None or stored.state == "deleted":
                raise _Deleted
            self._silent_ends.pop(recording.id, None)
            self._note_progress(recording, fields)

        return await self._work(job, note)

    def _job(self, recording: Recording, transcript: Transcript, model: Path) -> TranscriptJob:
        """Return the job of a recording: its isolated tracks, or without any its mix. Raises Damaged, OSError."""
        path = Path(recording.path)
        sounds: list[tuple[Path, tuple[Turn, ...], float]]
        sounds = [(Path(solo.path), (Turn(0.0, solo.name),), solo.seconds) for solo in recording.solos]
        if not sounds:
            turns = read_turns(path, self._cipher.for_making(path))
            sounds = [(path, turns, recording.seconds or 0.0)]
        files = []
        for each, turns, seconds in sounds:
            key = self._cipher.key_of(each)
            done = transcript.done.get(each.name, 0.0)
            files.append(SoundFile(each, None if key is None else key.hex(), turns, seconds, done))
        return TranscriptJob(tuple(files), model, "vi")

    def _note_progress(self, recording: Recording, fields: Mapping[str, Any]) -> None:
        """Note the progress in seconds of the recording, of which every point may have a file."""
        length = recording.seconds or 0.0
        done = length * fields["seconds"] / (fields["of"] or 1.0)
        self._progress = Progress(recording.id, done, length, fields["left"], self._clock())
        self._pace = self._progress.pace or self._pace
