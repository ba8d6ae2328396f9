"""A recording as it is on record: one part of a session's, or all parts joined, with the sounds of its points."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from mediaserver.recording.chapters import Chapter
from mediaserver.recording.files import isolated_track_paths, thumbnail_of
from signaling.messages.server import RecordingState

RecordingPhase = Literal["recording", "finishing", "ready", "broken", "deleted"]
JOINED = 0
"""The number of the file that joins all parts."""
_GOES_ON = frozenset({None, "empty", "interrupted", "media-restarting", "unreadable"})
"""Why a part may have ended although nobody wanted the recording to end, and nothing hindered it."""


@dataclass(frozen=True, slots=True)
class InterruptedRecording:
    """How a session's recording was left, after `seconds` of its last part, which `by` had started.

    `error` says why it is off although nobody stopped it.
    """

    position: Literal["on", "paused", "off"]
    by: str
    seconds: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Solo:
    """The sound of one point of a recording, which has a file of its own; `name` is the label of the point."""

    id: str
    path: str
    name: str
    milliseconds: int
    bytes: int
    sha256: str

    @property
    def seconds(self) -> float:
        """Where its last sound ends."""
        return self.milliseconds / 1000


@dataclass(frozen=True, slots=True)
class Recording:
    """One part of a session's recording, or (part 0) all parts joined. Open ones lack a length.

    `first` is when the first picture was taken, `reason` the machine word for why it ended or is broken (None: somebody
    wanted it to end), `started_by` and `stopped_by` are accounts, empty when nobody asked. The files of
    `sealed` ones must be sealed (:mod:`mediaserver.recording.encrypted_file`).
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
    chapters: tuple[Chapter, ...] = ()
    """Marks that were set in it."""
    solos: tuple[Solo, ...] = ()
    """Sounds of points, in the order in which they spoke first."""

    @property
    def files(self) -> list[Path]:
        """Whatever lies on the disk of it, looked for there: a broken one has sounds that are not on record."""
        path = Path(self.path)
        return [each for each in (path, thumbnail_of(path), *isolated_track_paths(path)) if each.is_file()]

    def remove(self) -> None:
        """Delete its files."""
        for path in self.files:
            path.unlink(missing_ok=True)

    @property
    def left(self) -> InterruptedRecording:
        """How it was left, if it is the last part."""
        position: Literal["on", "paused", "off"] = "off"
        if not self.stopped_by and self.reason == "paused":
            position = "paused"
        elif not self.stopped_by and self.reason in _GOES_ON:
            position = "on"
        error = self.reason if position == "off" and not self.stopped_by else None
        return InterruptedRecording(position, self.started_by, int(self.seconds or 0), error)

    @property
    def began(self) -> datetime:
        """When it begins, as exactly as that is known."""
        return self.first or self.started

    @property
    def seconds(self) -> float | None:
        """How long it is."""
        return None if self.milliseconds is None else self.milliseconds / 1000


@dataclass(frozen=True, slots=True)
class TapeSnapshot:
    """Where the recording stands; see :class:`signaling.recording.state.MeetingRecording`."""

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
