"""A thousand INVITEs a second by UDP, of strangers and in the name of a room system, while rooms are in a meeting.

One room is in it all the while, and the sound that comes to it is counted; the other, in whose name they come, calls
and hangs up again and again.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from loadtest.load import procfs
from loadtest.rooms import scripts
from loadtest.rooms.kinds.setups import counted, media_of
from loadtest.rooms.lane import LOOPBACK, CallContext, Lane, RoomSetup, Seats, open_meeting, register
from loadtest.rooms.outcomes import spread
from loadtest.rooms.room import FAILURES, told
from loadtest.rooms.sipp_room import SippRoom, sipp_room

FLOOD_HZ = 1000
STRANGERS = {f"127.0.8.{number}": "phong-9" for number in range(1, 9)}
"""Addresses of no room system, with the name by which they call."""
KNOWN_S = 6.0
"""Time after which the server knows the addresses of the directory."""
LEAST_HZ = 49.0
"""Packets of sound a second that come to the room at least; the server sends 50."""
MOST_MB = 64.0
"""Most megabytes of memory that the server may take meanwhile."""
MEGABYTE = 1 << 20


async def run(context: CallContext, seats: Sequence[Seats], seconds: float) -> dict[str, Any]:
    """Flood the server for so long; return counts, times and failures for JSON.

    The first of two rooms is in the meeting, the second one calls. Raises the errors of a meeting that cannot be
    joined, RoomFailed, OSError.
    """
    media = media_of(seats[0], decodes=False)
    setups = counted(media), RoomSetup(_redirected, sip_user=scripts.ALIAS)
    async with AsyncExitStack() as stack:
        rooms = [
            await stack.enter_async_context(setup.run(context, each)) for setup, each in zip(setups, seats, strict=True)
        ]
        devices = [
            await register(context.server, each, room, setup)
            for each, room, setup in zip(seats, rooms, setups, strict=True)
        ]
        meeting = await stack.enter_async_context(open_meeting(context, seats[0], [each.room.id for each in seats]))
        here, calling = (
            Lane(meeting, context, each, room, device) for room, device, each in zip(rooms, devices, seats, strict=True)
        )
        await here.dial_in("udp")
        await here.room.established()
        await here.seated()
        await asyncio.sleep(KNOWN_S)
        callers = {**STRANGERS, seats[1].address: scripts.ALIAS}
        async with _flooding(context, [*callers.items(), (seats[1].address, scripts.ALIAS)]):
            before, sound, began = procfs.usage(context.server.pid), media.received["audio"], time.monotonic()
            times, failures = await _call_again_and_again(calling, began + seconds)
            took = time.monotonic() - began
            sound, after = media.received["audio"] - sound, procfs.usage(context.server.pid)
        await here.room.hang_up()
    passed = [each for each in times if each is not None]
    grown_mb = (after.rss_bytes - before.rss_bytes) / MEGABYTE
    return {
        "passed": len(passed) == len(times) > 0 and sound >= LEAST_HZ * took and grown_mb <= MOST_MB,
        "seconds": round(took, 1),
        "sound_hz": round(sound / took, 2),
        "called": {"tried": len(times), "passed": len(passed)},
        "setup_ms": spread(passed),
        "cpu_pct": round(100 * (after.cpu_s - before.cpu_s) / took, 1),
        "grown_mb": round(grown_mb, 1),
        "failures": failures,
    }


def _redirected(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SippRoom]:
    return sipp_room(context.folder, media_of(seats, decodes=False), scripts.redirected)


async def _call_again_and_again(lane: Lane, until: float) -> tuple[list[float | None], list[str]]:
    """Have a room dial until it is seated and hang up; return the milliseconds of each call, None for one that failed,
    and what failed."""
    times, failures = list[float | None](), list[str]()
    while (began := time.monotonic()) < until:
        try:
            await lane.dial_in("udp")
            await lane.room.established()
            await lane.seated()
            times.append(1000 * (time.monotonic() - began))
            await lane.room.hang_up()
        except FAILURES as failure:
            times.append(None)
            failures.append(told(failure))
    return times, failures


@asynccontextmanager
async def _flooding(context: CallContext, callers: Sequence[tuple[str, str]]) -> AsyncIterator[None]:
    """Have a process send INVITEs for the time of the block."""
    words = f"{LOOPBACK}:{context.ports.port}", str(FLOOD_HZ), *(f"{host}={name}" for host, name in callers)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "loadtest.rooms.forger", *words)
    try:
        yield
    finally:
        process.kill()
        await process.wait()
