"""State of the recording of one meeting. Pure: `now` comes in, effects go out.

    off ──start──> starting ──started──> on ──pause──> paused
     ^<────stop───────┘<──worker lost────┘ <──resume──┘ │
     └<───────────────────stop──────────────────────────┘

While it starts clients are shown the state before; they get the message that it is on once the engine records. A
registered recording starts by itself once the official time has begun; a stop by hand is final. When everybody had left
or the server was restarted, a recording continues as it was, running or paused. A recording is stopped before the file
system is really full; with a full disk none starts.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from mediaserver.api import INTERRUPTED, ComposedWhen
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
from signaling.messages.recording import RecordingState, StorageState
from signaling.recording.model import InterruptedRecording, RecordingSnapshot

Position = Literal["off", "starting", "on", "paused"]

MAX_MARKS = 500
"""From one start to the next; later marks are ignored."""
NOBODY = ""
"""Account that starts a registered recording, and stops one when the meeting ends."""


class MeetingRecording:
    """Starts, pauses, resumes and stops the recording of a meeting.

    `wish` says whether the session registered a recording, from `begin` on; `voices` whether isolated tracks are kept
    too; `left` how an earlier server of this meeting left it; `composed` when its picture is composed, unless somebody
    who starts it says otherwise.
    """

    def __init__(
        self,
        wish: bool,
        begin: datetime,
        voices: bool = False,
        left: InterruptedRecording | None = None,
        composed: ComposedWhen = "live",
    ) -> None:
        self._registered = wish, voices
        self._begin = begin
        self._usually_composed = composed
        self._composed = composed
        """When the picture of this recording, or of the next one, is composed."""
        self.state = RecordingState(on=False, voices=voices, composed=composed)
        self.storage: StorageState | None = None
        self._wish = wish
        self._begun = False
        self._by = NOBODY
        self._lost = False
        self._starting: StartRecording | None = None
        """The start that the engine has not confirmed yet; repeated until then, whichever process leads the meeting."""
        self._seconds = 0
        """Seconds recorded before the part that starts."""
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
        if left.position != "off":
            self._composed = left.composed
        if left.position == "paused":
            self._lost = True
            self._show(RecordingState(on=True, paused=True, seconds=left.seconds))

    @property
    def snapshot(self) -> RecordingSnapshot:
        """The state that another process needs to continue."""
        return RecordingSnapshot(
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
            composed=self._composed,
        )

    def recover(self, snapshot: RecordingSnapshot) -> None:
        """Restore the state of another process; a recording that ended or was stopped after the snapshot stays off."""
        self.state, self._registered, self._begin = snapshot.state, snapshot.registered, snapshot.begin
        self._wish, self._begun, self._by, self._lost = snapshot.wish, snapshot.begun, snapshot.by, snapshot.lost
        self._seconds, self._marks, self._voices = snapshot.seconds, snapshot.marks, snapshot.voices
        self._composed = snapshot.composed
        self._starting = StartRecording(snapshot.by, self._composed) if snapshot.starting else None
        if self._left is not None and self._left.position == "off" and self._position in {"on", "paused"}:
            self._wish = False
            self._show_off(self._left.error)

    def found(self, recording: bool, paused: bool, now: datetime, composed: ComposedWhen = "live") -> list[Effect]:
        """Compare with what the engine really does: the last request may not have been stored any more.

        A recording that should run and does not continues in its next part.
        """
        if not recording:
            return self.restore()
        before: Position = "paused" if paused else "on"
        self._composed = composed
        if self._position != before:
            seconds = self._seconds if self._position == "starting" else self.state.seconds
            since = None if paused else now
            self._show(RecordingState(on=True, paused=paused, since=since, seconds=seconds))
        self._starting, self._wish, self._begun, self._lost = None, False, True, False
        return []

    def registered(self, wish: bool, begin: datetime, voices: bool) -> list[Effect]:
        """Apply a changed registration: whether to record, from when on, and whether isolated tracks are kept.

        A recording that was started by hand goes on; one that started by itself stops when it is wished no more.
        """
        (wished, separated), self._registered = self._registered, (wish, voices)
        effects = self.separate(voices) if voices != separated else []
        if wish and not wished and not self.runs:
            self._wish, self._by, self._begun = True, NOBODY, False
        if not self._begun:
            self._begin = begin
        if wish or not wished:
            return effects
        self._wish = self._wish and self._position == "starting"
        return [*effects, *(self._stop(NOBODY, "amended") if self.runs and self._by == NOBODY else [])]

    def ask(self, on: bool, pause: bool, by: str, now: datetime, composed: ComposedWhen | None = None) -> list[Effect]:
        """Start, pause, resume or stop by hand; return no effects if nothing changes, or it cannot be paused.

        `composed` says when the picture of a recording that starts is composed; None: as usual. Raises MessageError
        ``disk-full``.
        """
        wanted: Position = "off" if not on else "paused" if pause else "on"
        if self._position == "off":
            self._composed = composed or self._usually_composed
        change = self._changes.get((self._position, wanted))
        return [] if change is None else change(by, now)

    @property
    def runs(self) -> bool:
        """Return whether it is on, paused or starting."""
        return self._position != "off"

    @property
    def _position(self) -> Position:
        if self._starting is not None:
            return "starting"
        return "off" if not self.state.on else "paused" if self.state.paused else "on"

    def separate(self, on: bool) -> list[Effect]:
        """Switch isolated tracks on or off, from now on and for later recordings."""
        if on == self._voices:
            return []
        self._voices = on
        running = self.runs and not self._lost
        return [*([RecordVoices(on)] if running else []), *self._tell(self.state)]

    def mark(self, title: str, by: str | None = None) -> list[Effect]:
        """Set a chapter mark; one set during a pause stands where the recording goes on. No effect while it is off."""
        if not self.state.on or self._marks >= MAX_MARKS:
            return []
        self._marks += 1
        return [MarkRecording(title, by)]

    def wished(self, now: datetime, seen: bool) -> list[Effect]:
        """Start a registered or interrupted recording once its time has come and somebody can be `seen`."""
        if not self._wish or self.runs or not seen or not (self._begun or now >= self._begin):
            return []
        if self._full:
            announced = self.state.error == "disk-full"
            return [] if announced else self._tell(RecordingState(on=False, error="disk-full"))
        return self._start(self._by)

    def awaits(self, start: StartRecording) -> bool:
        """Return whether this start is still awaited: it may have been stopped, or requested anew, meanwhile."""
        return start is self._starting

    def started(self, start: StartRecording, now: datetime) -> list[Effect]:
        """Note that the engine records."""
        if not self.awaits(start):
            return []
        self._starting, self._wish = None, False
        return self._tell(RecordingState(on=True, since=now, seconds=self._seconds))

    def waits(self, start: StartRecording) -> list[Effect]:
        """Note that the worker that was to record is lost; recording starts once another one is there."""
        return self._tell(self.state if self.state.paused else _restarting()) if self.awaits(start) else []

    def failed(self, start: StartRecording, error: str) -> list[Effect]:
        """Note that the engine could not start."""
        return self.ended(error) if self.awaits(start) else []

    def ended(self, error: str | None) -> list[Effect]:
        """Note that the engine closed the file; `error` is None if requested. An interrupted recording goes on."""
        if error in {None, INTERRUPTED} or not self.runs:
            return []
        self._starting, self._wish = None, False
        self._composed = self._usually_composed
        return self._tell(RecordingState(on=False, error=error))

    def media_lost(self, now: datetime) -> list[Effect]:
        """Note that the worker died: recording continues with the next part, in a new room."""
        before, self._lost = self._position, self._lost or self._position == "paused"
        if before in {"off", "paused"}:
            return []
        self._starting, self._wish = StartRecording(self._by, self._composed), True
        if before == "starting":
            return []
        self._seconds = self._recorded(now)
        return self._tell(_restarting())

    def moved(self, now: datetime) -> list[Effect]:
        """Begin the next part where the room moved to; it is shown as one recording, and paused if it was."""
        self._lost = self._position == "paused"
        return self._record(self._recorded(now)) if self._position == "on" else self._again()

    def disk(self, storage: StorageState) -> list[Effect]:
        """Store the free space; stop a recording that fills the rest of the disk."""
        self.storage = storage
        return self._stop(NOBODY, "disk-full") if self._full and self.runs else []

    def restore(self) -> list[Effect]:
        """Continue in a new room; a paused recording begins its next part when it is resumed."""
        self._lost = self._position == "paused"
        return self._record(self.state.seconds) if self._position == "on" else self._again()

    def room_closed(self) -> list[Effect]:
        """Stop because everybody left; recording continues when people come back, paused if it was."""
        if not self.runs:
            return []
        if self._position == "paused":
            self._lost = True
            return [StopRecording(NOBODY, "paused")]
        self._starting, self._wish = None, True
        self._show_off(None)
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
        """Begin a part after so many seconds; the start is repeated until the engine confirms it."""
        self._starting, self._wish, self._seconds = StartRecording(self._by, self._composed), True, seconds
        return self._again()

    def _again(self) -> list[Effect]:
        """Return the effects of a pending start."""
        if self._starting is None:
            return []
        return [self._starting, *([RecordVoices(True)] if self._voices else [])]

    def _stop(self, by: str, reason: str | None) -> list[Effect]:
        self._starting, self._wish = None, False
        self._composed = self._usually_composed
        return [StopRecording(by, reason), *self._tell(RecordingState(on=False, error=reason))]

    def _pause(self, _: str, now: datetime) -> list[Effect]:
        return [PauseRecording(True), *self._tell(RecordingState(on=True, paused=True, seconds=self._recorded(now)))]

    def _recorded(self, now: datetime) -> int:
        assert self.state.since is not None
        return self.state.seconds + max(0, int((now - self.state.since).total_seconds()))  # clocks are set back, too

    def _resume(self, _: str, now: datetime) -> list[Effect]:
        """Tell everybody first, then resume; begin the next part if the room was lost."""
        if self._lost:
            self._lost = False
            return self._record(self.state.seconds)
        announcement = self._tell(RecordingState(on=True, since=now, seconds=self.state.seconds))
        return [*announcement, PauseRecording(False)]

    def _tell(self, state: RecordingState) -> list[Effect]:
        self._show(state)
        return [TellAll(self.state)]

    def _show_off(self, error: str | None) -> None:
        self._show(RecordingState(on=False, error=error))

    def _show(self, state: RecordingState) -> None:
        """Take a state; which tracks are kept and when the picture is composed is known here."""
        self.state = state.model_copy(update={"voices": self._voices, "composed": self._composed})


def _restarting() -> RecordingState:
    return RecordingState(on=False, error="media-restarting")
