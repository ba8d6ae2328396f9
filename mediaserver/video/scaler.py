"""Scales pictures."""

from typing import Any

from av import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from mediaserver.video.planes import Planes, planes


class Scaler:
    """Scales one stream of pictures; it keeps the tables of the last sizes, so each stream has one of its own."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def scale(self, picture: VideoFrame, width: int, height: int) -> VideoFrame:
        """Return the picture as YUV 4:2:0 of `width` × `height` pixels; the same object when it is that already."""
        if picture.format.name == "yuv420p" and (picture.width, picture.height) == (width, height):
            return picture
        if halves(picture, width, height):
            smaller = VideoFrame(width, height, "yuv420p")
            halve(picture, planes(smaller))
            return smaller
        return self._reformatter.reformat(
            picture,
            width=width,
            height=height,
            format="yuv420p",
            interpolation=Interpolation.BILINEAR,
            threads=1,  # a tile takes 0.1 ms: handing it to other threads, the default, costs more than it saves
        )


def halves(picture: VideoFrame, width: int, height: int) -> bool:
    """Return whether :func:`halve` gives this size, as is common between a layer and its tile.

    Where it could not be compiled swscale does it, five times slower and a little softer.
    """
    if not _halve or (width | height) & 1 or picture.format.name != "yuv420p":
        return False
    return (picture.width, picture.height) == (2 * width, 2 * height)


def halve(picture: VideoFrame, target: Planes) -> None:
    """Write a picture in half its width and height into the three planes `target`, each pixel the mean of four."""
    y, u, v = picture.planes
    _halve((y, u, v), (y.line_size, u.line_size, v.line_size), target)


def _load() -> Any:
    try:
        from mediaserver import _mix  # noqa: PLC0415 - optional: compiled at installation where that is possible
    except ImportError:
        return None
    return _mix.halve


_halve = _load()
"""Writes a picture in half its size: (its planes, the bytes of their lines, the target's planes)."""
