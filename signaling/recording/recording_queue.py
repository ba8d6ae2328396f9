"""Works through closed recordings in the background, one after the other, and stores what came of each.

The queue is the state `finishing` in the database, so a server that was killed continues where it was.
"""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from mediaserver.recording.chapters import Chapter
from mediaserver.recording.disk_space import measure
from signaling.core.background_queue import BackgroundQueue
from signaling.recording.composing_progress import Wait
from signaling.recording.model import Recording, Solo
from signaling.recording.store import RecordingStore

log = logging.getLogger(__name__)

RETRY_SECONDS = 60.0
"""Interval of retries when the disk has no room, or a process was ended from outside."""
MAX_SILENT_ENDS = 3
"""A process may end without a result so often, probably killed, before its file is given up."""


@dataclass(frozen=True, slots=True)
class RemuxOutcome:
    """Output of a process that makes a file: facts of the new file, or an error word."""

    facts: dict[str, Any]

    @property
    def error(self) -> str | None:
        """The error word, or None."""
        error: str | None = self.facts.get("error")
        return error


NO_OUTPUT = RemuxOutcome({"error": "no-result"})
"""The process ended without a result: the file, or somebody, ended it."""


class RecordingQueue(BackgroundQueue):
    """Makes the files of closed recordings."""

    def __init__(self, store: RecordingStore, clock: Callable[[], datetime]) -> None:
        super().__init__(RETRY_SECONDS)
        self._store = store
        self._clock = clock
        self.no_room: dict[str, Wait] = {}
        """Since when recordings wait for room on the disk, by recording."""
        self._silent_ends: Counter[str] = Counter()
        """How often a process ended without a result, by recording."""

    async def _note_no_room(self, recording: Recording) -> None:
        """Note that a recording waits for room on the disk."""
        space = await asyncio.to_thread(measure, Path(recording.path).parent)
        known = self.no_room.get(recording.id)
        since = self._clock() if known is None else known.since
        self.no_room[recording.id] = Wait("disk-full", since, space.usable)

    def _forget_others(self, recordings: Iterable[Recording]) -> None:
        """Forget the waits of recordings that are not among these any more."""
        ids = {recording.id for recording in recordings}
        self.no_room = {each: wait for each, wait in self.no_room.items() if each in ids}

    async def _store_outcome(self, recording: Recording, outcome: RemuxOutcome) -> None:
        """Store what came of a recording, unless it is to be tried again later."""
        self._silent_ends[recording.id] += outcome is NO_OUTPUT
        if outcome.error == "disk-full":
            log.warning("x not enough disk space to make %s", recording.path)
            await self._note_no_room(recording)
            return
        self.no_room.pop(recording.id, None)
        if outcome is NO_OUTPUT and self._silent_ends[recording.id] < MAX_SILENT_ENDS:
            log.warning("x the process that makes %s ended without a result", recording.path)
        else:
            self._silent_ends.pop(recording.id, None)
            await self._store.finish_recording(_finished(recording, outcome))
            log.info("= recording %s part %d: %s", recording.session, recording.part, outcome.error or "ready")


def _solo(facts: dict[str, Any]) -> Solo:
    milliseconds = round(facts.pop("seconds") * 1000)
    return Solo(id=secrets.token_hex(8), milliseconds=milliseconds, **facts)


def _finished(recording: Recording, outcome: RemuxOutcome) -> Recording:
    if outcome.error is not None:
        reason = recording.reason or outcome.error
        return replace(recording, state="broken", sealed=False, reason=reason, failure=outcome.error)
    facts = outcome.facts
    return replace(
        recording,
        state="ready",
        sealed=False,
        failure=None,
        milliseconds=round(facts["seconds"] * 1000),
        bytes=facts["bytes"],
        sha256=facts["sha256"],
        first=None if facts["first"] is None else datetime.fromisoformat(facts["first"]),
        chapters=tuple(Chapter(**chapter) for chapter in facts["chapters"]),
        solos=tuple(_solo(solo) for solo in facts["solos"]),
    )
