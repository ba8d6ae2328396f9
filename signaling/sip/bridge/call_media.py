"""Gives calls of room systems the media of a seat, encrypted and limited as the device's register says."""

from mediaserver.api import Descriptions, MediaEngine, SipLimits
from scheduler.directory.equipment import sip_profiles
from scheduler.directory.model import Device
from signaling.meeting.room_system import media_hosts
from signaling.sip.agent.room_call import IncomingRoomCall, RoomCall
from signaling.sip.bridge.protection import media_encryption

FULL_HD = 40
"""The level of 1080p30, in tenths (ITU-T H.264 table A-1)."""


def sip_limits(device: Device) -> SipLimits:
    """Return the most that a device is offered and sent, by its own rate and the profile of its make."""
    made, own = sip_profiles.profile(device.sip_profile), device.picture_kbps
    level = FULL_HD if own is not None and own >= sip_profiles.FULL_HD_KBPS else made.level
    bitrate, slides = 1000 * (own or made.kbps), None if own is None else 1000 * own
    return SipLimits(
        *(made.sounds, made.modes, level, bitrate, slides, device.camera_control, made.keys),
        token=device.protocol == "H323",
        bfcp=made.bfcp,
        bfcp_version=made.bfcp_version,
        high=made.high,
    )


async def answer(engine: MediaEngine, incoming: IncomingRoomCall, device: Device, room: str, seat: str) -> RoomCall:
    """Answer a call with the media of a seat. Raises MediaError, CallFailed."""
    peer, hosts = incoming.peer, media_hosts(device, incoming.peer.address)
    encryption, limits = media_encryption(device.encryption, peer.transport), sip_limits(device)
    session_s = sip_profiles.profile(device.sip_profile).session_s
    if incoming.offer:
        ours = await engine.connect(
            room, seat, incoming.offer, plain=True, encryption=encryption, media_hosts=hosts, limits=limits
        )
        return await incoming.accept(ours, session_s)
    offer = await engine.invite(room, seat, peer.address, encryption=encryption, media_hosts=hosts, limits=limits)
    call = await incoming.accept(offer, session_s)
    await engine.accept(room, seat, call.sdp)
    return call


async def move(
    engine: MediaEngine, call: RoomCall, device: Device, descriptions: Descriptions, room: str, seat: str
) -> None:
    """Move the media of a call to another seat, by an offer within the call. Raises MediaError, CallFailed."""
    hosts = media_hosts(device, call.peer.address)
    encryption = media_encryption(device.encryption, call.peer.transport)
    offer = await engine.move_in(
        room, seat, descriptions, encryption=encryption, media_hosts=hosts, limits=sip_limits(device)
    )
    await engine.accept(room, seat, await call.offer(offer))
