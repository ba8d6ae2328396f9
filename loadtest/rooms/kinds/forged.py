"""Calls by UDP of a room system in whose name somebody else calls, too."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from loadtest.rooms.forger import forging
from loadtest.rooms.kinds.setups import media_of
from loadtest.rooms.lane import LOOPBACK, CallContext, Lane, Seats
from loadtest.rooms.room import RoomFailed
from loadtest.rooms.scripts import ALIAS, redirected
from loadtest.rooms.sipp_room import SippRoom, sipp_room

ANSWERS = ["302 Moved Temporarily", "200 OK"], ["200 OK"]
"""To its INVITEs; one of ten is within the limit, and is taken at once."""


@asynccontextmanager
async def forged(context: CallContext, seats: Seats) -> AsyncIterator[SippRoom]:
    """Run a room system that follows a redirection, while others call from its address by its name."""
    server = LOOPBACK, context.ports.port
    async with (
        forging(seats.address, ALIAS, server),
        sipp_room(context.folder, media_of(seats), redirected) as room,
    ):
        yield room


async def came_again(lane: Lane) -> None:
    """See that the call was redirected and taken as it came again, or taken at once. Raises RoomFailed."""
    assert isinstance(lane.room, SippRoom)
    if lane.room.answers not in ANSWERS:
        raise RoomFailed(f"its INVITEs were answered {lane.room.answers}")
