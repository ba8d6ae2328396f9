"""The recording of one conference: whether it runs, pauses, or may not. Pure: `now` in, effects out.

    off ──start──> starting ──started──> on ──pause──> paused
     ^<────stop───────┘<──worker lost────┘ <──resume──┘ │
     └<───────────────────stop──────────────────────────┘

While it starts everybody is told what was before, and that it is on once the engine records. A registered recording
starts by itself once the official time has begun; a stop by hand is final. What was begun goes on as it was, running or
paused, when everybody was gone or the server began anew. A full disk stops a recording before the file system is really
full, and lets none start.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from mediaserver.api import INTERRUPTED
from signaling.core.errors import MessageError
from signaling.messages.effects import (
    Effect,
    MarkRecording,
    PauseRecording,
    RecordVoices,
    StartRecording,
    StopRecording,
    TellAll,
)
from signaling.messages.server import RecordingState, StorageState
from signaling.recording.model import InterruptedRecording, TapeSnapshot

Position = Literal["off", "starting", "on", "paused"]

MAX_MARKS = 500
"""From one start to the next; further ones are not set."""
NOBODY = ""
"""Who starts a registered recording, and stops one when the meeting ends."""


class MeetingRecording:
    """One recording after the other.

    `wish` is the registered one, from `begin` on; `voices` whether the sound of each point is kept too; `left` how an
    earlier server of this meeting left it.
    """

    def __init__(
        self, wish: bool, begin: datetime, voices: bool = False, left: InterruptedRecording | None = None
    ) -> None:
        # given
        self._registered = wish, voices
        self._begin = begin
        # owned
        self.state = RecordingState(on=False, voices=voices)
        self.storage: StorageState | None = None
        self._wish = wish
        self._begun = False
        self._by = NOBODY
        self._lost = False
        self._starting: StartRecording | None = None
        """What the engine is to do, until it is known whether it does; wished for until then, whoever asks the next."""
        self._seconds = 0
        """What was recorded before the part that starts."""
        self._marks = 0
        self._voices = voices
        self._left = left
        self._changes: dict[tuple[Position, Position], Callable[[str, datetime], list[Effect]]] = {
            ("off", "on"): self._start_by_hand,
            ("starting", "off"): self._stop_by_hand,
            ("on", "off"): self._stop_by_hand,
            ("paused", "off"): self._stop_by_hand,
            ("on", "paused"): self._pause,
            ("paused", "on"): self._resume,
        }
        if left is not None:
            self._take_up(left)

    def _take_up(self, left: InterruptedRecording) -> None:
        wished = self._wish or left.by != NOBODY  # what began by itself may be wished no more
        self._begun, self._by, self._wish = True, left.by, wished and left.position == "on"
        if left.position == "paused":
            self.state = RecordingState(on=True, paused=True, seconds=left.seconds, voices=self._voices)
            self._lost = True

    @property
    def snapshot(self) -> TapeSnapshot:
        """What is kept."""
        return TapeSnapshot(
            state=self.state,
            registered=self._registered,
            begin=self._begin,
            wish=self._wish,
            begun=self._begun,
            by=self._by,
            lost=self._lost,
            starting=self._starting is not None,
            seconds=self._seconds,
            marks=self._marks,
            voices=self._voices,
        )

    def recover(self, kept: TapeSnapshot) -> None:
        """Take where another process led it to; what ended or was stopped after that was kept is over."""
        self.state, self._registered, self._begin = kept.state, kept.registered, kept.begin
        self._wish, self._begun, self._by, self._lost = kept.wish, kept.begun, kept.by, kept.lost
        self._starting = StartRecording(kept.by) if kept.starting else None
        self._seconds, self._marks, self._voices = kept.seconds, kept.marks, kept.voices
        if self._left is not None and self._left.position == "off" and self._position in {"on", "paused"}:
            self._wish = False
            self.state = RecordingState(on=False, error=self._left.error, voices=self._voices)

    def found(self, recording: bool, paused: bool, now: datetime) -> list[Effect]:
        """The engine records, or does not: what was asked for last may not have been kept any more.

        What is to run and does not goes on in its next part.
        """
        if not recording:
            return self.restore()
        before: Position = "paused" if paused else "on"
        if self._position != before:
            seconds = self._seconds if self._position == "starting" else self.state.seconds
            since = None if paused else now
            self.state = RecordingState(on=True, paused=paused, since=since, seconds=seconds, voices=self._voices)
        self._starting, self._wish, self._begun, self._lost = None, False, True, False
        return []

    def registered(self, wish: bool, begin: datetime, voices: bool) -> list[Effect]:
        """The registration was changed: whether to record, from when on, and whether each point's sound is kept.

        What somebody began by hand goes on; what began by itself stops when it is wished no more.
        """
        (wished, kept), self._registered = self._registered, (wish, voices)
        told = self.separate(voices) if voices != kept else []
        if wish and not wished and not self.runs:
            self._wish, self._by, self._begun = True, NOBODY, False
        if not self._begun:
            self._begin = begin
        if wish or not wished:
            return told
        self._wish = self._wish and self._position == "starting"
        return [*told, *(self._stop(NOBODY, "amended") if self.runs and self._by == NOBODY else [])]

    def ask(self, on: bool, pause: bool, by: str, now: datetime) -> list[Effect]:
        """Bring the recording where somebody wants it; nothing when it is there, or cannot be paused.

        Raises MessageError ``disk-full``.
        """
        wanted: Position = "off" if not on else "paused" if pause else "on"
        change = self._changes.get((self._position, wanted))
        return [] if change is None else change(by, now)

    @property
    def runs(self) -> bool:
        """Whether it is on, pauses, or starts."""
        return self._position != "off"

    @property
    def _position(self) -> Position:
        if self._starting is not None:
            return "starting"
        return "off" if not self.state.on else "paused" if self.state.paused else "on"

    def separate(self, on: bool) -> list[Effect]:
        """Keep the sound of each point by itself too, from now on and in recordings to come, or no longer."""
        if on == self._voices:
            return []
        self._voices = on
        running = self.runs and not self._lost
        return [*([RecordVoices(on)] if running else []), *self._tell(self.state)]

    def mark(self, title: str, by: str | None = None) -> list[Effect]:
        """Set a mark, also while it pauses: it stands where the recording goes on. Nothing while it is off."""
        if not self.state.on or self._marks >= MAX_MARKS:
            return []
        self._marks += 1
        return [MarkRecording(title, by)]

    def wished(self, now: datetime, seen: bool) -> list[Effect]:
        """Start what is registered once its time has come, or was left, and somebody can be `seen`."""
        if not self._wish or self.runs or not seen or not (self._begun or now >= self._begin):
            return []
        if self._full:
            told = self.state.error == "disk-full"
            return [] if told else self._tell(RecordingState(on=False, error="disk-full"))
        return self._start(self._by)

    def awaits(self, start: StartRecording) -> bool:
        """Whether this is what the engine is to do now: it may have been stopped, or asked for anew, meanwhile."""
        return start is self._starting

    def started(self, start: StartRecording, now: datetime) -> list[Effect]:
        """The engine does what it was asked for: it records."""
        if not self.awaits(start):
            return []
        self._starting, self._wish = None, False
        return self._tell(RecordingState(on=True, since=now, seconds=self._seconds))

    def waits(self, start: StartRecording) -> list[Effect]:
        """The worker that was to record is lost; it starts once another one is there."""
        return self._tell(self.state if self.state.paused else _restarting()) if self.awaits(start) else []

    def failed(self, start: StartRecording, error: str) -> list[Effect]:
        """The engine cannot do what it was asked for."""
        return self.ended(error) if self.awaits(start) else []

    def ended(self, error: str | None) -> list[Effect]:
        """The engine closed the file; `error` is None when that was asked for, and what was interrupted goes on."""
        if error in {None, INTERRUPTED} or not self.runs:
            return []
        self._starting, self._wish = None, False
        return self._tell(RecordingState(on=False, error=error))

    def media_lost(self, now: datetime) -> list[Effect]:
        """The worker died: nothing is recorded until the next part begins in a fresh room."""
        before, self._lost = self._position, self._lost or self._position == "paused"
        if before in {"off", "paused"}:
            return []
        self._starting, self._wish = StartRecording(self._by), True
        if before == "starting":
            return []
        self._seconds = self._recorded(now)
        return self._tell(_restarting())

    def disk(self, storage: StorageState) -> list[Effect]:
        """There is so much room; a recording that fills the rest of it stops."""
        self.storage = storage
        return self._stop(NOBODY, "disk-full") if self._full and self.runs else []

    def restore(self) -> list[Effect]:
        """Go on in a fresh room; what pauses begins its next part when it goes on."""
        self._lost = self._position == "paused"
        return self._record(self.state.seconds) if self._position == "on" else self._again()

    def room_closed(self) -> list[Effect]:
        """Nobody is left; the recording comes back with the people, paused if it was."""
        if not self.runs:
            return []
        if self._position == "paused":
            self._lost = True
            return [StopRecording(NOBODY, "paused")]
        self._starting, self._wish, self.state = None, True, RecordingState(on=False, voices=self._voices)
        return [StopRecording(NOBODY, None)]

    @property
    def _full(self) -> bool:
        return self.storage is not None and self.storage.level == "full"

    def _start_by_hand(self, by: str, _: datetime) -> list[Effect]:
        if self._full:
            raise MessageError("disk-full")
        return self._start(by)

    def _stop_by_hand(self, by: str, _: datetime) -> list[Effect]:
        return self._stop(by, None)

    def _start(self, by: str) -> list[Effect]:
        self._by, self._begun, self._lost, self._marks = by, True, False, 0
        return self._record(0)

    def _record(self, seconds: int) -> list[Effect]:
        """Begin a part, after so many seconds; whoever leads the meeting by then wishes for it until it runs."""
        self._starting, self._wish, self._seconds = StartRecording(self._by), True, seconds
        return self._again()

    def _again(self) -> list[Effect]:
        """What the engine is to do, if it is to start."""
        if self._starting is None:
            return []
        return [self._starting, *([RecordVoices(True)] if self._voices else [])]

    def _stop(self, by: str, reason: str | None) -> list[Effect]:
        self._starting, self._wish = None, False
        return [StopRecording(by, reason), *self._tell(RecordingState(on=False, error=reason))]

    def _pause(self, _: str, now: datetime) -> list[Effect]:
        return [PauseRecording(True), *self._tell(RecordingState(on=True, paused=True, seconds=self._recorded(now)))]

    def _recorded(self, now: datetime) -> int:
        assert self.state.since is not None
        return self.state.seconds + int((now - self.state.since).total_seconds())

    def _resume(self, _: str, now: datetime) -> list[Effect]:
        """Everybody is told first, then it goes on; in the next part where the room was lost."""
        if self._lost:
            self._lost = False
            return self._record(self.state.seconds)
        told = self._tell(RecordingState(on=True, since=now, seconds=self.state.seconds))
        return [*told, PauseRecording(False)]

    def _tell(self, state: RecordingState) -> list[Effect]:
        self.state = state.model_copy(update={"voices": self._voices})
        return [TellAll(self.state)]


def _restarting() -> RecordingState:
    return RecordingState(on=False, error="media-restarting")
