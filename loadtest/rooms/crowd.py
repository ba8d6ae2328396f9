"""Many room systems in one meeting at once: what comes to most of them is counted, some see and hear and are seen.

Those that are counted are sipp's, with media of ours; the others are baresip's, which take the floor in turn.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from loadtest.load import procfs
from loadtest.rooms.kinds.setups import PLAIN, counted, media_of
from loadtest.rooms.lane import CallContext, Lane, Seats, open_meeting, register
from loadtest.rooms.outcomes import spread
from loadtest.rooms.plain_media import PlainMedia
from loadtest.rooms.room import FAILURES, told

COUNTED_S = 10.0
"""Time for which packets and the CPU time of the server are counted."""
LEAST_HZ = {"audio": 45.0, "video": 10.0}
"""Packets of sound and pictures a second that come to a room at least; the server sends 50 of sound."""


@dataclass(frozen=True, slots=True)
class CrowdPlan:
    """Number of room systems that are counted, and of those that see, hear and are seen."""

    counted: int
    seen: int


async def run(context: CallContext, seats: Sequence[Seats], plan: CrowdPlan) -> dict[str, Any]:
    """Have a room of each of the `seats` call at once; return counts, times and failures for JSON.

    The host of the first one holds the meeting. Raises the errors of a meeting that cannot be joined, OSError.
    """
    failures: list[str] = []
    async with AsyncExitStack() as stack:
        medias = [media_of(each, decodes=False) for each in seats[: plan.counted]]
        setups = [*(counted(media) for media in medias), *(PLAIN for _ in range(plan.seen))]
        rooms = [
            await stack.enter_async_context(setup.run(context, each)) for setup, each in zip(setups, seats, strict=True)
        ]
        devices = [
            await register(context.server, each, room, setup)
            for each, room, setup in zip(seats, rooms, setups, strict=True)
        ]
        meeting = await stack.enter_async_context(open_meeting(context, seats[0], [each.room.id for each in seats]))
        lanes = [
            Lane(meeting, context, each, room, device) for room, device, each in zip(rooms, devices, seats, strict=True)
        ]
        times = await asyncio.gather(*(_enter(lane, failures) for lane in lanes))
        packets, cpu_s = await _count(medias, context.server.pid)
        seen = [await _takes_floor(lane, failures) for lane in lanes[plan.counted :]]
        await asyncio.gather(*(_leave(lane, failures) for lane in lanes))
    passed = [all(each[name] >= least * COUNTED_S for name, least in LEAST_HZ.items()) for each in packets]
    return {
        "counted": {"tried": plan.counted, "passed": sum(passed)},
        "seen": {"tried": plan.seen, "passed": sum(seen)},
        "setup_ms": spread([each for each in times if each is not None]),
        "least_hz": {name: round(min((each[name] for each in packets), default=0) / COUNTED_S, 1) for name in LEAST_HZ},
        "cpu_pct_per_leg": round(100 * cpu_s / COUNTED_S / len(lanes), 2),
        "failures": failures,
    }


async def _enter(lane: Lane, failures: list[str]) -> float | None:
    """Have a room dial until it is seated; return the milliseconds, or None after a failure."""
    began = time.monotonic()
    try:
        await lane.dial_in("udp")
        await lane.room.established()
        await lane.seated()
    except FAILURES as failure:
        failures.append(told(failure))
        return None
    return (time.monotonic() - began) * 1000


async def _count(medias: Sequence[PlainMedia], server: int) -> tuple[list[dict[str, int]], float]:
    """Return the packets that come to each room in `COUNTED_S` by m-line, and the CPU seconds of the server then."""
    before, used = [dict(media.received) for media in medias], procfs.usage(server).cpu_s
    await asyncio.sleep(COUNTED_S)
    found = [
        {name: media.received[name] - earlier[name] for name in LEAST_HZ}
        for media, earlier in zip(medias, before, strict=True)
    ]
    return found, procfs.usage(server).cpu_s - used


async def _takes_floor(lane: Lane, failures: list[str]) -> bool:
    """Give a room the floor, look and listen on both sides, and take it back; return whether all was right."""
    try:
        await lane.give_floor()
        await lane.room_is_seen()
        await lane.room_is_heard()
        await lane.host_is_seen()
        await lane.host_is_heard()
        await lane.take_floor()
    except FAILURES as failure:
        failures.append(told(failure))
        return False
    return True


async def _leave(lane: Lane, failures: list[str]) -> None:
    try:
        await lane.room.hang_up()
    except FAILURES as failure:
        failures.append(told(failure))
