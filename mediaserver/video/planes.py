"""The planes of a YUV 4:2:0 picture as arrays: luma, and the two of colour in half its width and height."""

from typing import Any

import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]


def planes(picture: VideoFrame) -> Planes:
    """Return the picture's three planes as arrays, without copying or line padding."""
    y, u, v = (_plane(picture.planes[i], *_shape(picture, i)) for i in range(3))
    return y, u, v


def _shape(picture: VideoFrame, index: int) -> tuple[int, int]:
    if index == 0:
        return picture.width, picture.height
    return (picture.width + 1) // 2, (picture.height + 1) // 2


def _plane(plane: Any, width: int, height: int) -> Plane:
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:height, :width]
