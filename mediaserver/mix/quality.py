"""The steps of quality a viewer may get, low to high: of the composed picture, and of a forwarded camera's layers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quality:
    """A share of the full height, every n-th picture, at most so many bit/s."""

    share: float
    every: int
    bitrate: int


QUALITIES = (Quality(0.25, 2, 100_000), Quality(0.5, 1, 400_000), Quality(1.0, 1, 1_250_000))
"""With sound and headers they fit lines of 0.2, 0.6 and 1.5 Mbit/s; three of the best fit the 4 Mbit/s of Điều 6.3."""
BEST = len(QUALITIES) - 1
RENDITIONS = tuple((codec, step) for codec in ("H264", "VP8") for step in range(len(QUALITIES)))
"""What the composed picture can be encoded into: codec and index of its quality."""

RenditionKey = tuple[str, int]
