"""How much of a picture somebody looks at: more is given at once, less when it has been enough for a while. Pure."""

from bisect import bisect_left

from mediaserver.api import TOP_HEIGHT
from mediaserver.video.quality import LARGE, QUALITIES, USUAL

LAYER_HEIGHTS = (TOP_HEIGHT // 4, TOP_HEIGHT // 2, TOP_HEIGHT)
"""The lines of a camera's simulcast layers, as browsers make them."""
DECREASE_DELAY_S = 4.0
"""A point that is shown, hidden and shown again by a turning page or a speaker does not stop and start its encoders;
nor does a window that is being drawn larger and smaller."""
LARGE_THRESHOLD = (QUALITIES[USUAL].share + QUALITIES[LARGE].share) / 2
"""Displays nearer to the large picture than to the room's own get it: 1080 lines do, a tablet's 768 do not."""
_STEP_THRESHOLDS = (*(quality.share for quality in QUALITIES[:USUAL]), LARGE_THRESHOLD)
"""The most lines that a step fills, but the last, over the room's."""


class _DelayedDecrease:
    """A number that goes up at once, and down when less has been enough for a while."""

    def __init__(self, value: int) -> None:
        self.value = value
        self._since: float | None = None

    def update(self, needed: int, now: float) -> bool:
        """Take what is needed; whether the value is another one now."""
        before = self.value
        if needed >= self.value:
            self.value, self._since = needed, None
        elif self._since is None:
            self._since = now
        elif now - self._since >= DECREASE_DELAY_S:
            self.value, self._since = needed, None
        return self.value != before


class ResolutionDemand:
    """What a camera is asked for."""

    def __init__(self) -> None:
        self._height = _DelayedDecrease(TOP_HEIGHT)
        """A camera begins with all it has."""

    @property
    def lines(self) -> int:
        """What it was asked for last: the lines of a layer, the lowest also when nobody looks."""
        return self._height.value

    def update(self, lines: int, now: float) -> bool:
        """Take how many lines the largest of its pictures has, 0 for none; whether another layer is asked for now."""
        return self._height.update(LAYER_HEIGHTS[bisect_left(LAYER_HEIGHTS, min(lines, TOP_HEIGHT))], now)


class DisplaySize:
    """What a viewer's place for the picture is worth; it begins as one that nobody has described."""

    def __init__(self) -> None:
        self._step = _DelayedDecrease(USUAL)

    def step(self, lines: int, height: int, now: float) -> int:
        """The lowest step of quality that fills so many lines, 0 unknown, where the room's picture has `height`."""
        self._step.update(bisect_left(_STEP_THRESHOLDS, lines / height) if lines else USUAL, now)
        return self._step.value
