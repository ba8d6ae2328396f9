"""Paints one composition (tiles, labels, heading) on its canvas and encodes it into the renditions that are watched."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, Protocol

from av import VideoFrame

from mediaserver.api import TileIcon
from mediaserver.video.canvas import BACKGROUND, Canvas
from mediaserver.video.codecs import VideoEncoder
from mediaserver.video.layout import Tile, fit
from mediaserver.video.layout_state import Heading
from mediaserver.video.quality import LARGE, QUALITIES, STEPS, USUAL, Quality, RenditionKey
from mediaserver.video.scaler import Scaler, halves
from mediaserver.video.tile_icons import with_sound

Encoded = tuple[bytes, bool]
"""An encoded picture, and whether it is a key frame."""


PainterKey = tuple[int, bool]
"""A composition's number, and whether it is the picture for large displays."""


class Camera(Protocol):
    """The decoded camera behind a tile."""

    decoded: int
    """Number of pictures so far: the picture is another one when this has changed."""

    def newest(self, now: float) -> VideoFrame | None:
        """Return its newest picture, decoding it now if needed; None when it no longer sends."""

    def scaled(self, picture: VideoFrame, width: int, height: int) -> VideoFrame:
        """Return its newest picture in another size."""


@dataclass(frozen=True, slots=True)
class CompositionJob:
    """One composition at one tick: its tiles, and the renditions to encode."""

    picture: int
    """The composition's number in the room."""
    tick: int
    """Counted in the composition's own frame rate."""
    tiles: tuple[Tile, ...]
    renditions: dict[RenditionKey, bool]
    """The renditions to encode, each with whether it must be a key frame."""
    heading: Heading | None = None
    large: bool = False
    """Whether it is the picture for large displays."""
    overlay: str = ""
    """Lines of text over the tiles."""
    high: Collection[RenditionKey] = ()
    """The renditions whose viewers all decode H.264 of profile High."""

    @property
    def painter(self) -> PainterKey:
        """Return the key of its painter."""
        return self.picture, self.large


@dataclass(frozen=True, slots=True)
class TileContents:
    """The contents that tiles can show: cameras, labels and icons by seat, and the speaker."""

    cameras: Mapping[str, Camera]
    labels: Mapping[str, str]
    icons: Mapping[str, tuple[TileIcon, ...]]
    speaker: str | None


class Painter:
    """Paints and encodes one composition of a room whose own size is `width` × `height` pixels, at `fps`."""

    def __init__(self, width: int, height: int, fps: int, *, large: bool = False) -> None:
        self._size = (width, height)
        self._fps = QUALITIES[LARGE].fps if large else fps
        self.canvas = Canvas(*self._dimensions(QUALITIES[LARGE if large else USUAL]))
        self.encoders: dict[RenditionKey, VideoEncoder] = {}
        self._encoded: dict[RenditionKey, int] = {}
        """The tick each rendition was last encoded at: a busy machine skips ticks, often every other one."""
        self._scaler = Scaler()
        self._shown: dict[Tile, _TileState] = {}
        self._heading: Heading | None = None

    def paint(self, job: CompositionJob, contents: TileContents, now: float) -> None:
        """Bring the canvas up to date."""
        self._lay_out(job.tiles, job.heading)
        for tile in job.tiles:
            self._show(tile, contents, now)
        if job.overlay:
            self.canvas.overlay(job.overlay, low=bool(job.tiles))

    def _lay_out(self, tiles: tuple[Tile, ...], heading: Heading | None) -> None:
        """Clear tiles that moved or went; whatever is new is painted before anything is encoded."""
        for tile in self._shown.keys() - set(tiles):
            self.canvas.fill(tile, BACKGROUND)
            del self._shown[tile]
        if heading != self._heading:
            self._head(heading)

    def _head(self, heading: Heading | None) -> None:
        if self._heading is not None and (heading is None or heading.tile != self._heading.tile):
            self.canvas.fill(self._heading.tile, BACKGROUND)
        if heading is not None:
            self.canvas.heading(heading.tile, heading.title, heading.clock)
        self._heading = heading

    def _show(self, tile: Tile, contents: TileContents, now: float) -> None:
        camera = contents.cameras.get(tile.seat)
        picture = camera.newest(now) if camera else None
        label, speaks = contents.labels.get(tile.seat or tile.awaited, tile.seat), tile.seat == contents.speaker
        icons = with_sound(contents.icons.get(tile.seat, ()), speaks)
        shown = _TileState(camera.decoded if camera and picture else 0, label, icons, speaks)
        if self._shown.get(tile) == shown:
            return
        self._shown[tile] = shown
        if not tile.seat:
            self.canvas.empty(tile, label)
        elif picture is None or camera is None:
            self.canvas.card(tile, label, icons)
        else:
            self._place(tile, camera, picture)
            self.canvas.name(tile, label, icons)
        if shown.speaks:
            self.canvas.border(tile)

    def _place(self, tile: Tile, camera: Camera, picture: VideoFrame) -> None:
        spot = fit(picture.width, picture.height, tile)
        if spot != tile:
            self.canvas.fill(tile, BACKGROUND)
        if halves(picture, spot.width, spot.height):
            self.canvas.shrink(spot, picture)
        else:
            self.canvas.paint(spot, camera.scaled(picture, spot.width, spot.height))

    def encode(self, job: CompositionJob) -> dict[RenditionKey, Encoded]:
        """Encode the canvas into the wanted renditions; drop the encoders of others.

        A viewer who does not decode High ends it at once, by a key frame; it begins at the next one.
        """
        for key in self.encoders.keys() - job.renditions.keys():
            del self.encoders[key], self._encoded[key]
        encoded: dict[RenditionKey, Encoded] = {}
        scaled: dict[int, VideoFrame] = {}
        for (codec, step), keyframe in job.renditions.items():
            quality = STEPS[step]
            if job.tick - self._encoded.get((codec, step), -quality.every) < quality.every and not keyframe:
                continue
            self._encoded[codec, step] = job.tick
            if step not in scaled:
                scaled[step] = self._scaled(quality)
            encoder, high = self.encoders.get((codec, step)), (codec, step) in job.high
            if encoder is None or (encoder.high is not high and (keyframe or encoder.high)):
                encoder = self.encoders[codec, step] = self._encoder(codec, quality, high=high)
            encoded[codec, step] = encoder.encode(scaled[step], keyframe=keyframe)
        return encoded

    def _dimensions(self, quality: Quality) -> tuple[int, int]:
        width, height = self._size
        return round(width * quality.share) & ~1, round(height * quality.share) & ~1

    def _scaled(self, quality: Quality) -> VideoFrame:
        """Return the canvas in a quality's size."""
        return self._scaler.scale(self.canvas.frame, *self._dimensions(quality))

    def _encoder(self, codec: str, quality: Quality, *, high: bool) -> VideoEncoder:
        fps = Fraction(self._fps, quality.every)
        return VideoEncoder(codec, *self._dimensions(quality), fps, quality.bitrate, high=high)


class _TileState(NamedTuple):
    """The present content of a tile; painting the same again is skipped."""

    picture: int
    label: str
    icons: tuple[TileIcon, ...]
    speaks: bool
