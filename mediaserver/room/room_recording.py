"""Records one room: its mix and its picture, or the tracks of a picture that is composed afterwards."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Protocol

from mediaserver.api import RECORDING, ComposedWhen, Event, RecordingEnded, RecordingFailed, RoomOptions
from mediaserver.audio.mix_minus import Samples
from mediaserver.audio.mixer import Mixer
from mediaserver.errors import AlreadyRecording
from mediaserver.recording.composition_recorder import CompositionRecorder
from mediaserver.recording.files import RecordingFiles
from mediaserver.recording.recorder import Recorder
from mediaserver.recording.track_file import Scene
from mediaserver.recording.track_recorder import TrackRecorder
from mediaserver.room.compositions import Compositions
from mediaserver.room.recorded_tracks import RecordedTracks
from mediaserver.room.seat import Seat
from mediaserver.rtp.source import Source
from mediaserver.video.quality import USUAL

SCENE_TICKS = 2
"""Audio ticks between two looks at what stands in the picture that is composed afterwards."""


class RecordedRoom(Protocol):
    """Says what is seen and heard in a room, and is told when it is recorded no longer."""

    def recorded_scene(self) -> Scene:
        """Return what stands in the recorder's picture now."""

    def lip_sync_delay_s(self, seat: str) -> float:
        """Return the seconds by which a seat's pictures must be delayed."""

    def recording_ended(self, closing: Coroutine[Any, Any, None]) -> None:
        """Run what closes the file; nothing is recorded any longer."""


class RoomRecording:
    """The recording of a room, while there is one, and of each point's voice beside it.

    `name`, `options` and `start` are the room's; `files` opens its files; `emit` takes events.
    """

    def __init__(
        self,
        name: str,
        options: RoomOptions,
        start: float,
        files: Callable[[Path], RecordingFiles],
        emit: Callable[[Event], None],
        compositions: Compositions,
        mixer: Mixer,
        room: RecordedRoom,
    ) -> None:
        # given
        self._name = name
        self._options = options
        self._start = start
        self._files = files
        self._emit = emit
        self._compositions = compositions
        self._mixer = mixer
        self._room = room
        # owned
        self.recorder: CompositionRecorder | TrackRecorder | None = None
        """What writes; None while nothing is recorded."""
        self.tracks: RecordedTracks | None = None
        """The cameras that are recorded, if the recording is composed afterwards."""
        self.records_voices = False
        """Whether isolated tracks are recorded."""
        self._followed: Source | None = None
        """The rendition that is recorded, if the recording is composed live."""

    @property
    def seconds(self) -> float | None:
        """Return the seconds recorded so far; None when no recording runs."""
        return None if self.recorder is None else self.recorder.seconds

    @property
    def path(self) -> str | None:
        """Return where the recording is written; None when no recording runs."""
        return None if self.recorder is None else str(self.recorder.path)

    @property
    def paused(self) -> bool:
        """Return whether a recording runs that is paused."""
        return self.recorder is not None and self.recorder.paused

    @property
    def composed(self) -> ComposedWhen:
        """Return when the picture of the recording is composed."""
        return "live" if self.tracks is None else "afterwards"

    def begin(self, path: str, composed: ComposedWhen) -> None:
        """Record the mix and the picture of the recorder's audience. Raises AlreadyRecording."""
        if self.recorder is not None:
            raise AlreadyRecording(f"room {self._name!r} records already")
        loop = asyncio.get_running_loop()

        def failed(word: str) -> None:
            loop.call_soon_threadsafe(self._failed, recorder, word)

        files = self._files(Path(path))
        recorder: CompositionRecorder | TrackRecorder
        if composed == "live":
            self.recorder = recorder = CompositionRecorder(files, failed)
            self.follow_composition(time.monotonic())
        else:
            self.recorder = recorder = TrackRecorder(files, failed, self._options, self._start)
            recorder.show(self._room.recorded_scene())
            self.tracks = RecordedTracks(recorder, self._room.lip_sync_delay_s)
        self._mixer.full.attach(recorder)

    def pause(self, paused: bool) -> None:
        """Pause the recording, or resume it."""
        if self.recorder is not None:
            self.recorder.pause(paused)

    def record_voices(self, on: bool) -> None:
        """Start or stop recording each point's sound in a file of its own."""
        self.records_voices = on and self.recorder is not None

    def take_voices(self, voices: Mapping[str, Samples], tick: int) -> None:
        """Write the voices of a tick of the mixer by their names, if they are recorded."""
        if self.records_voices and self.recorder is not None:
            self.recorder.record_isolated_tracks(voices, tick)

    def follow_composition(self, now: float) -> None:
        """Record the picture of the recorder's audience, if it is composed live and is another one now."""
        if not isinstance(self.recorder, CompositionRecorder):
            return
        rendition = self._compositions.of(RECORDING).renditions["H264", USUAL]
        if rendition is self._followed:
            return
        if self._followed is not None:
            self._followed.detach(self.recorder)
        self._followed = rendition
        self.recorder.follow(rendition, now)

    def settle(self, now: float) -> bool:
        """Show the recorder's layout and speaker at once where no compositor does it: who composes the recording
        afterwards waits for cameras then. Return whether to arrange anew."""
        picture = self._compositions.of(RECORDING)
        return self.tracks is not None and not picture.watched and picture.settle_at_once(now)

    def follow_cameras(self, seats: Mapping[str, Seat], now: float) -> dict[str, int]:
        """Record the cameras of the recorder's picture, if it is composed afterwards.

        Return the height in pixels at which each is needed.
        """
        return {} if self.tracks is None else self.tracks.follow(self._compositions.of(RECORDING), seats, now)

    def tick(self, tick: int) -> None:
        """Note what stands in a picture that is composed afterwards; called with each tick of the mixer."""
        if isinstance(self.recorder, TrackRecorder) and tick % SCENE_TICKS == 0:
            self.recorder.show(self._room.recorded_scene())

    def end(self, error: str | None = None) -> None:
        """Stop the recording; an event follows once its file is closed. `error` says why it ends, if not on purpose."""
        recorder, self.recorder, self.records_voices = self.recorder, None, False
        if recorder is None:
            return
        followed, self._followed = self._followed, None
        if followed is not None:
            followed.detach(recorder)
        self._mixer.full.detach(recorder)
        tracks, self.tracks = self.tracks, None
        if tracks is not None:
            tracks.stop(time.monotonic())
        self._room.recording_ended(self._close(recorder, error))

    def _failed(self, recorder: Recorder, word: str) -> None:
        if self.recorder is recorder:
            self._emit(RecordingFailed(self._name, str(recorder.path), word))
            self.end(word)

    async def _close(self, recorder: Recorder, error: str | None) -> None:
        await asyncio.to_thread(recorder.close)
        self._emit(RecordingEnded(self._name, str(recorder.path), recorder.seconds, error or recorder.error))
