"""The steps of quality a viewer may get, low to high: of the composed picture, and of a forwarded camera's layers."""

from dataclasses import dataclass

from mediaserver.rtp.payload import SINGLE_NAL

RenditionKey = tuple[str, int]
"""What the composed picture can be encoded into: codec and index of its quality."""


@dataclass(frozen=True, slots=True)
class Quality:
    """A share of the room's height, every n-th picture, at most so many bit/s; `fps` 0 is the room's own."""

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

So does one of the last."""
COMPOSED_BPS = tuple(quality.bitrate for quality in QUALITIES)
CAMERA_BPS = (130_000, 500_000, 1_700_000, 1_700_000)
"""What a camera that is looked at alone needs in the same steps: the most its layers take.

The layers are those of `web/meeting/client/peer-connection.js`."""
SCREEN_BPS = (*COMPOSED_BPS[:2], 1_500_000, 1_500_000)
"""What a shared screen needs: below the third step the composed picture stands in for it."""
USUAL, LARGE = 2, 3
"""The room's own size: what is recorded, and the most who does not ask for more gets. 1080p30 is for those who do."""
RENDITIONS: tuple[RenditionKey, ...] = (
    *((codec, step) for codec in ("H264", "VP8", SINGLE_NAL) for step in range(LARGE)),
    ("H264", LARGE),
    ("VP8", LARGE),
)
"""What there is. Room systems that know nothing but short slices are older than 1080 lines."""
