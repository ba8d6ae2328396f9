"""The file of a recording's tracks: what a composer needs to draw the recording later, as it came.

The cameras and screens of the recorded picture are in it as they were sent, without decoding; the mix as Opus; and what
stands in the picture (:class:`Scene`), whenever that changes. No container of the field takes tracks that come, go and
change their codec while it is written, and none has to be read by anybody else: the file lasts until the recording is
composed. It is a mark and records, each a header and its data::

    kind: 1 byte | flags: 1 | track: 2 | milliseconds of the recording: 4 | bytes of data: 4 | data

Records are only ever added, so a file that was cut off holds everything before its last whole record.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from struct import Struct
from typing import Any, BinaryIO, NamedTuple

from mediaserver.api import TileIcon
from mediaserver.rtp.frame_assembler import MAX_FRAME_BYTES, Frame
from mediaserver.video.layout import Tile
from mediaserver.video.layout_state import Heading
from mediaserver.video.tile_icons import TINTS

MARK = b"diemcau tracks 1"
"""The first bytes of the file, which are not encrypted while it is written."""
_HEADER = Struct("!BBHII")
_KEYFRAME = 1
"""Flag of a frame that needs no other."""
TRACKS_IN_USE = 1 << 16
"""Numbers of tracks; when all were used they are given out anew."""
MAX_SIDE = 4096
"""The largest width and height of a composed picture in pixels."""
MAX_FPS = 60
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""What JSON of another shape raises."""


class Kind(IntEnum):
    """The kinds of records."""

    OPENED = 1
    TRACK = 2
    FRAME = 3
    SOUND = 4
    SCENE = 5


class NoTracks(Exception):
    """Raised when a file does not begin as one of tracks does."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The first record: size and rate of the composed picture, and the time of its first one (RFC 3339)."""

    width: int
    height: int
    fps: int
    date: str


@dataclass(frozen=True, slots=True)
class Scene:
    """All that stands in the picture besides the cameras, as the compositor is told it with each picture."""

    tiles: tuple[Tile, ...] = ()
    heading: Heading | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of everyone in the room, by seat."""
    speaker: str | None = None
    icons: Mapping[str, tuple[TileIcon, ...]] = field(default_factory=dict)


class TrackFrame(NamedTuple):
    """A frame of the camera or screen in a tile, to be shown from `seconds` of the recording on."""

    seconds: float
    tile: str
    frame: Frame


class Sound(NamedTuple):
    """20 ms of the mix in Opus, from `seconds` of the recording on."""

    seconds: float
    data: bytes


class SceneChange(NamedTuple):
    """The scene in the picture from `seconds` of the recording on."""

    seconds: float
    scene: Scene


class TrackFileWriter:
    """Turns what is recorded into the bytes of the file."""

    def __init__(self, opened: Opened) -> None:
        self._scene: dict[str, Any] = {}
        """The fields of the last scene, as they were written."""
        self._last_scene: Scene | None = None
        self._tracks: dict[tuple[str, str, int], int] = {}
        """The track of each tile, codec and stream."""
        self._given_out = 0
        self.beginning = MARK + _record(Kind.OPENED, 0.0, json.dumps(asdict(opened)).encode())

    def frame(self, seconds: float, tile: str, frame: Frame) -> bytes:
        """Return the records of a frame; those of its track come before its first one."""
        key = tile, frame.codec, frame.stream
        track = self._tracks.get(key)
        announcement = b""
        if track is None:
            track = self._given_out % TRACKS_IN_USE
            self._given_out += 1
            self._tracks = {old: number for old, number in self._tracks.items() if number != track and old[0] != tile}
            self._tracks[key] = track
            fields = {"tile": tile, "codec": frame.codec, "stream": frame.stream}
            announcement = _record(Kind.TRACK, seconds, json.dumps(fields).encode(), track)
        return announcement + _record(Kind.FRAME, seconds, frame.data, track, _KEYFRAME if frame.keyframe else 0)

    def sound(self, seconds: float, data: bytes) -> bytes:
        """Return the record of 20 ms of the mix."""
        return _record(Kind.SOUND, seconds, data)

    def scene(self, seconds: float, scene: Scene) -> bytes:
        """Return the record of what changed in the picture; nothing when it is as it was."""
        if scene == self._last_scene:
            return b""
        self._last_scene = scene
        last, self._scene = self._scene, asdict(scene)
        changed = {name: value for name, value in self._scene.items() if name not in last or last[name] != value}
        return _record(Kind.SCENE, seconds, json.dumps(changed).encode())


def _record(kind: Kind, seconds: float, data: bytes, track: int = 0, flags: int = 0) -> bytes:
    return _HEADER.pack(kind, flags, track, round(seconds * 1000), len(data)) + data


class TrackFileReader:
    """Reads the file as far as it is whole, whatever follows. Raises NoTracks when it does not begin as one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._tracks: dict[int, tuple[str, str, int]] = {}
        self._scene = Scene()
        try:
            record = self._record() if file.read(len(MARK)) == MARK else None
            self.opened = _opened(record)
        except _MALFORMED as error:
            raise NoTracks from error

    def __iter__(self) -> Iterator[TrackFrame | Sound | SceneChange]:
        """Yield what was recorded, in the order in which it came. Frames of delayed cameras are a little ahead."""
        while (record := self._record()) is not None:
            try:
                found = self._parsed(record)
            except _MALFORMED:
                return
            if found is not None:
                yield found

    def _record(self) -> "_Record | None":
        header = self._file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return None
        kind, flags, track, milliseconds, size = _HEADER.unpack(header)
        if size > MAX_FRAME_BYTES:
            return None
        data = self._file.read(size)
        return _Record(kind, flags, track, milliseconds / 1000, data) if len(data) == size else None

    def _parsed(self, record: "_Record") -> TrackFrame | Sound | SceneChange | None:
        match Kind(record.kind):
            case Kind.OPENED:
                raise ValueError("opened twice")
            case Kind.TRACK:
                fields = json.loads(record.data)
                self._tracks[record.track] = str(fields["tile"]), _codec(fields["codec"]), int(fields["stream"])
                return None
            case Kind.FRAME:
                tile, codec, stream = self._tracks[record.track]
                frame = Frame(codec, record.data, bool(record.flags & _KEYFRAME), 0, stream)
                return TrackFrame(record.seconds, tile, frame)
            case Kind.SOUND:
                return Sound(record.seconds, record.data)
            case Kind.SCENE:
                self._scene = _changed(self._scene, json.loads(record.data), self.opened)
                return SceneChange(record.seconds, self._scene)


class _Record(NamedTuple):
    kind: int
    flags: int
    track: int
    seconds: float
    data: bytes


def _opened(record: _Record | None) -> Opened:
    if record is None or record.kind != Kind.OPENED:
        raise ValueError("not opened")
    opened = Opened(**json.loads(record.data))
    sides = (opened.width, opened.height)
    if not all(isinstance(side, int) and 16 <= side <= MAX_SIDE and side % 2 == 0 for side in sides):
        raise ValueError("no picture has that size")
    if not (isinstance(opened.fps, int) and 1 <= opened.fps <= MAX_FPS and isinstance(opened.date, str)):
        raise ValueError("no picture has that rate")
    return opened


def _codec(name: str) -> str:
    if name not in ("VP8", "H264"):
        raise ValueError("no codec of cameras")
    return name


def _changed(scene: Scene, fields: dict[str, Any], opened: Opened) -> Scene:
    """Return a scene with other values in some fields. Raises `_MALFORMED`."""
    known = {name: getattr(scene, name) for name in ("tiles", "heading", "labels", "speaker", "icons")}
    if "tiles" in fields:
        known["tiles"] = tuple(_tile(values, opened) for values in fields["tiles"])
    if "heading" in fields:
        known["heading"] = None if fields["heading"] is None else _heading(fields["heading"], opened)
    if "labels" in fields:
        known["labels"] = {str(seat): str(label) for seat, label in fields["labels"].items()}
    if "speaker" in fields:
        known["speaker"] = None if fields["speaker"] is None else str(fields["speaker"])
    if "icons" in fields:
        known["icons"] = {str(seat): tuple(_icon(each) for each in icons) for seat, icons in fields["icons"].items()}
    return Scene(**known)


def _tile(values: list[Any], opened: Opened) -> Tile:
    seat, x, y, width, height, awaited = values
    tile = Tile(str(seat), int(x), int(y), int(width), int(height), str(awaited))
    inside = 0 <= tile.x <= opened.width - tile.width and 0 <= tile.y <= opened.height - tile.height
    even = not any(side % 2 for side in tile[1:5])
    if not (inside and even and tile.width > 0 and tile.height > 0):
        raise ValueError("a tile outside of the picture")
    return tile


def _heading(values: dict[str, Any], opened: Opened) -> Heading:
    return Heading(_tile(values["tile"], opened), str(values["title"]), str(values["clock"]))


def _icon(name: str) -> TileIcon:
    for icon in TINTS:
        if icon == name:
            return icon
    raise ValueError("no icon")
