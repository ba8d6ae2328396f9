"""A viewer that draws the layout itself: which m-line forwards it which camera, and the newest event about it."""

from collections.abc import Mapping

from mediaserver.api import TilesForwarded
from mediaserver.peer.forwarder import Forwarder
from mediaserver.room.tile_allocation import LayerChoice, assign
from mediaserver.rtp.source import Source

PATIENCE_S = 1.0
"""Seconds for which a new arrangement waits for its cameras' key frames; then it is shown without them."""


class TileView:
    """The cameras that one seat is forwarded one by one, in m-lines of their own."""

    def __init__(self) -> None:
        self.layers: dict[str, LayerChoice] = {}
        """The layer that is to be forwarded, by tile."""
        self.last_event: TilesForwarded | None = None
        """The newest event sent to the viewer; None before the first."""
        self._mids: dict[str, str] = {}
        """The m-line of each tile that is shown or waited for."""
        self._ahead: dict[str, str] = {}
        """The m-line of each tile of the page, layout or speaker that comes next."""
        self._since: float | None = None
        """Time in seconds since which an arrangement waits; None while none does."""

    @property
    def shown(self) -> bool:
        """Return whether the viewer draws tiles now."""
        return self.last_event is not None and bool(self.last_event.tiles)

    @property
    def waits(self) -> bool:
        """Return whether another arrangement, or the composed picture, is to come."""
        return self._since is not None

    def follow(
        self,
        sources: Mapping[str, Source],
        ahead: Mapping[str, Source],
        forwarders: Mapping[str, Forwarder],
        now: float,
    ) -> None:
        """Let m-lines follow the sources of tiles, and free ones those of tiles that come next. M-lines of tiles that
        the viewer still sees go on until :meth:`tell`."""
        seen = (
            {tile.mid for tile in self.last_event.tiles if tile.mid is not None}
            if self.last_event is not None
            else set()
        )
        self._mids = assign(self._ahead | self._mids, seen, list(sources), list(forwarders))
        for tile, mid in self._mids.items():
            forwarders[mid].limit_temporal_layers(self.layers[tile].temporal_layer)
            forwarders[mid].follow(sources[tile], now)
        free = [mid for mid in forwarders if mid not in seen | set(self._mids.values())]
        kept = {tile: mid for tile, mid in self._ahead.items() if mid in free}
        self._ahead = assign(kept, set(), list(ahead), free)
        for tile, mid in self._ahead.items():
            forwarders[mid].limit_temporal_layers(None)
            forwarders[mid].follow(ahead[tile], now)

    def carried(self, sources: Mapping[str, Source], forwarders: Mapping[str, Forwarder]) -> dict[str, str]:
        """Return the m-lines that carry their tile's camera by now, by tile."""
        return {tile: mid for tile, mid in self._mids.items() if _carries(forwarders[mid], sources[tile])}

    def ready(self, sources: Mapping[str, Source], forwarders: Mapping[str, Forwarder], now: float) -> bool:
        """Return whether each m-line carries its tile's camera, or has been waited for long enough."""
        return len(self.carried(sources, forwarders)) == len(self._mids) or self.waited(now)

    def waited(self, now: float) -> bool:
        """Return whether what is to come has been waited for long enough; the wait begins with the first call."""
        if self._since is None:
            self._since = now
        return now - self._since >= PATIENCE_S

    def tell(self, event: TilesForwarded, forwarders: Mapping[str, Forwarder], now: float) -> bool:
        """Take what the viewer is told now; return whether that is news. M-lines without a tile stop."""
        self._since = None
        if not event.tiles:
            self._mids, self._ahead, self.layers = {}, {}, {}
        for mid in forwarders.keys() - (self._ahead | self._mids).values():
            forwarders[mid].follow(None, now)
        before, self.last_event = self.last_event, event
        return event != before and (before is not None or bool(event.tiles))


def _carries(forwarder: Forwarder, source: Source) -> bool:
    """Return whether a forwarder sends the camera of a source, in whatever layer."""
    return forwarder.source is not None and forwarder.source.name == source.name
