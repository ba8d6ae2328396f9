"""Computes the resolution that viewers need of a camera or composition: it rises at once and falls after a delay.
Pure."""

from bisect import bisect_left

from mediaserver.api import TOP_HEIGHT
from mediaserver.video.quality import LARGE, QUALITIES, USUAL

LAYER_HEIGHTS = (TOP_HEIGHT // 4, TOP_HEIGHT // 2, TOP_HEIGHT)
"""Heights in pixels of a camera's simulcast layers, as browsers make them."""
DECREASE_DELAY_S = 4.0
"""Seconds for which a lower demand must last. A point that is shown, hidden and shown again by a turning page or a
speaker then does not stop and start its encoders; nor does a window that is being resized."""
LARGE_THRESHOLD = (QUALITIES[USUAL].share + QUALITIES[LARGE].share) / 2
"""Share of the room's height from which a display gets the large picture: 1080 pixels do, a tablet's 768 do not."""
_STEP_THRESHOLDS = (*(quality.share for quality in QUALITIES[:USUAL]), LARGE_THRESHOLD)
"""The largest share of the room's height that each step but the last fills."""


class _DelayedDecrease:
    """A number that rises at once, and falls when a lower value has been enough for :data:`DECREASE_DELAY_S`."""

    def __init__(self, value: int) -> None:
        self.value = value
        self._since: float | None = None

    def update(self, needed: int, now: float) -> bool:
        """Take the value needed now; return whether the number changed."""
        before = self.value
        if needed >= self.value:
            self.value, self._since = needed, None
        elif self._since is None:
            self._since = now
        elif now - self._since >= DECREASE_DELAY_S:
            self.value, self._since = needed, None
        return self.value != before


class ResolutionDemand:
    """The resolution that a camera is asked for."""

    def __init__(self) -> None:
        self._height = _DelayedDecrease(TOP_HEIGHT)
        """Height in pixels; a camera begins with its full resolution."""

    @property
    def lines(self) -> int:
        """Return the height in pixels last asked for: that of a layer, the lowest one also when nobody looks."""
        return self._height.value

    def update(self, lines: int, now: float) -> bool:
        """Set the height in pixels of the largest tile that shows this camera (0: none). Return True if another
        simulcast layer is now requested."""
        return self._height.update(LAYER_HEIGHTS[bisect_left(LAYER_HEIGHTS, min(lines, TOP_HEIGHT))], now)


class DisplaySize:
    """The step of quality that a viewer's display is worth; it begins as a display of unknown size."""

    def __init__(self) -> None:
        self._step = _DelayedDecrease(USUAL)

    def step(self, lines: int, height: int, now: float) -> int:
        """Return the lowest step of quality that fills a display of `lines` pixels (0: unknown), for a room picture of
        `height` pixels."""
        self._step.update(bisect_left(_STEP_THRESHOLDS, lines / height) if lines else USUAL, now)
        return self._step.value
