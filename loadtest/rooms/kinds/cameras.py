"""Cameras without a call of SIP: an encoder that publishes (WHIP), and one that is fetched (RTSP)."""

from contextlib import AbstractAsyncContextManager

from loadtest.rooms.lane import ROOM_TONE_HZ, CallContext, Lane, RoomSetup, Seats
from loadtest.rooms.rtsp_camera import PATH, RtspCamera, rtsp_camera
from loadtest.rooms.whip_camera import WhipCamera, whip_camera

CAMERA_COLOUR = "blue"
"""The colour of a room in GStreamer's words."""


def whip(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[WhipCamera]:
    return whip_camera(context.folder, seats.account[1], CAMERA_COLOUR, ROOM_TONE_HZ)


def rtsp(_context: CallContext, seats: Seats) -> AbstractAsyncContextManager[RtspCamera]:
    return rtsp_camera(seats.account, CAMERA_COLOUR, ROOM_TONE_HZ)


FETCHED = RoomSetup(rtsp, kind="CAMERA", protocol="RTSP", transport="UDP", stream_path=PATH)
UNREGISTERED = RoomSetup(rtsp, kind="CAMERA", protocol="")


async def publishing(lane: Lane) -> None:
    await lane.publish()


async def fetched(lane: Lane) -> None:
    """Register a camera, which the server fetches then, as its session is open."""
    await lane.register(FETCHED)
    await lane.seated()


async def not_fetched_again(lane: Lane) -> None:
    """Register no camera, and put the one that is fetched out."""
    await lane.register(UNREGISTERED)
    await lane.put_out()
