"""The composed picture: decode what is seen, scale it into its tile, encode once per codec.

A composer lives in one worker thread. It is handed work and hands back bytes; it touches nothing of the room.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from av import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from mediaserver.mix.canvas import BACKGROUND, Canvas
from mediaserver.mix.codec import VideoDecoder, VideoEncoder
from mediaserver.mix.layout import Tile, fit
from mediaserver.rtp.jitter import Frame

STALE_S = 2.0
"""A camera that sent nothing for so long is shown as its card, not as a frozen face."""
BITRATE_720P = 1_800_000


@dataclass(frozen=True, slots=True)
class Work:
    """One tick: where the tiles stand, what the cameras sent since the last one, and what is wanted."""

    tick: int
    now: float
    tiles: tuple[Tile, ...]
    labels: dict[str, str]
    frames: dict[str, list[Frame]]
    speaker: str | None
    codecs: dict[str, bool]
    """Codecs to encode, and whether each must be a key frame."""


@dataclass(slots=True)
class Composed:
    """What a tick gave: per codec the encoded picture and whether it is a key frame; seats to ask for a key frame."""

    pictures: dict[str, tuple[bytes, bool]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)


class Composer:
    """Composes one picture of `width` × `height` pixels at `fps`."""

    def __init__(self, width: int, height: int, fps: int) -> None:
        # given
        self._size = (width, height, fps)
        # owned
        self._canvas = Canvas(width, height)
        self._cameras: dict[str, _Camera] = {}
        self._encoders: dict[str, VideoEncoder] = {}
        self._shown: dict[str, _Shown] = {}
        self._tiles: tuple[Tile, ...] = ()

    def compose(self, work: Work) -> Composed:
        """Do one tick's work."""
        composed = Composed()
        self._decode(work, composed)
        self._lay_out(work.tiles)
        for tile in work.tiles:
            self._show(tile, work)
        self._encode(work, composed)
        return composed

    def _decode(self, work: Work, composed: Composed) -> None:
        for seat in self._cameras.keys() - work.labels.keys():
            del self._cameras[seat]
        for seat, frames in work.frames.items():
            camera = self._cameras.setdefault(seat, _Camera())
            if not camera.decode(frames, work.now):
                composed.broken.add(seat)

    def _lay_out(self, tiles: tuple[Tile, ...]) -> None:
        if tiles == self._tiles:
            return
        self._tiles = tiles
        self._shown.clear()
        self._canvas.fill(Tile("", 0, 0, self._size[0], self._size[1]), BACKGROUND)

    def _show(self, tile: Tile, work: Work) -> None:
        camera = self._cameras.get(tile.seat)
        picture = camera.picture if camera and camera.fresh(work.now) else None
        label = work.labels.get(tile.seat, tile.seat)
        shown = _Shown(camera.decoded if camera and picture else 0, label, tile.seat == work.speaker)
        if self._shown.get(tile.seat) == shown:
            return
        self._shown[tile.seat] = shown
        if picture is None or camera is None:
            self._canvas.card(tile, label)
        else:
            self._place(tile, camera, picture)
            self._canvas.name(tile, label)
        if shown.speaks:
            self._canvas.border(tile)

    def _place(self, tile: Tile, camera: "_Camera", picture: VideoFrame) -> None:
        spot = fit(picture.width, picture.height, tile)
        if spot != tile:
            self._canvas.fill(tile, BACKGROUND)
        self._canvas.paint(spot, camera.scaled(picture, spot.width, spot.height))

    def _encode(self, work: Work, composed: Composed) -> None:
        for codec in self._encoders.keys() - work.codecs.keys():
            del self._encoders[codec]
        for codec, keyframe in work.codecs.items():
            encoder = self._encoders.get(codec)
            if encoder is None:
                encoder = self._encoders[codec] = VideoEncoder(codec, *self._size, BITRATE_720P)
            composed.pictures[codec] = encoder.encode(self._canvas.frame, work.tick, keyframe=keyframe)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a tile holds now; painting the same again is left out."""

    picture: int
    label: str
    speaks: bool


class _Camera:
    """One seat's decoder and newest picture."""

    def __init__(self) -> None:
        self.picture: VideoFrame | None = None
        self.decoded = 0
        self._decoder: VideoDecoder | None = None
        self._stream: tuple[int, str] | None = None
        self._reformatter = VideoReformatter()
        self._time = 0.0

    def decode(self, frames: Iterable[Frame], now: float) -> bool:
        """Decode in order, keeping the newest picture; False when a key frame is needed to go on."""
        for frame in frames:
            if (frame.stream, frame.codec) != self._stream:
                if not frame.keyframe:
                    continue
                self._stream, self._decoder = (frame.stream, frame.codec), VideoDecoder(frame.codec)
            assert self._decoder is not None
            try:
                picture = self._decoder.decode(frame.data)
            except ValueError:
                self._stream = None
                return False
            if picture is not None:
                self.picture, self._time = picture, now
                self.decoded += 1
        return True

    def fresh(self, now: float) -> bool:
        """Whether the camera still sends."""
        return now - self._time < STALE_S

    def scaled(self, picture: VideoFrame, width: int, height: int) -> VideoFrame:
        """The picture in another size."""
        if (picture.width, picture.height, picture.format.name) == (width, height, "yuv420p"):
            return picture
        return self._reformatter.reformat(
            picture, width=width, height=height, format="yuv420p", interpolation=Interpolation.BILINEAR
        )
