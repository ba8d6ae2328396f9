"""Calls to another MCU."""

from contextlib import AbstractAsyncContextManager

from loadtest.rooms.descriptions import taking_slides
from loadtest.rooms.h323_room import H323Room, h323_room
from loadtest.rooms.kinds.setups import media_of, sipp
from loadtest.rooms.kinds.slides import host_shown, shown
from loadtest.rooms.lane import CallContext, Lane, RoomSetup, Seats
from loadtest.rooms.plain_media import PlainMedia
from loadtest.rooms.room import RoomFailed
from loadtest.rooms.rosters import ALL, CHANGE
from loadtest.rooms.scripts import MCU_NAME, telling_roster, without_events
from loadtest.rooms.sipp_room import RosterRoom, SippRoom, SlidesRoom, roster_room, slides_room
from loadtest.rooms.sipp_scenarios import TakenCall
from mediaserver.sdp.bfcp import CONFID, FLOOR, USER
from scheduler.directory.model import PIN_PLACE

MCU_NUMBER, PIN = "8800", "2468"
"""A room of another MCU, and its PIN, which is pressed after the answer."""
MCU_USER = f"{MCU_NUMBER}*{PIN_PLACE}"
"""The same with the PIN in what is dialled."""
MCU_NAME_H323 = "Hoi nghi Chinh phu"
"""Its name as H.323 writes it."""


def sip_mcu(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SlidesRoom]:
    """Run another MCU, which takes our offer with slides: its floor has the numbers that we offer."""

    def script(media: PlainMedia, port: int) -> TakenCall:
        return TakenCall(taking_slides(media.host, media.ports, port), "answered", name=MCU_NAME)

    return slides_room(context.folder, media_of(seats), 2, script, (CONFID, USER, FLOOR))


def h323_mcu(_context: CallContext, seats: Seats) -> AbstractAsyncContextManager[H323Room]:
    return h323_room(media_of(seats), MCU_NAME)


def roster_mcu(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[RosterRoom]:
    """Run another MCU that tells who is in its room."""
    return roster_room(context.folder, media_of(seats), telling_roster)


BY_SIP = RoomSetup(sip_mcu, called=True, kind="LINK", transport="UDP", sip_user=MCU_USER, pin=PIN)
BY_H323 = RoomSetup(h323_mcu, protocol="H323", called=True, kind="LINK", sip_user=MCU_NUMBER)
BY_INFO = RoomSetup(sipp(without_events), called=True, kind="LINK", transport="UDP", sip_user=MCU_NUMBER, pin=PIN)
WITH_ROSTER = RoomSetup(roster_mcu, called=True, kind="LINK", transport="UDP", sip_user=MCU_NUMBER)


async def seen(lane: Lane) -> None:
    """See it named, and show it as a tile, alone, and with its slides: it gets nothing back of what it sends. Then it
    gets the host's."""
    assert isinstance(lane.room, SlidesRoom | H323Room)
    await lane.is_named(_announced(lane.room))
    await lane.nothing_comes_back()
    await lane.show_alone()
    await lane.nothing_comes_back()
    await lane.show_all()
    await shown(lane)
    await lane.nothing_comes_back()
    await host_shown(lane)
    _called_by(lane.room, MCU_NUMBER if isinstance(lane.room, H323Room) else MCU_USER.replace(PIN_PLACE, PIN))


def _announced(room: SippRoom | H323Room) -> str:
    """Return the name that another MCU announces; H.323's has ASCII alone."""
    return MCU_NAME_H323 if isinstance(room, H323Room) else MCU_NAME


def _called_by(room: SippRoom | H323Room, due: str) -> None:
    """See by which number it was called. Raises RoomFailed."""
    if room.dialled != due:
        raise RoomFailed(f"it is called by {room.dialled}, not {due}")


async def pin_is_keyed(lane: Lane) -> None:
    """See it named, that the number came, and the PIN as keys after the answer. Raises RoomFailed."""
    assert isinstance(lane.room, H323Room | SippRoom)
    await lane.is_named(_announced(lane.room))
    _called_by(lane.room, MCU_NUMBER)
    await lane.keys_come(lane.room, f"{PIN}#")


async def roster_is_told(lane: Lane) -> None:
    """See that the host is told who is in its room, and then what has changed there. Raises RoomFailed."""
    assert isinstance(lane.room, RosterRoom)
    await lane.is_named(MCU_NAME)
    await lane.has_inside(ALL.names, ALL.more)
    await lane.room.tell_change()
    await lane.has_inside(CHANGE.names, CHANGE.more)


async def roster_ends(lane: Lane) -> None:
    """Hang up, and see that the host is told of nobody in its room any more. Raises RoomFailed."""
    await lane.hang_up()
    await lane.has_inside((), 0)
