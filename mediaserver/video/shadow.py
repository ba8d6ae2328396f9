"""Darkens a part of a picture and writes on it, for names over a tile."""

from typing import TYPE_CHECKING, Any

import numpy as np

from mediaserver.video.planes import Plane

NEUTRAL = 128
"""Chroma without any colour."""


def plain_darken(luma: Plane, u: Plane, v: Plane, light: Plane) -> None:
    """Darken a rectangle to a quarter of its brightness and colours, and add `light`, of the luma's shape.

    `light` is at most 192, so that no pixel overflows. Raises ValueError when the shapes differ.
    """
    np.add(np.right_shift(luma, 2, out=luma), light, out=luma)
    for plane in (u, v):
        np.add(np.right_shift(plane, 2, out=plane), NEUTRAL // 4 * 3, out=plane)


def _load() -> Any:
    try:
        from mediaserver import _mix  # noqa: PLC0415 - optional: compiled at installation where that is possible
    except ImportError:
        return plain_darken
    return _mix.darken


if TYPE_CHECKING:
    darken = plain_darken
else:
    darken = _load()
