"""Calls between a room system and the engine, either way, and what it sees of the meeting."""

from mediaserver.api import EVERYTHING, Encryption, Layout, SeatOptions, SipLimits
from mediaserver.peer.sip import SipPeer
from mediaserver.room.room import Room
from mediaserver.video.layout import arrange
from tests.mediaserver.meeting import OPTIONS, ROOM, Meeting
from tests.mediaserver.room_system import RoomSystem

KINDS = [("G722", 1), ("PCMA", 0), ("PCMU", 1), ("opus", 1)]
"""Codec of the sound and packetization mode."""


async def seat(meeting: Meeting, name: str = "vcs", *, floor: bool = False) -> None:
    await meeting.engine.add_seat(ROOM, SeatOptions(name, f"Điểm cầu {name}"))
    await meeting.engine.set_floor(ROOM, name, floor)
    meeting.seats.append(name)


async def dial_in(meeting: Meeting, system: RoomSystem, *, floor: bool = False, encryption: Encryption = "off") -> None:
    """Let the room system call us."""
    await seat(meeting, floor=floor)
    answer = await meeting.engine.connect(ROOM, "vcs", system.sdp(), plain=True, encryption=encryption)
    system.set_destinations(answer)
    system.begin()


async def invite(
    meeting: Meeting,
    system: RoomSystem,
    *,
    floor: bool = False,
    encryption: Encryption = "off",
    limits: SipLimits = EVERYTHING,
) -> None:
    """Call the room system."""
    await seat(meeting, floor=floor)
    system.set_destinations(await meeting.engine.invite(ROOM, "vcs", encryption=encryption, limits=limits))
    system.number = 98 if system.mode else 97
    await meeting.engine.accept(ROOM, "vcs", system.sdp())
    system.begin()


def shows(watch: RoomSystem, meeting: Meeting, name: str, colour: str) -> bool:
    """Return whether a room system sees a colour in a seat's tile."""
    width, height = OPTIONS.width, OPTIONS.height
    tile = next(tile for tile in arrange(Layout(), meeting.seats, None, width, height) if tile.seat == name)
    return watch.colour((tile.x + tile.width / 2) / width, (tile.y + tile.height / 2) / height) == colour


def sip_peer_of(room: Room, name: str = "vcs") -> SipPeer:
    peer = room.seats[name].peer
    assert isinstance(peer, SipPeer)
    return peer
