"""A picture in another size."""

from typing import Any

from av import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter


class Scaler:
    """Keeps what the last sizes needed, so each stream of pictures has one of its own."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def scale(self, picture: VideoFrame, width: int, height: int) -> VideoFrame:
        """The picture as YUV 4:2:0 of `width` × `height` pixels; itself when it is that already."""
        plain = picture.format.name == "yuv420p"
        if plain and (picture.width, picture.height) == (width, height):
            return picture
        if plain and _halve and (picture.width, picture.height) == (2 * width, 2 * height) and not (width | height) & 1:
            return _half(picture)
        return self._reformatter.reformat(
            picture,
            width=width,
            height=height,
            format="yuv420p",
            interpolation=Interpolation.BILINEAR,
            threads=1,  # a tile takes 0.1 ms: handing it to other threads, the default, costs more than it saves
        )


def _half(picture: VideoFrame) -> VideoFrame:
    """Half the width and height, as layers often stand to their tiles: each pixel the mean of four.

    Where it could not be compiled swscale does it, five times slower and a little softer.
    """
    smaller = VideoFrame(picture.width // 2, picture.height // 2, "yuv420p")
    for source, target in zip(picture.planes, smaller.planes, strict=True):
        _halve(source, source.line_size, target, target.line_size, target.width, target.height)
    return smaller


def _load() -> Any:
    try:
        from mediaserver import _mix  # noqa: PLC0415 - optional: compiled at installation where that is possible
    except ImportError:
        return None
    return _mix.halve


_halve = _load()
"""Writes a plane in half its size: (from, its line's bytes, into, its line's bytes, width, height)."""
