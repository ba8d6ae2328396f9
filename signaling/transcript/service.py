"""Reads, corrects and searches transcripts of sessions."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scheduler.units.naming import key
from signaling.core.errors import NotFound, TranscriptNotFailed, UtteranceChanged
from signaling.recording.composing_progress import Composing, expected_whole
from signaling.recording.model import Recording
from signaling.recording.store import RecordingStore
from signaling.transcript.model import Placed, Transcript, Utterance, Wording, placed, transcribable
from signaling.transcript.queue import TranscriptQueue
from signaling.transcript.store import Outcome, TranscriptStore

State = Literal["ready", "waiting", "failed", "off", "none"]


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a session's transcript. One that waits is done to so many percent, another `failed` for a reason.

    It is `off` where no model is there, and `none` while no part is ready.
    """

    state: State
    progress: Composing | None = None
    reason: str | None = None


class TranscriptService:
    """Transcripts of sessions."""

    def __init__(self, recordings: RecordingStore, transcripts: TranscriptStore, queue: TranscriptQueue) -> None:
        self._recordings = recordings
        self._transcripts = transcripts
        self._queue = queue
        self._correcting = asyncio.Lock()

    @property
    def on(self) -> bool:
        """Return whether recordings are transcribed."""
        return self._queue.on

    async def of_session(self, session: str) -> list[Placed]:
        """Return the utterances of a session's recording in the order of time, as far as its parts are transcribed.

        Raises Damaged, OSError.
        """
        return await self.of_files(await self._recordings.parts(session))

    async def of_files(self, files: Sequence[Recording]) -> list[Placed]:
        """Return the utterances of all files of a session. Raises Damaged, OSError."""
        parts = transcribable(files)
        outcomes = await self._transcripts.outcomes([part.id for part in parts])
        read = [(part, await self._transcripts.read(part) if part.id in outcomes else Transcript()) for part in parts]
        return placed(read)

    async def standings(self, sessions: Sequence[Sequence[Recording]], now: datetime) -> list[Standing]:
        """Return the states of the transcripts of sessions, each given by all its files."""
        parts = [transcribable(files) for files in sessions]
        outcomes = await self._transcripts.outcomes([part.id for each in parts for part in each])
        waiting = await self._queue.expected(now)
        return [_standing(each, outcomes, waiting, self._queue.on) for each in parts]

    async def make_anew(self, files: Sequence[Recording]) -> None:
        """Let those parts wait anew whose transcripts failed. Raises TranscriptNotFailed."""
        if not any([await self._transcripts.forget_failure(part.id) for part in transcribable(files)]):
            raise TranscriptNotFailed
        self._queue.wake()

    async def correct(self, part: Recording, number: int, was: str, wording: Wording) -> Utterance:
        """Give an utterance of a part another wording, if its text still is what `was` reads.

        Raises NotFound, UtteranceChanged, Damaged, OSError.
        """
        async with self._correcting:
            outcomes = await self._transcripts.outcomes([part.id])
            transcript = await self._transcripts.read(part) if part.id in outcomes else Transcript()
            if number >= len(transcript.utterances):
                raise NotFound
            if transcript.utterances[number].text != was:
                raise UtteranceChanged
            if wording.text == was:
                return transcript.utterances[number]
            corrected = transcript.with_wording(number, wording)
            await self._transcripts.write(part, corrected)
            return corrected.utterances[number]

    async def found(self, files: Sequence[Recording], text: str) -> list[Placed]:
        """Return the utterances of a session with a text in them, whatever its case and accents."""
        wanted = key(text)
        return [each for each in await self.of_files(files) if wanted in key(each.utterance.text)]


def _standing(
    parts: Sequence[Recording], outcomes: Mapping[str, Outcome], waiting: Mapping[str, Composing], on: bool
) -> Standing:
    made = [outcomes[part.id] for part in parts if part.id in outcomes]
    failed = next((outcome for outcome in made if outcome.state == "failed"), None)
    if failed is not None:
        return Standing("failed", reason=failed.reason)
    if not parts or len(made) == len(parts):
        return Standing("ready" if parts else "none")
    return Standing("waiting", expected_whole(parts, waiting) or Composing(0, None)) if on else Standing("off")
