"""A guest for tests that draws the layout itself, and what comes to it in each m-line."""

import asyncio
import re
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import replace

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.sdp_offer import OfferOptions
from mediaserver.api import ForwardedTile, SeatOptions, TilesForwarded
from mediaserver.rtp.packet import parse
from mediaserver.rtp.payload import readable_vp8
from tests.mediaserver.meeting import CERTIFICATE, PATIENCE_S, ROOM, Meeting, WatchingDecoder, material

CAMERA, TILES = OfferOptions(("VP8",), picture=False), OfferOptions(("VP8",), tiles=6)


class TileWatch:
    """Decodes each video stream of an endpoint by itself; they are found by the MID of their m-line."""

    def __init__(self) -> None:
        self.mids: dict[int, str] = {}
        """The MID by SSRC, from the answer."""
        self.watches: dict[str, WatchingDecoder] = {}
        self.temporal_layers = defaultdict[str, deque[int]](lambda: deque(maxlen=12))
        """The temporal layers of the last packets, by MID."""

    def read(self, answer: str) -> None:
        """Take the SSRC of each m-line from the server's answer."""
        for section in answer.split("\r\nm=")[1:]:
            mid, ssrc = re.search(r"a=mid:(\S+)", section), re.search(r"a=ssrc:(\d+) ", section)
            assert mid is not None
            if ssrc is not None:
                self.mids[int(ssrc[1])] = mid[1]

    def packet(self, codec: str, data: memoryview, length: int, received_at: float) -> bool:
        """Take one plain RTP packet."""
        packet, _ = parse(data, length)
        mid = self.mids.get(packet.ssrc)
        if mid is not None and (descriptor := readable_vp8(packet.payload)) is not None:
            self.temporal_layers[mid].append(descriptor.temporal_id)
        return mid is not None and self.watches.setdefault(mid, WatchingDecoder()).packet(
            codec, data, length, received_at
        )

    def colour(self, mid: str | None) -> str:
        """Return the colour that comes in an m-line."""
        return self.watches[mid].colour() if mid is not None and mid in self.watches else ""

    def pictures(self, mid: str) -> int:
        """Return the number of pictures that came in an m-line."""
        return self.watches[mid].pictures if mid in self.watches else 0


class Viewer:
    """A guest that draws the layout itself."""

    def __init__(self, meeting: Meeting, seat: str) -> None:
        self.meeting, self.seat, self.watch = meeting, seat, TileWatch()

    async def join(self, offered: OfferOptions = TILES, **options: object) -> "Viewer":
        """Seat it as a component that sends a green camera."""
        await self.meeting.engine.add_seat(ROOM, replace(SeatOptions(self.seat, f"Điểm cầu {self.seat}"), **options))  # type: ignore[arg-type]
        self.endpoint = Endpoint(CERTIFICATE, material("green", 660), offered, self.watch)
        self.meeting._endpoints.append(self.endpoint)
        answer = await self.meeting.engine.connect(ROOM, self.seat, self.endpoint.offer())
        self.watch.read(answer)
        await self.endpoint.connect(answer)
        return self

    @property
    def tile_events(self) -> list[TilesForwarded]:
        """Return the tile events so far."""
        return [each for each in self.meeting.events if isinstance(each, TilesForwarded) and each.seat == self.seat]

    @property
    def tiles(self) -> dict[str, ForwardedTile]:
        """Return the tiles of the newest event, by name."""
        return {each.tile: each for each in self.tile_events[-1].tiles} if self.tile_events else {}

    def sees(self) -> dict[str, str]:
        """Return the colour that comes for each tile; "" where none does."""
        return {name: self.watch.colour(tile.mid) for name, tile in self.tiles.items()}

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until a condition is true."""
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await asyncio.sleep(0.02)
