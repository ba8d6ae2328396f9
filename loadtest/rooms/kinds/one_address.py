"""Calls of two room systems behind one address, one of which floods the server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from loadtest.rooms.kinds.renewal import renew
from loadtest.rooms.kinds.setups import media_of
from loadtest.rooms.lane import LOOPBACK, CallContext, Lane, Seats, registered_neighbour
from loadtest.rooms.neighbour import Neighbour
from loadtest.rooms.room import RoomFailed
from loadtest.rooms.scripts import renewing_by_name
from loadtest.rooms.sipp_room import CrowdedRoom, crowded_room

NEIGHBOUR = "phong-2"
"""The name of the other room system behind that address."""
FLOOD_S = 1.5
"""Time of a flood before a call is renewed in it."""


def crowded(*, restless: bool = False) -> Callable[[CallContext, Seats], AbstractAsyncContextManager[CrowdedRoom]]:
    """Return how a room system is run with a neighbour behind its address, of which it is told apart by its name."""

    @asynccontextmanager
    async def run(context: CallContext, seats: Seats) -> AsyncIterator[CrowdedRoom]:
        neighbour = Neighbour(NEIGHBOUR, (LOOPBACK, context.ports.port), restless=restless)
        async with (
            registered_neighbour(context.server, seats, NEIGHBOUR),
            crowded_room(context.folder, media_of(seats), renewing_by_name, neighbour) as room,
        ):
            yield room

    return run


async def renew_in_flood(lane: Lane) -> None:
    """Renew the call while another room behind the same address floods the server within its own."""
    assert isinstance(lane.room, CrowdedRoom)
    neighbour = lane.room.neighbour
    await neighbour.call(lane.room.media.host)
    async with neighbour.flooding():
        await asyncio.sleep(FLOOD_S)  # longer than the other room is borne
        await renew(lane)
    if not (neighbour.hung_up and neighbour.answered):
        raise RoomFailed(f"the neighbour is not hung up: {neighbour.answered} of {neighbour.asked} were answered")
