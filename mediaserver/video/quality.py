"""The steps of quality a viewer may get, low to high: of the composed picture, and of a forwarded camera's layers."""

from dataclasses import dataclass

from mediaserver.rtp.payload import SINGLE_NAL

RenditionKey = tuple[str, int]
"""A rendition of the composed picture: codec and index of its quality."""


@dataclass(frozen=True, slots=True)
class Quality:
    """A step of quality: a share of the room's height, every n-th picture, at most so many bit/s; `fps` 0 is the room's
    own."""

    share: float
    every: int
    bitrate: int
    fps: int = 0


QUALITIES = (
    Quality(0.25, 2, 100_000),
    Quality(0.5, 1, 400_000),
    Quality(1.0, 1, 1_100_000),
    Quality(1.5, 1, 2_600_000, 30),
)
"""With sound and headers they fit lines of 0.2, 0.6 and 1.5 Mbit/s; three of the third fit the 4 Mbit/s of Điều 6.3.

So does one of the last.
"""
USUAL, LARGE, SLIDES = 2, 3, 4
"""USUAL is the room's own size: it is recorded, and the most a viewer gets by default. LARGE is 1080p30, on request.

SLIDES is 1080p5, for the slides of room systems that take no more: text stands still, and needs its pixels.
"""
STEPS = (*QUALITIES, Quality(1.5, 6, 1_500_000, 30))
"""All steps in which something is encoded: those of viewers, and behind them that of slides alone."""
COMPOSED_BPS = tuple(quality.bitrate for quality in QUALITIES)
CAMERA_BPS = (130_000, 500_000, 1_700_000, 1_700_000)
"""Bitrates that a forwarded camera needs in the same steps: the most its layers take (`web/link.js`)."""
_LAYER_BPS = {180: CAMERA_BPS[0], 360: CAMERA_BPS[1], 720: CAMERA_BPS[2]}
"""The most that a layer of a camera takes, by its height in pixels (`web/meeting/client/peer-connection.js`)."""
TILES_BPS = (*COMPOSED_BPS[:3], 1_700_000, 3_000_000)
"""Steps for a viewer that is forwarded the tiles of a layout: within each the tiles' layers are chosen. Where not even
the lowest layers fit, the composed picture comes, in the quality of the same number, at most the third."""
TILES_START = 3
"""The step at which such a viewer begins: what a single forwarded camera takes, too."""
SCREEN_BPS = (*COMPOSED_BPS[:2], 1_500_000, 1_500_000)
"""Bitrates that a shared screen needs: below the third step the composed picture replaces it."""
RENDITIONS: tuple[RenditionKey, ...] = (
    *((codec, step) for codec in ("H264", "VP8", SINGLE_NAL) for step in range(LARGE)),
    ("H264", LARGE),
    ("VP8", LARGE),
)
"""All renditions for viewers. Room systems that know nothing but short slices are older than 1080p30."""
SLIDES_RENDITIONS: tuple[RenditionKey, ...] = (("H264", SLIDES), (SINGLE_NAL, SLIDES))


def layer_bitrate(height: int) -> int:
    """Return the most bit/s that a camera's layer of so many pixels in height takes by what pages are set to."""
    return next((bitrate for most, bitrate in _LAYER_BPS.items() if height <= most), CAMERA_BPS[USUAL])
