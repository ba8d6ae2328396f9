"""Meetings that end free their memory without waiting for the garbage collector."""

import asyncio
import gc

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.sdp_offer import OfferOptions
from mediaserver.api import RoomOptions, SeatOptions
from mediaserver.worker.engine import LocalEngine
from tests.mediaserver.meeting import CERTIFICATE, material
from tests.soak.memory import LIBC, resident_mb

WARM_UP, ROOMS, POINTS = 3, 6, 6
MOST_GROWTH_MB = 30.0
"""MB; six rooms that wait for the garbage collector hold 180."""


class PictureWatcher:
    """A watcher whose event `came` is set by the 20th packet of a picture; it decodes nothing, to save memory."""

    def __init__(self) -> None:
        self.left = 20
        self.came = asyncio.Event()

    def packet(self, codec: str, _data: memoryview, _length: int, _received_at: float) -> bool:
        self.left -= codec == "H264"
        if not self.left:
            self.came.set()
        return False


async def meet(engine: LocalEngine, room: str) -> None:
    """Open a room with cameras, wait until all receive the composed picture, and close it."""
    await engine.open_room(room, RoomOptions())
    watches, endpoints = [], []
    for number in range(POINTS):
        watches.append(PictureWatcher())
        endpoints.append(Endpoint(CERTIFICATE, material("green", 660), OfferOptions(("H264",), layers=3), watches[-1]))
        await engine.add_seat(room, SeatOptions(str(number), f"Điểm cầu {number}"))
        await endpoints[-1].connect(await engine.connect(room, str(number), endpoints[-1].offer()))
    await asyncio.gather(*(watch.came.wait() for watch in watches))
    await asyncio.gather(*(endpoint.close() for endpoint in endpoints))
    await engine.close_room(room)


async def test_closed_rooms_do_not_pile_up() -> None:
    engine = LocalEngine(["127.0.0.1"], 0)
    engine.start()
    for number in range(WARM_UP):
        await meet(engine, f"warm-{number}")
    gc.collect()
    gc.disable()
    try:
        before = resident_mb()
        for number in range(ROOMS):
            await meet(engine, f"room-{number}")
        LIBC.malloc_trim(0)
        grown = resident_mb() - before
    finally:
        gc.enable()
    await engine.close()
    assert grown <= MOST_GROWTH_MB
    print(f"{grown:.1f} MB after {ROOMS} rooms")
