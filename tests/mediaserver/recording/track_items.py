"""Items of every kind, as they stand in a file of tracks."""

from mediaserver.recording.track_file import Opened, Scene, SceneChange, Sound, TrackFileWriter, TrackFrame
from mediaserver.rtp.frame_assembler import Frame
from mediaserver.video.layout import Tile
from mediaserver.video.layout_state import Heading

OPENED = Opened(320, 180, 25, "2026-11-28T07:00:00.000+00:00")
HEADING = Heading(Tile("", 0, 0, 320, 10), "Họp", "07:00 · 28/11/2026")
FIRST = Scene(
    (Tile("a", 0, 0, 160, 90), Tile("", 160, 0, 160, 90, "b")), HEADING, {"a": "Điểm A"}, "a", {"a": ("floor",)}
)
SECOND = Scene((Tile("content:a", 0, 0, 320, 180),), None, {"a": "Điểm A"}, None, {})


def frame(data: bytes, *, keyframe: bool = False, codec: str = "VP8", stream: int = 7) -> Frame:
    return Frame(codec, data, keyframe, 0, stream)


EVERYTHING = (
    SceneChange(0.0, FIRST),
    Sound(0.0, b"sound"),
    TrackFrame(0.013, "a", frame(b"key", keyframe=True)),
    TrackFrame(0.053, "a", frame(b"next")),
    SceneChange(0.06, SECOND),
    TrackFrame(0.093, "content:a", frame(b"screen", keyframe=True, codec="H264", stream=2**32 - 1)),
    Sound(0.12, b""),
)


def written(writer: TrackFileWriter, item: TrackFrame | Sound | SceneChange) -> bytes:
    """Return the bytes of an item."""
    match item:
        case TrackFrame():
            return writer.frame(*item)
        case Sound():
            return writer.sound(*item)
        case SceneChange():
            return writer.scene(*item)


def _all_written() -> tuple[bytes, ...]:
    writer = TrackFileWriter(OPENED)
    return (writer.beginning, *(written(writer, item) for item in EVERYTHING))


EVERYTHING_WRITTEN = _all_written()
"""The beginning of the file, then the bytes of each item of `EVERYTHING`."""
