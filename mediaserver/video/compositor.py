"""The compositor: decodes each visible camera once, paints it into every composition that shows it, encodes each once.

A compositor lives in one worker thread. It takes requests and returns encoded bytes; it touches nothing of the room.
"""

import time
from dataclasses import dataclass, field
from math import inf

from av import VideoFrame

from mediaserver.api import CONTENT, TileIcon
from mediaserver.rtp.frame_assembler import Frame
from mediaserver.video.codecs import VideoDecoder
from mediaserver.video.painter import CompositionJob, Encoded, Painter, PainterKey, TileContents
from mediaserver.video.quality import RenditionKey
from mediaserver.video.scaler import Scaler

STALE_S = 2.0
"""Seconds without a frame after which a camera is shown as its card, not as a frozen face. A screen may stand still."""


@dataclass(frozen=True, slots=True)
class ComposeRequest:
    """The input of one tick: the compositions that are due, and the frames that cameras sent since the last one."""

    now: float
    jobs: tuple[CompositionJob, ...]
    labels: dict[str, str]
    """Labels of everyone in the room; seats that are missing here are forgotten."""
    frames: dict[str, list[Frame]]
    speaker: str | None
    icons: dict[str, tuple[TileIcon, ...]] = field(default_factory=dict)
    others: frozenset[PainterKey] = frozenset()
    """Keys of all compositions that somebody watches, also those due at another time."""


@dataclass(slots=True)
class ComposeResult:
    """The output of one tick: encoded pictures by composition and rendition, and seats to request a key frame from."""

    pictures: dict[tuple[int, RenditionKey], Encoded] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    compose_s: float = field(default=0.0, compare=False)
    """Seconds of CPU that decoding and painting took."""
    encode_s: float = field(default=0.0, compare=False)
    """Seconds of CPU that scaling to renditions and encoding them took."""


@dataclass(slots=True)
class PictureWork:
    """The pictures composed in all rooms of a process, and the seconds of CPU that they took."""

    pictures: int = 0
    """Encoded pictures: one for each rendition."""
    compose_s: float = 0.0
    encode_s: float = 0.0

    def add(self, composed: ComposeResult) -> None:
        """Add the output of one tick of a room."""
        self.pictures += len(composed.pictures)
        self.compose_s += composed.compose_s
        self.encode_s += composed.encode_s


class Compositor:
    """Composes the pictures of a room whose own size is `width` × `height` pixels at `fps`."""

    def __init__(self, width: int, height: int, fps: int) -> None:
        self._size = (width, height, fps)
        self._cameras: dict[str, _Camera] = {}
        self._painters: dict[PainterKey, Painter] = {}

    def close(self) -> None:
        """Release all codecs and pictures: the garbage collector may come to the room late."""
        self._cameras.clear()
        self._painters.clear()

    def compose(self, work: ComposeRequest) -> ComposeResult:
        """Run one tick. Painters of compositions that nobody watches any more are dropped."""
        composed, began = ComposeResult(), time.thread_time()
        self._hand_out(work)
        for unwatched in self._painters.keys() - work.others - {job.painter for job in work.jobs}:
            del self._painters[unwatched]
        try:
            self._draw(work, composed)
        finally:  # pictures need the ones before them, whatever became of those that were to show them
            composed.broken = {seat for seat in work.frames if not self._cameras[seat].decode()}
        composed.compose_s = time.thread_time() - began - composed.encode_s
        return composed

    def _draw(self, work: ComposeRequest, composed: ComposeResult) -> None:
        contents = TileContents(self._cameras, work.labels, work.icons, work.speaker)
        for job in work.jobs:
            painter = self._painter(job.painter)
            painter.paint(job, contents, work.now)
            began = time.thread_time()
            for key, encoded in painter.encode(job).items():
                composed.pictures[job.picture, key] = encoded
            composed.encode_s += time.thread_time() - began

    def _painter(self, key: PainterKey) -> Painter:
        if key not in self._painters:
            _, large = key
            self._painters[key] = Painter(*self._size, large=large)
        return self._painters[key]

    def _hand_out(self, work: ComposeRequest) -> None:
        for seat in self._cameras.keys() - work.labels.keys():
            del self._cameras[seat]
        for seat, frames in work.frames.items():
            self._cameras.setdefault(seat, _Camera(inf if seat.startswith(CONTENT) else STALE_S)).take(frames, work.now)


class _Camera:
    """One seat's decoder and newest picture. It decodes when the picture is painted, so that it is still in the
    cache."""

    def __init__(self, stale_s: float) -> None:
        self._stale_s = stale_s
        self.decoded = 0
        self._waiting: list[Frame] = []
        self._came = 0.0
        self._decoder: VideoDecoder | None = None
        self._stream: tuple[int, str] | None = None
        self._broken = False
        self._scaler = Scaler()
        self._picture: VideoFrame | None = None
        self._time = 0.0
        self._scaled: dict[tuple[int, int], VideoFrame] = {}
        """The newest picture in the sizes of its tiles."""

    def take(self, frames: list[Frame], now: float) -> None:
        """Keep frames until the picture is needed."""
        self._waiting, self._came, self._broken = frames, now, False

    def decode(self) -> bool:
        """Decode the waiting frames in order and keep the newest picture; return False when a key frame is needed to go
        on."""
        waiting, self._waiting = self._waiting, []
        for frame in waiting:
            if (frame.stream, frame.codec) != self._stream:
                if not frame.keyframe:
                    continue
                self._stream, self._decoder = (frame.stream, frame.codec), VideoDecoder(frame.codec)
            assert self._decoder is not None
            try:
                picture = self._decoder.decode(frame.data)
            except ValueError:
                self._stream, self._broken = None, True
                break
            if picture is not None:
                self._picture, self._time, self._scaled = picture, self._came, {}
                self.decoded += 1
        return not self._broken

    def newest(self, now: float) -> VideoFrame | None:
        """Return its newest picture; None when it no longer sends."""
        self.decode()
        return self._picture if now - self._time < self._stale_s else None

    def scaled(self, picture: VideoFrame, width: int, height: int) -> VideoFrame:
        """Return the newest picture in another size, made once for all tiles of that size."""
        size = width, height
        if size not in self._scaled:
            self._scaled[size] = self._scaler.scale(picture, width, height)
        return self._scaled[size]
