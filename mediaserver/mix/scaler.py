"""A picture in another size."""

from av import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter


class Scaler:
    """Keeps what the last sizes needed, so each stream of pictures has one of its own."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def scale(self, picture: VideoFrame, width: int, height: int) -> VideoFrame:
        """The picture as YUV 4:2:0 of `width` × `height` pixels; itself when it is that already."""
        if (picture.width, picture.height, picture.format.name) == (width, height, "yuv420p"):
            return picture
        return self._reformatter.reformat(
            picture,
            width=width,
            height=height,
            format="yuv420p",
            interpolation=Interpolation.BILINEAR,
            threads=1,  # a tile takes 0.1 ms: handing it to other threads, the default, costs more than it saves
        )
