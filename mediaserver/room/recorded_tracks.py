"""Feeds the recorder of a recording that is composed afterwards: the cameras of its picture, each in one layer."""

from collections.abc import Callable, Mapping

from mediaserver.api import CONTENT
from mediaserver.peer.simulcast import LayerInput, SimulcastLayer
from mediaserver.recording.track_recorder import TrackRecorder
from mediaserver.room.compositions import Composition
from mediaserver.room.seat import Seat
from mediaserver.rtp.frame_assembler import Frame

MAX_BPS = 6_000_000
BURST_BYTES = 4 << 20
"""The most that a camera may fill the disk with, in bit/s, and how much at once: room systems send 4 Mbit/s at most."""


class _TrackInput(LayerInput):
    """The recorder's sink for the camera or screen of one tile. Beyond `MAX_BPS` it drops all up to a key frame."""

    def __init__(self, tile: str, recorder: TrackRecorder, delay: Callable[[str], float]) -> None:
        super().__init__()
        # given
        self._tile = tile
        self._recorder = recorder
        self._delay = delay
        # owned
        self._allowed = float(BURST_BYTES)
        self._at = 0.0
        self._dropping = False

    def _take(self, frame: Frame, now: float) -> None:
        self._allowed = min(BURST_BYTES, self._allowed + (now - self._at) * MAX_BPS / 8)
        self._at = now
        self._dropping = len(frame.data) > self._allowed or (self._dropping and not frame.keyframe)
        if not self._dropping:
            self._allowed -= len(frame.data)
            self._recorder.frame(self._tile, frame, now + self._delay(self._tile))

    @property
    def _starving(self) -> bool:
        return self._dropping


class RecordedTracks:
    """The cameras and screens that are recorded. `delay` returns the seconds by which a tile's pictures are shown later
    than they come, for lip sync."""

    def __init__(self, recorder: TrackRecorder, delay: Callable[[str], float]) -> None:
        # given
        self._recorder = recorder
        self._delay = delay
        # owned
        self._inputs: dict[str, _TrackInput] = {}

    def follow(self, picture: Composition, seats: Mapping[str, Seat], now: float) -> dict[str, int]:
        """Follow the smallest sufficient layer of each camera in a picture, and each screen; nothing during a pause.

        Return the height in pixels at which each camera is needed.
        """
        state = picture.layout_state
        shown = () if self._recorder.paused else (*state.ahead, *state.tiles)
        heights: dict[str, int] = {}
        for seat, height in ((tile.seat, tile.height) for tile in shown if tile.seat):
            heights[seat] = max(height, heights.get(seat, 0))
        for tile in self._inputs.keys() - heights.keys():
            self._inputs.pop(tile).follow(None, now)
        for tile, height in heights.items():
            if tile not in self._inputs:
                self._inputs[tile] = _TrackInput(tile, self._recorder, self._delay)
            self._inputs[tile].follow(_layer(tile, height, seats, now), now)
        return heights

    def stop(self, now: float) -> None:
        """Follow nothing any more."""
        for each in self._inputs.values():
            each.follow(None, now)
        self._inputs.clear()


def _layer(tile: str, height: int, seats: Mapping[str, Seat], now: float) -> SimulcastLayer | None:
    """Return the layer to record of a tile's camera, or of its screen; None while nothing is sent."""
    kind, _, name = tile.rpartition(":")
    camera = seats[name].sent(kind == CONTENT) if name in seats else None
    if camera is None:
        return None
    return camera.largest if kind == CONTENT else camera.pick(height, now)
