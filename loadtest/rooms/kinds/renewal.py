"""Calls that are renewed: put on hold, with a picture added, or with media from elsewhere."""

import asyncio
from contextlib import AbstractAsyncContextManager

from loadtest.rooms.baresip_room import BaresipRoom
from loadtest.rooms.kinds.kind import seen_and_heard_anew
from loadtest.rooms.lane import ELSEWHERE, ROOM_COLOUR, ROOM_TONE_HZ, SLIDES_COLOUR, CallContext, Lane, Seats
from loadtest.rooms.plain_media import PlainMedia
from loadtest.rooms.room import RoomFailed
from loadtest.rooms.scripts import moving, naming
from loadtest.rooms.sipp_room import SippRoom, sipp_room

HELD_S = 1.0
"""Time on hold in which nothing may come."""
LONG_HELD_S = 28.0
"""The same, longer than the 25 s after which a call is ended from which nothing comes."""


def moved_address(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SippRoom]:
    """Run a room system by sipp, whose media move between two addresses."""
    media = PlainMedia(seats.address, ROOM_TONE_HZ, ROOM_COLOUR, SLIDES_COLOUR, spare_host=seats.further_address)
    return sipp_room(context.folder, media, moving)


def latched(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SippRoom]:
    """Run a room system by sipp, whose media come from another address than it names, as through an SBC."""
    media = PlainMedia(seats.further_address, ROOM_TONE_HZ, ROOM_COLOUR, SLIDES_COLOUR)
    return sipp_room(context.folder, media, naming(seats.address), seats.address)


async def hold(lane: Lane) -> None:
    """Put the call on hold, and resume it: on hold the room is not heard."""
    assert isinstance(lane.room, BaresipRoom)
    await lane.room.hold()
    await lane.room_is_silent()
    await lane.room.resume()
    await lane.room_is_heard()


async def renew_hold(lane: Lane) -> None:
    """Put the call on hold, and resume it: on hold the room is not heard, and gets nothing."""
    assert isinstance(lane.room, SippRoom)
    await lane.room.renew()
    await lane.room_is_silent()
    await _nothing_comes(lane.room.media, HELD_S)
    await renew(lane)


async def long_hold(lane: Lane) -> None:
    """The same, in which the room sends nothing for longer than a call without hold may be silent."""
    assert isinstance(lane.room, SippRoom)
    await lane.room.renew()
    lane.room.media.stop()
    await lane.room_is_silent()
    await _nothing_comes(lane.room.media, LONG_HELD_S)
    await renew(lane)


async def _nothing_comes(media: PlainMedia, seconds: float) -> None:
    """Wait so many seconds in which no packet comes. Raises RoomFailed."""
    before = dict(media.received)
    await asyncio.sleep(seconds)
    if media.received != before:
        raise RoomFailed(f"media come while the call is on hold: {media.received}, before {before}")


async def move(lane: Lane) -> None:
    """Move sound and picture to other ports or another address, where both sides see and hear each other again."""
    assert isinstance(lane.room, SippRoom)
    lane.room.media.stop()
    await lane.room.move()
    await seen_and_heard_anew(lane)


async def move_to_address(lane: Lane) -> None:
    """Move to another address, after which a stranger's media are dropped, and the host is told."""
    await move(lane)
    await lane.stranger_is_dropped()
    await lane.media_are("dropped", ELSEWHERE)


async def taken_from_elsewhere(lane: Lane) -> None:
    """See that the host is told from where media come, also after a stranger's were dropped."""
    assert isinstance(lane.room, SippRoom)
    await lane.media_are("taken", lane.room.media.host)
    await lane.stranger_is_dropped()
    await lane.media_are("taken", lane.room.media.host)


async def renew(lane: Lane) -> None:
    """Renew the call, after which both sides see and hear each other again."""
    assert isinstance(lane.room, SippRoom)
    lane.room.media.stop()
    await lane.room.renew()
    await seen_and_heard_anew(lane)
