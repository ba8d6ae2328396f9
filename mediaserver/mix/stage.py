"""What the composed picture shows now: the chosen layout, its tiles, the page it has turned to, and the line above."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from mediaserver.api import Layout, RoomOptions
from mediaserver.mix.layout import Tile, arrange, heading, pages, turned

AHEAD_S = 2.0
"""Cameras of the next page are asked for so long before it turns: they come as pictures, not as cards."""


@dataclass(frozen=True, slots=True)
class Heading:
    """The line above the panes: where it stands and what it says."""

    tile: Tile
    title: str
    clock: str


class Stage:
    """`now` is a monotonic clock in seconds throughout."""

    def __init__(self, options: RoomOptions) -> None:
        # given
        self._options = options
        # owned
        self.layout = Layout()
        self.tiles: tuple[Tile, ...] = ()
        self.ahead: tuple[Tile, ...] = ()
        """Tiles of the page that is about to come; empty otherwise."""
        self._since = 0.0
        self._page = 0

    def choose(self, layout: Layout, now: float) -> None:
        """Take another layout; its page starts now. :meth:`arrange` shows it."""
        self.layout, self._since = layout, now

    def arrange(self, seats: Sequence[str], speaker: str | None, now: float) -> None:
        """Set the tiles of the current page, and of the next one shortly before it comes."""
        self._page = self._page_at(now)
        self.tiles = self._tiles(self._page, seats, speaker)
        coming = self._page_at(now + AHEAD_S)
        turns = coming != self._page and pages(self.layout, seats, speaker) > 1
        self.ahead = self._tiles(coming, seats, speaker) if turns else ()

    def due(self, now: float) -> bool:
        """Whether time alone asks for a new arrangement."""
        return self._page_at(now) != self._page or (not self.ahead and self._page_at(now + AHEAD_S) != self._page)

    def heading(self, utc: datetime) -> Heading | None:
        """The line above the panes, if it is wanted."""
        layout, options = self.layout, self._options
        if not (layout.title or layout.clock):
            return None
        tile = heading(layout, options.width, options.height)
        local = utc.astimezone(UTC) + timedelta(minutes=options.utc_offset_min)
        return Heading(tile, options.title if layout.title else "", f"{local:%H:%M · %d/%m/%Y}" if layout.clock else "")

    def _page_at(self, now: float) -> int:
        return turned(self.layout, now - self._since)

    def _tiles(self, page: int, seats: Sequence[str], speaker: str | None) -> tuple[Tile, ...]:
        return arrange(replace(self.layout, page=page), seats, speaker, self._options.width, self._options.height)
