"""How much of a camera somebody looks at: more is asked for at once, less when it has been enough for a while. Pure."""

from bisect import bisect_left

from mediaserver.api import TOP_HEIGHT

LAYERS = (TOP_HEIGHT // 4, TOP_HEIGHT // 2, TOP_HEIGHT)
"""The lines of a camera's simulcast layers, as browsers make them."""
PATIENCE_S = 4.0
"""A point that is shown, hidden and shown again by a turning page or a speaker does not stop and start its encoders."""


class Demand:
    """`lines` is what the camera was asked for last: those of a layer, the lowest also when nobody looks."""

    def __init__(self) -> None:
        self.lines = TOP_HEIGHT
        """A camera begins with all it has."""
        self._enough_since: float | None = None

    def update(self, lines: int, now: float) -> bool:
        """Take how many lines the largest of its pictures has, 0 for none; whether another layer is asked for now."""
        layer = LAYERS[bisect_left(LAYERS, min(lines, TOP_HEIGHT))]
        before = self.lines
        if layer >= self.lines:
            self._enough_since = None
            self.lines = layer
        elif self._enough_since is None:
            self._enough_since = now
        elif now - self._enough_since >= PATIENCE_S:
            self.lines, self._enough_since = layer, None
        return self.lines != before
