"""Calls to the server without a code, which is keyed in at its front door."""

from loadtest.rooms.baresip_room import BaresipRoom
from loadtest.rooms.lane import Lane
from loadtest.rooms.sipp_room import SippRoom


async def through_door(lane: Lane) -> None:
    """Dial without a code, and enter by the front door."""
    assert isinstance(lane.room, BaresipRoom)
    await lane.dial_without_code()
    await lane.room.established()
    await lane.enter(lane.room)


async def through_door_by_info(lane: Lane) -> None:
    """The same by a script that keys the code in which it is given to dial."""
    assert isinstance(lane.room, SippRoom)
    await lane.dial_in("udp")
    await lane.room.established()
    await lane.enter(lane.room)
    await lane.room.renewed()
