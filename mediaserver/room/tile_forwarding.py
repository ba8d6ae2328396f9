"""Forwards the cameras of a composition's tiles one by one to viewers that draw the layout themselves."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from mediaserver.api import COMPOSED, CONTENT, ForwardedTile, RoomOptions, TilesForwarded
from mediaserver.peer.simulcast import SimulcastLayer
from mediaserver.peer.webrtc import WebRtcPeer
from mediaserver.pipe.remote_picture import RemoteRendition
from mediaserver.room.compositions import Composition, Compositions
from mediaserver.room.seat import Seat
from mediaserver.room.tile_allocation import (
    NOTHING,
    LayerChoice,
    TileDemand,
    allocate,
    in_parts,
    layer_choice,
    lowest_bitrate,
)
from mediaserver.video import labels, tile_icons
from mediaserver.video.layout import Tile
from mediaserver.video.layout_state import Heading
from mediaserver.video.quality import SCREEN_BPS, TILES_BPS, USUAL

MAX_STREAMS = 1500
"""Tiles times viewers of one layout beyond which it is composed: there forwarding costs about as much of a core."""
FORWARD_AGAIN = 0.8
"""Share of :data:`MAX_STREAMS` below which a layout that was composed for so many viewers is forwarded again."""

DELAY_STEP_MS = 40
"""Smaller changes of the time by which a voice is held back are not told: they are not seen on its lips."""


def draws(seat: Seat) -> bool:
    """Return whether a seat draws the layout of its composition itself, if it is forwarded the cameras."""
    offered = isinstance(seat.peer, WebRtcPeer) and bool(seat.peer.tiles)
    return offered and seat.view.startswith(COMPOSED) and not seat.options.one_picture


def sufficient_step(bitrate: int) -> int:
    """Return the lowest step of a viewer of tiles that carries so many bit/s, else the highest."""
    return next((step for step, most in enumerate(TILES_BPS) if most >= bitrate), len(TILES_BPS) - 1)


class TileForwarding:
    """Decides for each seat of a room which cameras it is forwarded, in which layers and m-lines."""

    def __init__(self, room: str, options: RoomOptions, seats: Mapping[str, Seat], compositions: Compositions) -> None:
        # given
        self._room = room
        self._options = options
        self._seats = seats
        self._compositions = compositions
        # owned
        self._crowded: set[Composition] = set()
        """Compositions with so many viewers that composing costs less than forwarding to each."""

    def count_viewers(self) -> None:
        """Find the compositions that have too many viewers to forward each camera to each of them."""
        viewers = Counter(self._compositions.of(seat.composition) for seat in self._seats.values() if draws(seat))
        streams = {picture: count * len(picture.layout_state.tiles) for picture, count in viewers.items()}
        stay = {picture for picture in self._crowded if streams.get(picture, 0) > FORWARD_AGAIN * MAX_STREAMS}
        self._crowded = stay | {picture for picture, count in streams.items() if count > MAX_STREAMS}

    def show_undrawn(self, now: float) -> bool:
        """Show chosen layouts and speakers at once where every viewer draws them itself, since each waits for its own
        cameras, or has the picture of another worker. Return whether to arrange anew."""
        drawn: dict[Composition, bool] = {}
        for seat in self._seats.values():
            if _sees_layout(seat):
                picture = self._compositions.of(seat.composition)
                drawn[picture] = drawn.get(picture, True) and (seat.tiles.shown or _sees_remote(seat))
        settled = [picture.settle_at_once(now) for picture, by_all in drawn.items() if by_all]
        return any(settled)

    def demands(self, seat: Seat, speaker: str | None, now: float) -> list[TileDemand] | None:
        """Return the tiles to forward to a seat that draws its layout itself; None where it is to get one picture.

        That is so when it looks at something else, cannot decode a camera, or the tiles are too many for its m-lines or
        for any line, and where so many viewers see the same that composing costs less.
        """
        if not draws(seat):
            return None
        assert isinstance(seat.peer, WebRtcPeer)
        picture = self._compositions.of(seat.composition)
        tiles = picture.layout_state.tiles
        if not tiles or picture in self._crowded:
            return None
        demands = [demand for tile in tiles if (demand := self._demand(seat, tile, speaker, now)) is not None]
        decodable = all(self._decodes(seat.peer, demand.tile, now) for demand in demands)
        if not decodable or len(demands) > len(seat.peer.tiles):
            return None
        fits = lowest_bitrate(self._reduced(seat, demands, TILES_BPS[-1], now)) <= TILES_BPS[-1]
        return demands if fits else None

    def _demand(self, seat: Seat, tile: Tile, speaker: str | None, now: float) -> TileDemand | None:
        """Return what a seat needs for a tile; None for one without a camera, and for its own, which its page has.

        In a room for trying devices it is sent its own: it is there to see what comes back.
        """
        content, _, name = tile.seat.rpartition(":")
        layers = [] if name == seat.options.seat and not self._options.echo_s else self._layers(tile.seat, now)
        if not layers:
            return None
        forwarded = seat.tiles.layers.get(tile.seat, NOTHING)
        choices = tuple(
            # a screen stands still until a page is turned, and its text must come at once
            LayerChoice(layer.height, SCREEN_BPS[USUAL], SCREEN_BPS[USUAL])
            if content
            else layer_choice(layer.height, layer.bitrate.value, layer.most, forwarded)
            for layer in layers
        )
        height = tile.height * (seat.lines or self._options.height) // self._options.height
        return TileDemand(tile.seat, height, choices, first=bool(content) or tile.seat == speaker)

    def _reduced(self, seat: Seat, demands: list[TileDemand], budget: int, now: float) -> list[TileDemand]:
        """Return what may be forwarded within `budget` bit/s: where not all lowest layers fit, also those of cameras
        without their upper temporal layers."""
        if lowest_bitrate(demands) <= budget:
            return demands
        return [each if each.tile.startswith(CONTENT) else self._in_parts(seat, each, now) for each in demands]

    def _in_parts(self, seat: Seat, demand: TileDemand, now: float) -> TileDemand:
        layer = self._layers(demand.tile, now)[0]
        sends = layer.bitrate.value or layer.most
        return in_parts(demand, sends, layer.temporal_shares(now), seat.tiles.layers.get(demand.tile, NOTHING))

    def _decodes(self, viewer: WebRtcPeer, tile: str, now: float) -> bool:
        """Return whether a viewer decodes what a tile's camera sends now."""
        return all(layer.codec in viewer.tile_codecs for layer in self._layers(tile, now) if layer.active(now))

    def _layers(self, tile: str, now: float) -> list[SimulcastLayer]:
        """Return the layers of a tile's camera or screen, low to high; none where nothing is sent."""
        content, _, name = tile.rpartition(":")
        camera = self._seats[name].sent(bool(content)) if name in self._seats else None
        return camera.layers if camera is not None and camera.pick(0, now) is not None else []

    def forward(
        self,
        seat: Seat,
        demands: list[TileDemand],
        label: Callable[[str], str],
        delay_s: Callable[[str], float],
        title: str,
        now: float,
    ) -> TilesForwarded | None:
        """Forward the cameras of a seat's tiles as far as its line carries them.

        Return the arrangement once all have come; None before, and where not even the lowest layers fit. `label`
        returns the name in a tile, `delay_s` the seconds by which its voice is held back.
        """
        assert isinstance(seat.peer, WebRtcPeer)
        budget = TILES_BPS[seat.peer.downlink.step]
        seat.tiles.layers = allocate(self._reduced(seat, demands, budget, now), budget) or {}
        if demands and not seat.tiles.layers:
            return None
        sources = self._sources(seat.tiles.layers, now)
        left = budget - sum(chosen.bitrate for chosen in seat.tiles.layers.values())
        seat.tiles.follow(sources, self._sources(self._ahead(seat, left, now), now), seat.peer.tiles, now)
        if not seat.tiles.ready(sources, seat.peer.tiles, now):
            return None
        mids = seat.tiles.carried(sources, seat.peer.tiles)
        heading = self._compositions.of(seat.composition).layout_state.heading(datetime.now(UTC), title)
        tiles = [
            self._tile(seat, tile, mids.get(tile.seat), label(tile.seat or tile.awaited), delay_s(tile.seat), now)
            for tile in self._compositions.of(seat.composition).layout_state.tiles
        ]
        return self._arrangement(seat, tiles, heading)

    def _ahead(self, seat: Seat, budget: int, now: float) -> dict[str, LayerChoice]:
        """Return the lowest layers, within `budget` bit/s, of the tiles that come next and are not forwarded yet: they
        are there when the page turns."""
        assert isinstance(seat.peer, WebRtcPeer)
        chosen: dict[str, LayerChoice] = {}
        for tile in self._compositions.of(seat.composition).layout_state.ahead:
            demand = self._demand(seat, tile, None, now) if tile.seat not in seat.tiles.layers else None
            if demand is None or not self._decodes(seat.peer, tile.seat, now):
                continue
            if demand.layers[0].bitrate <= budget:
                chosen[tile.seat] = demand.layers[0]
                budget -= demand.layers[0].bitrate
        return chosen

    def _sources(self, layers: Mapping[str, LayerChoice], now: float) -> dict[str, SimulcastLayer]:
        """Return the layers that are sent now, by tile."""
        sources = {}
        for tile, chosen in layers.items():
            content, _, name = tile.rpartition(":")
            camera = self._seats[name].sent(bool(content))
            if camera is not None and (layer := camera.pick(chosen.height, now)) is not None:
                sources[tile] = layer
        return sources

    def _arrangement(self, seat: Seat, tiles: list[ForwardedTile], heading: Heading | None) -> TilesForwarded:
        return TilesForwarded(
            room=self._room,
            seat=seat.options.seat,
            tiles=tuple(tiles),
            width=self._options.width,
            height=self._options.height,
            heading=heading.tile.height if heading is not None else 0,
            title=heading.title if heading is not None else "",
            clock=heading is not None and bool(heading.clock),
        )

    def _tile(self, viewer: Seat, tile: Tile, mid: str | None, label: str, delay_s: float, now: float) -> ForwardedTile:
        """Return a tile as a viewer's page draws it; without a video it is a card."""
        assert isinstance(viewer.peer, WebRtcPeer)
        own = tile.seat.rpartition(":")[2] == viewer.options.seat
        video = mid is not None or (own and bool(self._layers(tile.seat, now)))
        icons = self._seats[tile.seat].icons if tile.seat in self._seats else ()
        bar = labels.letters(tile.height, self._options.height)
        letters = bar if video else labels.card_letters(tile.height, self._options.height)
        if video:
            text = tile_icons.fitting(label, icons, letters, tile.width)
        else:
            text = labels.fitting(label, letters, tile.width - labels.CARD_EDGE_PX)
        return ForwardedTile(
            tile=tile.seat,
            mid=mid,
            x=tile.x,
            y=tile.y,
            width=tile.width,
            height=tile.height,
            label=label,
            text=text,
            letters=letters,
            bar=bar,
            icons=icons,
            since=viewer.peer.tiles[mid].since if mid is not None else None,
            delay=DELAY_STEP_MS * round(1000 * delay_s / DELAY_STEP_MS),
        )


def _sees_remote(seat: Seat) -> bool:
    """Return whether a seat is sent a picture that another worker composes."""
    picture = None if seat.peer is None else seat.peer.picture
    return picture is not None and isinstance(picture.source, RemoteRendition)


def _sees_layout(seat: Seat) -> bool:
    """Return whether a seat is sent its layout now, as one picture or as tiles."""
    sent = seat.peer is not None and seat.peer.picture is not None and not seat.peer.downlink.sound_only
    return sent and seat.view.startswith(COMPOSED)
