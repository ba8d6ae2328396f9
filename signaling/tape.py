"""The recording of one conference: whether it runs, pauses, or may not. Pure: `now` in, effects out.

    off ──start──> on ──pause──> paused
     ^<────stop────┘ <──resume──┘ │
     └<───────────stop────────────┘

A registered recording starts by itself once the official time has begun; a stop by hand is final. What was begun goes
on as it was, running or paused, when everybody was gone or the server began anew. A full disk stops a recording before
the file system is really full, and lets none start.
"""

from collections.abc import Callable
from datetime import datetime

from signaling.effects import (
    Effect,
    MarkRecording,
    PauseRecording,
    RecordVoices,
    StartRecording,
    StopRecording,
    TellAll,
)
from signaling.errors import MessageError
from signaling.messages import RecordingState, StorageState
from signaling.recording import Left

Position = tuple[bool, bool]
OFF, ON, PAUSED = (False, False), (True, False), (True, True)
"""On, paused."""

MAX_MARKS = 500
"""From one start to the next; further ones are not set."""
NOBODY = ""
"""Who starts a registered recording, and stops one when the meeting ends."""


class Tape:
    """One recording after the other.

    `wish` is the registered one, from `begin` on; `voices` whether the sound of each point is kept too; `left` how an
    earlier server of this meeting left it.
    """

    def __init__(self, wish: bool, begin: datetime, voices: bool = False, left: Left | None = None) -> None:
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
        self._marks = 0
        self._voices = voices
        self._changes: dict[tuple[Position, Position], Callable[[str, datetime], list[Effect]]] = {
            (OFF, ON): self._start_by_hand,
            (ON, OFF): self._stop_by_hand,
            (PAUSED, OFF): self._stop_by_hand,
            (ON, PAUSED): self._pause,
            (PAUSED, ON): self._resume,
        }
        if left is not None:
            self._take_up(left)

    def _take_up(self, left: Left) -> None:
        wished = self._wish or left.by != NOBODY  # what began by itself may be wished no more
        self._begun, self._by, self._wish = True, left.by, wished and left.position == "on"
        if left.position == "paused":
            self.state = RecordingState(on=True, paused=True, seconds=left.seconds, voices=self._voices)
            self._lost = True

    def registered(self, wish: bool, begin: datetime, voices: bool) -> list[Effect]:
        """The registration was changed: whether to record, from when on, and whether each point's sound is kept.

        What somebody began by hand goes on; what began by itself stops when it is wished no more.
        """
        (wished, kept), self._registered = self._registered, (wish, voices)
        told = self.separate(voices) if voices != kept else []
        if wish and not wished and not self.state.on:
            self._wish, self._by, self._begun = True, NOBODY, False
        if not self._begun:
            self._begin = begin
        if wish or not wished:
            return told
        self._wish = False
        return [*told, *(self._stop(NOBODY, "amended") if self.state.on and self._by == NOBODY else [])]

    def ask(self, on: bool, pause: bool, by: str, now: datetime) -> list[Effect]:
        """Bring the recording where somebody wants it; nothing when it is there, or cannot be paused.

        Raises MessageError ``disk-full``.
        """
        change = self._changes.get(((self.state.on, self.state.paused), (on, on and pause)))
        return [] if change is None else change(by, now)

    def separate(self, on: bool) -> list[Effect]:
        """Keep the sound of each point by itself too, from now on and in recordings to come, or no longer."""
        if on == self._voices:
            return []
        self._voices = on
        running = self.state.on and not self._lost
        return [*([RecordVoices(on)] if running else []), *self._tell(self.state)]

    def mark(self, title: str, by: str | None = None) -> list[Effect]:
        """Set a mark, also while it pauses: it stands where the recording goes on. Nothing while it is off."""
        if not self.state.on or self._marks >= MAX_MARKS:
            return []
        self._marks += 1
        return [MarkRecording(title, by)]

    def wished(self, now: datetime, seen: bool) -> list[Effect]:
        """Start what is registered once its time has come, or was left, and somebody can be `seen`."""
        if not self._wish or self.state.on or not seen or not (self._begun or now >= self._begin):
            return []
        if self._full:
            told = self.state.error == "disk-full"
            return [] if told else self._tell(RecordingState(on=False, error="disk-full"))
        self._wish = False
        return self._start(self._by, now)

    def ended(self, error: str | None) -> list[Effect]:
        """The engine closed the file, or could not begin it; `error` is None when that was asked for."""
        return self._tell(RecordingState(on=False, error=error)) if self.state.on and error is not None else []

    def disk(self, storage: StorageState) -> list[Effect]:
        """There is so much room; a recording that fills the rest of it stops."""
        self.storage = storage
        return self._stop(NOBODY, "disk-full") if self._full and self.state.on else []

    def restore(self) -> list[Effect]:
        """Go on in a fresh room; what pauses begins its next part when it goes on."""
        self._lost = self.state.paused
        return self._record(self._by) if self.state.on and not self.state.paused else []

    def room_closed(self) -> list[Effect]:
        """Nobody is left; the recording comes back with the people, paused if it was."""
        if not self.state.on:
            return []
        if self.state.paused:
            self._lost = True
            return [StopRecording(NOBODY, "paused")]
        self._wish, self.state = True, RecordingState(on=False, voices=self._voices)
        return [StopRecording(NOBODY, None)]

    @property
    def _full(self) -> bool:
        return self.storage is not None and self.storage.level == "full"

    def _start_by_hand(self, by: str, now: datetime) -> list[Effect]:
        if self._full:
            raise MessageError("disk-full")
        self._wish = False
        return self._start(by, now)

    def _stop_by_hand(self, by: str, _: datetime) -> list[Effect]:
        self._wish = False
        return self._stop(by, None)

    def _start(self, by: str, now: datetime) -> list[Effect]:
        self._by, self._begun, self._lost, self._marks = by, True, False, 0
        return [*self._tell(RecordingState(on=True, since=now)), *self._record(by)]

    def _record(self, by: str) -> list[Effect]:
        return [StartRecording(by), *([RecordVoices(True)] if self._voices else [])]

    def _stop(self, by: str, reason: str | None) -> list[Effect]:
        return [StopRecording(by, reason), *self._tell(RecordingState(on=False, error=reason))]

    def _pause(self, _: str, now: datetime) -> list[Effect]:
        assert self.state.since is not None
        seconds = self.state.seconds + int((now - self.state.since).total_seconds())
        return [PauseRecording(True), *self._tell(RecordingState(on=True, paused=True, seconds=seconds))]

    def _resume(self, _: str, now: datetime) -> list[Effect]:
        """Everybody is told first, then it goes on."""
        told = self._tell(RecordingState(on=True, since=now, seconds=self.state.seconds))
        if not self._lost:
            return [*told, PauseRecording(False)]
        self._lost = False
        return [*told, *self._record(self._by)]

    def _tell(self, state: RecordingState) -> list[Effect]:
        self.state = state.model_copy(update={"voices": self._voices})
        return [TellAll(self.state)]
