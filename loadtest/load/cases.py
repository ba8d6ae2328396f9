"""The five cases of a province's load, and how a case is made lighter when the machine is full. Pure."""

from dataclasses import dataclass, replace
from typing import Literal

from loadtest.endpoint.sdp_offer import RIDS

Shrink = Literal["cameras", "meetings"]
"""The part of a load that is left out when the machine is full."""

VISIBLE_TILES = 16
"""Tiles in the composed picture (layout 4x4)."""
COMPOSED_HEIGHT = 720
"""Height in pixels of the composed picture that everybody receives."""


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in both languages."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Case:
    """One case of the load: `sizes` are the points of each meeting; with `kill` one media worker is killed meanwhile.

    A `scale` below 1 is a trial with that share of the points.
    """

    name: str
    """Its letter in reports and in `--cases`."""
    title: Text
    sizes: tuple[int, ...]
    shrink: Shrink = "cameras"
    kill: bool = False
    scale: float = 1.0

    def scaled(self, scale: float) -> "Case":
        """Return the same case with fewer points in each meeting, and a title that says so."""
        if scale == 1:
            return self
        title = Text(
            f"{self.title.vi}, với {100 * scale:g} % số điểm", f"{self.title.en}, at {100 * scale:g} % of the points"
        )
        sizes = tuple(max(2, round(size * scale)) for size in self.sizes)
        return replace(self, title=title, sizes=sizes, scale=scale)


CASES = (
    Case("a", Text("Một hội nghị 169 điểm cầu", "One conference of 169 points"), (169,)),
    Case("b", Text("Hội nghị 145 điểm và 3 phiên 15 điểm", "145 points and three sessions of 15"), (145, 15, 15, 15)),
    Case("c", Text("16 phiên, mỗi phiên 12 điểm", "16 sessions of 12 points"), (12,) * 16, "meetings"),
    Case("e", Text("40 phiên, mỗi phiên 6 điểm", "40 sessions of 6 points"), (6,) * 40, "meetings"),
    Case("d", Text("Mất một tiến trình media giữa (b)", "A worker is lost during (b)"), (145, 15, 15, 15), kill=True),
)


@dataclass(frozen=True, slots=True)
class Load:
    """The running load: number of meetings, camera layers, and the share of unseen points that send a camera."""

    meetings: int
    layers: int = len(RIDS)
    share: float = 1.0

    def cameras(self, size: int) -> int:
        """Return how many of the `size` points of a meeting send a camera: those in a tile always do."""
        return min(size, VISIBLE_TILES + round(max(0, size - VISIBLE_TILES) * self.share))

    def lighter(self, shrink: Shrink) -> "Load | None":
        """Return the next lighter load; None when nothing can be left out any more.

        First all camera layers but the lowest, which is enough for a sixteenth of the picture; then cameras without a
        tile. With `meetings` a quarter of the meetings goes instead, so that the others run in full.
        """
        if shrink == "meetings":
            return replace(self, meetings=self.meetings * 3 // 4) if self.meetings > 1 else None
        if self.layers > 1:
            return replace(self, layers=1)
        if self.share:
            return replace(self, share=self.share / 2 if self.share > 0.2 else 0.0)
        return None
