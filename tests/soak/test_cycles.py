"""Points that come and go leave nothing behind: no memory, no descriptor, no task."""

import asyncio
import gc
import os

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.sdp_offer import OfferOptions
from mediaserver.api import SeatOptions
from mediaserver.rtp.packet_cache import CACHE_PACKETS
from tests.mediaserver.meeting import CERTIFICATE, ROOM, Guest, Meeting, material
from tests.soak.first_packet import FirstPacketWatcher
from tests.soak.memory import LIBC, resident_mb
from tests.soak.repeats import REPEATS

CYCLES = 200 * REPEATS
AT_ONCE = 4
MOST_GROWTH_MB = 1.0 + CYCLES * 0.004


def memory_mb() -> float:
    """Return resident memory in MB, after freed memory was returned to the kernel."""
    gc.collect()
    LIBC.malloc_trim(0)
    return resident_mb()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def cycle(meeting: Meeting, number: int) -> None:
    """Let a point join with real sockets and DTLS, receive a packet, and leave by itself or by removal."""
    seat, first = f"seat-{number}", FirstPacketWatcher()
    await meeting.engine.add_seat(ROOM, SeatOptions(seat, f"Điểm cầu {number}"))
    await meeting.engine.set_floor(ROOM, seat, number % 3 == 0)
    endpoint = Endpoint(CERTIFICATE, material("green", 660), OfferOptions(layers=1), first)
    await endpoint.connect(await meeting.engine.connect(ROOM, seat, endpoint.offer()))
    await first.came.wait()
    if number % 2:
        await endpoint.close()
    await meeting.engine.remove_seat(ROOM, seat)
    if not number % 2:
        await endpoint.close()


async def cycles(meeting: Meeting, first: int, count: int) -> None:
    for at in range(first, first + count, AT_ONCE):
        async with asyncio.timeout(60):
            await asyncio.gather(*(cycle(meeting, number) for number in range(at, at + AT_ONCE)))


async def at_rest(meeting: Meeting, viewer: Guest) -> tuple[float, int, int]:
    """Return memory in MB, and numbers of descriptors and tasks, once everything that ends has ended."""
    await viewer.watch.more(25)
    meeting.events.clear()
    viewer.watch.forget_sound()
    return memory_mb(), descriptors(), len(asyncio.all_tasks())


async def test_joins_and_leaves_leave_nothing_behind(meeting: Meeting) -> None:
    viewer = await meeting.join("viewer", "red", 440, floor=True)
    warm = 0
    while viewer.pictures <= CACHE_PACKETS:  # the caches of packets to resend are full then
        await cycles(meeting, warm, AT_ONCE)
        warm += AT_ONCE
    before = await at_rest(meeting, viewer)
    await cycles(meeting, warm, CYCLES)
    after = await at_rest(meeting, viewer)
    assert after[1:] == before[1:]
    assert after[0] - before[0] <= MOST_GROWTH_MB
    print(f"{warm} joins, then {before} -> {after}")
