"""Values of recordings: one part of a session's recording, or all parts joined, with isolated tracks."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from mediaserver.api import ComposedWhen
from mediaserver.recording.chapters import Chapter
from mediaserver.recording.files import isolated_track_paths, raw_paths, thumbnail_of, transcript_path, turns_path
from signaling.messages.recording import RecordingState

RecordingPhase = Literal["recording", "finishing", "ready", "broken", "deleted"]
JOINED = 0
"""Part number of the file that joins all parts."""
_GOES_ON = frozenset({None, "empty", "interrupted", "media-restarting", "unreadable", "no-result"})
"""Reasons of an end that nobody wanted; the recording may go on after one."""


@dataclass(frozen=True, slots=True)
class InterruptedRecording:
    """End of a session's last recording: after `seconds` of its last part, which the account `by` had started.

    `error` says why it is off although nobody stopped it.
    """

    position: Literal["on", "paused", "off"]
    by: str
    seconds: int
    error: str | None = None
    composed: ComposedWhen = "live"


@dataclass(frozen=True, slots=True)
class Solo:
    """The isolated track of one point, in its own file; `name` is the label of the point."""

    id: str
    path: str
    name: str
    milliseconds: int
    bytes: int
    sha256: str

    @property
    def seconds(self) -> float:
        """Return the end of its last sound, in seconds from the start of the part."""
        return self.milliseconds / 1000


@dataclass(frozen=True, slots=True)
class Recording:
    """One part of a session's recording, or (part 0) all parts joined. Open ones have no length.

    `first` is the time of the first picture. `reason` is the word for why it ended or is broken (None: it was stopped
    on purpose). `started_by` and `stopped_by` are accounts, empty if no person asked. Files of `sealed` ones are
    encrypted (:mod:`mediaserver.recording.encrypted_file`) and are refused otherwise.
    """

    id: str
    session: str
    part: int
    path: str
    title: str
    host: str
    host_unit: str
    started: datetime
    milliseconds: int | None = None
    bytes: int | None = None
    state: RecordingPhase = "recording"
    first: datetime | None = None
    sha256: str | None = None
    reason: str | None = None
    started_by: str = ""
    stopped_by: str = ""
    sealed: bool = False
    composed: ComposedWhen = "live"
    """When its picture is composed: while it is recorded, or afterwards from its tracks."""
    failure: str | None = None
    """The word for why its file could not be made, once that was given up."""
    chapters: tuple[Chapter, ...] = ()
    """Chapter marks."""
    solos: tuple[Solo, ...] = ()
    """Isolated tracks, in the order in which the points first spoke."""

    @property
    def files(self) -> list[Path]:
        """The files that exist on the disk; a broken recording has isolated tracks that are not in the database.

        One that is not composed yet, or could not be, has those from which it is composed.
        """
        path = Path(self.path)
        beside = thumbnail_of(path), transcript_path(path), turns_path(path)
        made = [each for each in (path, *beside, *isolated_track_paths(path)) if each.is_file()]
        return [*made, *raw_paths(path)]

    @property
    def recomposable(self) -> bool:
        """Return whether it was given up to compose it, so that its tracks are still there."""
        return self.state == "broken" and self.composed == "afterwards" and self.failure is not None

    def remove(self) -> None:
        """Delete the files."""
        for path in self.files:
            path.unlink(missing_ok=True)

    @property
    def left(self) -> InterruptedRecording:
        """Return how the recording ended, if this is its last part."""
        position: Literal["on", "paused", "off"] = "off"
        if not self.stopped_by and self.reason == "paused":
            position = "paused"
        elif not self.stopped_by and self.reason in _GOES_ON:
            position = "on"
        error = self.reason if position == "off" and not self.stopped_by else None
        return InterruptedRecording(position, self.started_by, int(self.seconds or 0), error, self.composed)

    @property
    def began(self) -> datetime:
        """Return the instant when it begins: that of its first picture, or of its start where that is unknown."""
        return self.first or self.started

    @property
    def seconds(self) -> float | None:
        """Its length in seconds."""
        return None if self.milliseconds is None else self.milliseconds / 1000


@dataclass(frozen=True, slots=True)
class RecordingSnapshot:
    """State of a recording for another process; see :class:`signaling.recording.state.MeetingRecording`."""

    state: RecordingState
    registered: tuple[bool, bool]
    begin: datetime
    wish: bool
    begun: bool
    by: str
    lost: bool
    starting: bool
    seconds: int
    marks: int
    voices: bool
    composed: ComposedWhen = "live"
