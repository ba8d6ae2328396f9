"""The state of one composed picture's layout: the chosen layout, its tiles, its current page, its heading."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import partial

from mediaserver.api import Layout, RoomOptions
from mediaserver.video.layout import Tile, arrange, heading, pages, turned

VIETNAM = timezone(timedelta(hours=7))  # no summer time
AHEAD_S = 2.0
"""Seconds before a page turns in which its cameras are requested, so that they come as pictures, not as cards."""
PATIENCE_S = 1.0
"""Seconds for which another layout or speaker waits for newly shown cameras; then they come as cards."""


@dataclass(frozen=True, slots=True)
class Heading:
    """The line above the panes: its rectangle and its texts."""

    tile: Tile
    title: str
    clock: str


class LayoutState:
    """The layout that one composed picture shows. `now` is a monotonic clock in seconds throughout."""

    def __init__(self, options: RoomOptions) -> None:
        self._options = options
        self.layout = Layout()
        """The layout that was chosen."""
        self.ahead: tuple[Tile, ...] = ()
        """Tiles of the page, layout or speaker that comes next; empty when nothing is about to change."""
        self._tiles: tuple[Tile, ...] | None = ()
        """Computed on first use, since many arrangements are never watched."""
        self._arranged: Callable[[], tuple[Tile, ...]] = tuple
        self._shown = self.layout
        self._speaker: str | None = None
        """The seat that is to have the speaker's pane."""
        self._shown_speaker: str | None = None
        """The seat that has it now."""
        self._chosen = 0.0
        self._since = 0.0
        self._page = 0

    def choose(self, layout: Layout, now: float) -> None:
        """Set another layout. :meth:`arrange` requests its new cameras, :meth:`settle` shows it."""
        if layout == self.layout:
            return
        self.layout, self._chosen = layout, now
        if not self.tiles:
            self._show(now)

    def shows(self, layout: Layout) -> bool:
        """Return whether a layout is shown and no other comes next."""
        return self._shown == self.layout == layout

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """Return the tiles of the last arrangement."""
        if self._tiles is None:
            self._tiles = self._arranged()
        return self._tiles

    @property
    def filled_by(self) -> str:
        """Return the seat whose camera fills the whole picture; empty if none does."""
        size = self._options.width, self._options.height
        return next((tile.seat for tile in self.tiles if (tile.width, tile.height) == size), "")

    def _show(self, now: float) -> None:
        """Show the chosen layout and speaker; the page of another layout starts now."""
        if self._shown != self.layout:
            self._shown, self._since = self.layout, now
        self._shown_speaker = self._speaker

    @property
    def waits(self) -> bool:
        """Return whether a chosen layout or a new speaker is not shown yet."""
        return (self._shown is not self.layout and self._shown != self.layout) or self._shown_speaker != self._speaker

    def settle(self, ready: Callable[[str], bool], now: float) -> bool:
        """Show the chosen layout once its new cameras are ready or the wait is over; return whether to arrange anew."""
        if not self.waits:
            return False
        seen = {tile.seat for tile in self.tiles}
        if now - self._chosen < PATIENCE_S and not all(t.seat in seen or ready(t.seat) for t in self.ahead if t.seat):
            return False
        self._show(now)
        return True

    def arrange(self, seats: Sequence[str], speaker: str | None, now: float, content: str | None = None) -> None:
        """Compute the tiles of the current page, and those of the next page shortly before it comes.

        A new speaker waits for its camera as another layout does, unless its picture is shown somewhere already.
        """
        self._page = self._page_at(now)
        self._follow_speaker(speaker, seats, now)
        self._tiles, self._arranged = None, self._plan(self._shown, self._page, seats, self._shown_speaker, content)
        if self._shown != self.layout:
            self.ahead = self._plan(self.layout, self.layout.page, seats, speaker, content)()
            return
        if self.waits:
            self.ahead = self._plan(self._shown, self._page, seats, speaker, content)()
            if not {tile.seat for tile in self.ahead} <= {tile.seat for tile in self.tiles}:
                return
            self._tiles, self._shown_speaker = self.ahead, speaker
        coming = self._page_at(now + AHEAD_S)
        turns = coming != self._page and pages(self._shown, seats, speaker, content) > 1
        self.ahead = self._plan(self._shown, coming, seats, speaker, content)() if turns else ()

    def _follow_speaker(self, speaker: str | None, seats: Sequence[str], now: float) -> None:
        if speaker != self._speaker:
            self._chosen = self._chosen if self.waits else now
            self._speaker = speaker
        if self._shown_speaker is not None and self._shown_speaker not in seats:
            self._shown_speaker = speaker

    def due(self, now: float) -> bool:
        """Return whether the passing of time alone requires a new arrangement."""
        return self._page_at(now) != self._page or (not self.ahead and self._page_at(now + AHEAD_S) != self._page)

    def heading(self, utc: datetime, title: str) -> Heading | None:
        """Return the line above the panes; None when it is not wanted."""
        layout, options = self._shown, self._options
        if not (layout.title or layout.clock):
            return None
        tile = heading(layout, options.width, options.height)
        local = utc.astimezone(VIETNAM)
        return Heading(tile, title if layout.title else "", f"{local:%H:%M · %d/%m/%Y}" if layout.clock else "")

    def _page_at(self, now: float) -> int:
        return turned(self._shown, now - self._since)

    def _plan(
        self, layout: Layout, page: int, seats: Sequence[str], speaker: str | None, content: str | None
    ) -> Callable[[], tuple[Tile, ...]]:
        width, height = self._options.width, self._options.height
        return partial(arrange, replace(layout, page=page), seats, speaker, width, height, content)
