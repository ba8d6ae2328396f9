"""Plays the tracks of a recording by a clock: tells at each moment what the room would have told its compositor. Pure.

A scene with cameras that are not seen yet waits for their first pictures, as the room's layout does while it is
composed live, at most `PATIENCE_S`.
"""

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from mediaserver.api import CONTENT
from mediaserver.audio.mix_minus import PTIME_MS
from mediaserver.recording.track_file import Scene, SceneChange, Sound, TrackFileReader, TrackFrame
from mediaserver.rtp.frame_assembler import Frame
from mediaserver.video.compositor import STALE_S
from mediaserver.video.layout_state import PATIENCE_S


@dataclass(slots=True)
class Survey:
    """The length of a recording in seconds, and the frame, counted from 0, with which each tile begins to play.

    `speakers` are the labels of who spoke, and from when on.
    """

    seconds: float = 0.0
    begin: dict[str, int] = field(default_factory=dict)
    speakers: list[tuple[float, str]] = field(default_factory=list)


def survey(reader: TrackFileReader, start: float) -> Survey:
    """Read a file to its end. Played from `start` on, each tile begins with its last key frame before."""
    found = Survey()
    number = 0
    for each in reader:
        if isinstance(each, Sound):
            found.seconds = max(found.seconds, each.seconds + PTIME_MS / 1000)
        elif isinstance(each, TrackFrame):
            if each.frame.keyframe and each.seconds <= start:
                found.begin[each.tile] = number
            number += 1
        else:
            label = each.scene.labels.get(each.scene.speaker or "", "")
            if not found.speakers or found.speakers[-1][1] != label:
                found.speakers.append((each.seconds, label))
    return found


class TrackPlayer:
    """Plays a file from its beginning, without the frames before those in `begin`; time never goes back."""

    def __init__(self, reader: TrackFileReader, begin: Mapping[str, int]) -> None:
        self._items = iter(reader)
        self._begin = begin
        self._read_until = -inf
        self._number = 0
        self._frames: dict[str, deque[TrackFrame]] = defaultdict(deque)
        self._sounds: deque[Sound] = deque()
        self._scenes: deque[SceneChange] = deque()
        self._last_frame: dict[str, float] = {}
        """When each tile got its last frame."""
        self._next: SceneChange | None = None
        self._next_at = 0.0
        """When the next scene is shown."""
        self.scene = Scene()

    def frames(self, now: float) -> dict[str, list[Frame]]:
        """Return the frames of each tile that are due, and let the scene of this moment be shown."""
        self._read(now + PATIENCE_S)
        found: dict[str, list[Frame]] = {}
        for tile, waiting in self._frames.items():
            while waiting and waiting[0].seconds <= now:
                found.setdefault(tile, []).append(waiting.popleft().frame)
                self._last_frame[tile] = now
        self._follow_scene(now)
        return found

    def sounds(self, before: float) -> list[Sound]:
        """Return the sound up to a time that is not later than what was asked for the frames of by `PATIENCE_S`."""
        found = []
        while self._sounds and self._sounds[0].seconds < before:
            found.append(self._sounds.popleft())
        return found

    def _read(self, until: float) -> None:
        """Read what was recorded until then. Sound comes in every 20 ms, and each frame before the sound it belongs
        to."""
        while self._read_until <= until:
            match next(self._items, None):
                case None:
                    self._read_until = inf
                case TrackFrame() as frame:
                    if self._number >= self._begin.get(frame.tile, 0):
                        self._frames[frame.tile].append(frame)
                    self._number += 1
                case Sound() as sound:
                    self._sounds.append(sound)
                    self._read_until = sound.seconds
                case SceneChange() as change:
                    self._scenes.append(change)

    def _follow_scene(self, now: float) -> None:
        while self._scenes and self._scenes[0].seconds <= now:
            self._next = self._scenes.popleft()
            self._next_at = self._ready_at(self._next)
        if self._next is not None and self._next_at <= now:
            self.scene, self._next = self._next.scene, None

    def _ready_at(self, change: SceneChange) -> float:
        """Return when each camera of a scene has a picture, or its wait is over; one that is off is not waited for."""
        if not self.scene.tiles:
            return change.seconds
        shown = {tile.seat for tile in self.scene.tiles}
        fresh = {tile.seat for tile in change.scene.tiles} - shown
        firsts = (self._first(tile, change.seconds) for tile in fresh if tile)
        return max((first for first in firsts if first <= change.seconds + PATIENCE_S), default=change.seconds)

    def _first(self, tile: str, seconds: float) -> float:
        """Return from when on a tile has a picture."""
        fresh_s = inf if tile.startswith(CONTENT) else STALE_S
        if seconds - self._last_frame.get(tile, -inf) < fresh_s:
            return seconds
        return next((each.seconds for each in self._frames[tile] if each.frame.keyframe), inf)
