"""Calls with slides (BFCP, H.239), and with camera control."""

import re
from contextlib import AbstractAsyncContextManager

from loadtest.rooms.descriptions import with_slides_by_tcp
from loadtest.rooms.h323_room import H323Room
from loadtest.rooms.kinds.setups import media_of
from loadtest.rooms.lane import CallContext, Lane, RoomSetup, Seats
from loadtest.rooms.plain_media import PlainMedia
from loadtest.rooms.room import RoomFailed
from loadtest.rooms.sipp_room import Describe, SlidesRoom, offering, slides_room, tcp_slides_room
from mediaserver.api import CameraMovement
from mediaserver.fecc import h281
from mediaserver.fecc.h224 import H281, read_frame

TURNING = h281.Message(h281.Action.START, CameraMovement(pan=-1))


def by(version: int, describe: Describe, *, camera_control: bool = False, moving: bool = False) -> RoomSetup:
    """Return the setup of a room system that calls with slides, by BFCP in a version."""

    def run(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SlidesRoom]:
        return slides_room(context.folder, media_of(seats, moving=moving), version, offering(describe))

    return RoomSetup(run, camera_control=camera_control)


def by_tcp(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SlidesRoom]:
    return tcp_slides_room(context.folder, media_of(seats), with_slides_by_tcp)


async def shown(lane: Lane) -> None:
    """Show slides, whose text the host reads."""
    assert isinstance(lane.room, SlidesRoom | H323Room)
    await lane.room.ask_for_floor()
    await lane.slides_are_read()


async def moving(lane: Lane) -> None:
    """Show slides of 1080p30, which come to the host as they are."""
    assert isinstance(lane.room, SlidesRoom)
    await lane.room.ask_for_floor()
    await lane.slides_move()


async def both(lane: Lane) -> None:
    """Show slides, and see the host's."""
    assert isinstance(lane.room, SlidesRoom | H323Room)
    await shown(lane)
    await host_shown(lane)


async def host_shown(lane: Lane) -> None:
    """See the text of the host's slides as a second picture."""
    assert isinstance(lane.room, SlidesRoom | H323Room)
    await lane.share()
    await lane.host_slides_are_read(lane.room.media)
    await lane.share_nothing()


async def camera_refused(lane: Lane) -> None:
    """See that camera control is refused, and show slides."""
    assert isinstance(lane.room, SlidesRoom)
    if (ports := _control_ports(lane.room)) != ["0"]:
        raise RoomFailed(f"camera control is answered by the ports {ports}")
    await shown(lane)


async def camera_moved(lane: Lane) -> None:
    """Have the camera turned, and show slides."""
    assert isinstance(lane.room, SlidesRoom)
    if len(ports := _control_ports(lane.room)) != 1 or ports == ["0"]:
        raise RoomFailed(f"camera control is answered by the ports {ports}")
    media = lane.room.media
    await lane.turn_camera(lambda: TURNING in _movements(media))
    await shown(lane)


def _control_ports(room: SlidesRoom) -> list[str]:
    """Return the ports of camera control in the server's description."""
    return re.findall(r"^m=application (\d+) RTP/AVP", room.description, re.MULTILINE)


def _movements(media: PlainMedia) -> list[h281.Message]:
    """Return the messages of camera control that came, beside those about capabilities."""
    frames = [read_frame(each) for each in media.frames]
    return [h281.read(frame.data) for frame in frames if frame.client == H281]
