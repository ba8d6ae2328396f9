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
from mediaserver.mix.marks import Mark
from mediaserver.mix.quality import QUALITIES, Quality, RenditionKey
from mediaserver.mix.stage import Heading
from mediaserver.rtp.jitter import Frame

STALE_S = 2.0
"""A camera that sent nothing for so long is shown as its card, not as a frozen face."""


@dataclass(frozen=True, slots=True)
class Work:
    """One tick: where the tiles stand, what the cameras sent since the last one, and what is wanted."""

    tick: int
    now: float
    tiles: tuple[Tile, ...]
    labels: dict[str, str]
    frames: dict[str, list[Frame]]
    speaker: str | None
    renditions: dict[RenditionKey, bool]
    """What to encode, and whether it must be a key frame."""
    marks: dict[str, tuple[Mark, ...]] = field(default_factory=dict)
    heading: Heading | None = None


@dataclass(slots=True)
class Composed:
    """What a tick gave: per codec the encoded picture and whether it is a key frame; seats to ask for a key frame."""

    pictures: dict[RenditionKey, tuple[bytes, bool]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)


class Composer:
    """Composes one picture of `width` × `height` pixels at `fps`."""

    def __init__(self, width: int, height: int, fps: int) -> None:
        # given
        self._size = (width, height, fps)
        # owned
        self._canvas = Canvas(width, height)
        self._cameras: dict[str, _Camera] = {}
        self._encoders: dict[RenditionKey, VideoEncoder] = {}
        self._reformatter = VideoReformatter()
        self._shown: dict[Tile, _Shown] = {}
        self._heading: Heading | None = None

    def compose(self, work: Work) -> Composed:
        """Do one tick's work."""
        composed = Composed()
        self._decode(work, composed)
        self._lay_out(work.tiles, work.heading)
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

    def _lay_out(self, tiles: tuple[Tile, ...], heading: Heading | None) -> None:
        """Clear what no longer stands where it stood; whatever is new is painted before anything is encoded."""
        for tile in self._shown.keys() - set(tiles):
            self._canvas.fill(tile, BACKGROUND)
            del self._shown[tile]
        if heading != self._heading:
            self._head(heading)

    def _head(self, heading: Heading | None) -> None:
        if self._heading is not None and (heading is None or heading.tile != self._heading.tile):
            self._canvas.fill(self._heading.tile, BACKGROUND)
        if heading is not None:
            self._canvas.heading(heading.tile, heading.title, heading.clock)
        self._heading = heading

    def _show(self, tile: Tile, work: Work) -> None:
        camera = self._cameras.get(tile.seat)
        picture = camera.picture if camera and camera.fresh(work.now) else None
        label, marks = work.labels.get(tile.seat, tile.seat), work.marks.get(tile.seat, ())
        shown = _Shown(camera.decoded if camera and picture else 0, label, marks, tile.seat == work.speaker)
        if self._shown.get(tile) == shown:
            return
        self._shown[tile] = shown
        if not tile.seat:
            self._canvas.empty(tile)
        elif picture is None or camera is None:
            self._canvas.card(tile, label, marks)
        else:
            self._place(tile, camera, picture)
            self._canvas.name(tile, label, marks)
        if shown.speaks:
            self._canvas.border(tile)

    def _place(self, tile: Tile, camera: "_Camera", picture: VideoFrame) -> None:
        spot = fit(picture.width, picture.height, tile)
        if spot != tile:
            self._canvas.fill(tile, BACKGROUND)
        self._canvas.paint(spot, camera.scaled(picture, spot.width, spot.height))

    def _encode(self, work: Work, composed: Composed) -> None:
        for key in self._encoders.keys() - work.renditions.keys():
            del self._encoders[key]
        scaled: dict[int, VideoFrame] = {}
        for (codec, step), keyframe in work.renditions.items():
            quality = QUALITIES[step]
            if work.tick % quality.every and not keyframe:
                continue
            if step not in scaled:
                scaled[step] = self._scaled(quality)
            encoder = self._encoders.get((codec, step))
            if encoder is None:
                encoder = self._encoders[codec, step] = self._encoder(codec, quality)
            composed.pictures[codec, step] = encoder.encode(scaled[step], work.tick, keyframe=keyframe)

    def _dimensions(self, quality: Quality) -> tuple[int, int]:
        width, height, _ = self._size
        return round(width * quality.share) & ~1, round(height * quality.share) & ~1

    def _scaled(self, quality: Quality) -> VideoFrame:
        """The canvas in a quality's size."""
        width, height = self._dimensions(quality)
        if (width, height) == self._size[:2]:
            return self._canvas.frame
        return self._reformatter.reformat(
            self._canvas.frame, width=width, height=height, format="yuv420p", interpolation=Interpolation.BILINEAR
        )

    def _encoder(self, codec: str, quality: Quality) -> VideoEncoder:
        return VideoEncoder(codec, *self._dimensions(quality), self._size[2], quality.bitrate)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a tile holds now; painting the same again is left out."""

    picture: int
    label: str
    marks: tuple[Mark, ...]
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
        self._scaled: VideoFrame | None = None

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
                self.picture, self._time, self._scaled = picture, now, None
                self.decoded += 1
        return True

    def fresh(self, now: float) -> bool:
        """Whether the camera still sends."""
        return now - self._time < STALE_S

    def scaled(self, picture: VideoFrame, width: int, height: int) -> VideoFrame:
        """The newest picture in another size; a tile that only gets another mark or place is not scaled again."""
        if (picture.width, picture.height, picture.format.name) == (width, height, "yuv420p"):
            return picture
        if self._scaled is None or (self._scaled.width, self._scaled.height) != (width, height):
            self._scaled = self._reformatter.reformat(
                picture, width=width, height=height, format="yuv420p", interpolation=Interpolation.BILINEAR
            )
        return self._scaled
