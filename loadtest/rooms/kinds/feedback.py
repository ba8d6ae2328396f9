"""Calls with feedback on the picture, and its profile of H.264."""

import re
from contextlib import AbstractAsyncContextManager

from loadtest.rooms.descriptions import RTX
from loadtest.rooms.h264_profile import BASELINE, HIGH
from loadtest.rooms.lane import ROOM_COLOUR, ROOM_TONE_HZ, SLIDES_COLOUR, CallContext, Cores, Lane, Seats
from loadtest.rooms.plain_media import PlainMedia
from loadtest.rooms.room import RoomFailed
from loadtest.rooms.scripts import high_only
from loadtest.rooms.sipp_room import SippRoom, sipp_room
from mediaserver.rtp.frame_assembler import PATIENCE_S


def in_high(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SippRoom]:
    """Run a room system by sipp that knows H.264 of profile High alone."""
    media = PlainMedia(seats.address, ROOM_TONE_HZ, ROOM_COLOUR, SLIDES_COLOUR, high=True)
    return sipp_room(context.folder, media, high_only)


async def lossy(lane: Lane) -> None:
    """Lose packets of the picture, which come again (RFC 4585) and make it smaller until the line is mended, and limit
    its rate, which is kept to (RFC 5104)."""
    assert isinstance(lane.room, SippRoom)
    media = lane.room.media
    await lane.picture_is_usual(media)
    line = await lane.is_sent_again(media)
    await lane.picture_follows_loss(media, line)
    await lane.picture_follows_limit(media)


async def repaired(lane: Lane) -> None:
    """Lose packets of the picture, which come again in a stream of their own (RFC 4588): in time, so that no key frame
    is needed, where the machine is quiet; on one that is busy the picture goes on by a key frame at the latest."""
    assert isinstance(lane.room, SippRoom)
    media = lane.room.media
    mapped = re.findall(rf"^a=(?:rtpmap|fmtp):{RTX} (\S+)", lane.room.description, re.MULTILINE)
    if mapped != ["rtx/90000", "apt=97"]:
        raise RoomFailed(f"the server answers RTX by {mapped}")
    torn, cores = media.torn, Cores()
    line = await lane.is_sent_again(media)
    line.mend()
    torn = media.torn - torn
    excused = not cores.idled and line.slowest_s > PATIENCE_S
    if line.repairs != line.again or media.picture.faults or (torn and not excused):
        raise RoomFailed(
            f"{line.repairs} of {line.again} packets came again by RTX, within {line.slowest_s:.2f} s, {torn} packets "
            f"tore the picture, and {media.picture.faults} could not be decoded"
        )
    media.picture.forget()
    await lane.host_is_seen()


async def high(lane: Lane) -> None:
    """See that pictures come to the room system in profile High, and to the host in baseline, but for the camera of the
    room system, which it is forwarded as it comes."""
    assert isinstance(lane.room, SippRoom)
    to_room, to_host, of_camera = await lane.profiles(lane.room.media)
    if (to_room, to_host, of_camera) != ({HIGH}, {BASELINE}, {HIGH}):
        raise RoomFailed(f"profiles: {to_room} to the room, {to_host} to the host, {of_camera} of the camera")
