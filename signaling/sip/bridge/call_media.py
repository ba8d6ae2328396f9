"""Gives calls of room systems the media of a seat, encrypted and limited as the device's register says."""

from mediaserver.api import Descriptions, MediaEngine, SipLimits
from scheduler.directory.equipment import sip_profiles
from scheduler.directory.model import Device
from signaling.meeting.room_system import media_hosts
from signaling.sip.agent.agent import Call, IncomingCall
from signaling.sip.bridge.protection import media_encryption


def sip_limits(device: Device) -> SipLimits:
    """Return the most that a device is offered and sent, by the profile of its make."""
    made = sip_profiles.profile(device.sip_profile)
    bitrate, control = made.kbps * 1000, device.camera_control
    return SipLimits(made.sounds, made.modes, made.level, bitrate, camera_control=control)


async def answer(engine: MediaEngine, incoming: IncomingCall, device: Device, room: str, seat: str) -> Call:
    """Answer a call with the media of a seat. Raises MediaError, CallFailed."""
    peer, hosts = incoming.peer, media_hosts(device, incoming.peer.address)
    encryption, limits = media_encryption(device.encryption, peer.transport), sip_limits(device)
    if incoming.offer:
        ours = await engine.connect(
            room, seat, incoming.offer, plain=True, encryption=encryption, media_hosts=hosts, limits=limits
        )
        return await incoming.accept(ours)
    offer = await engine.invite(room, seat, peer.address, encryption=encryption, media_hosts=hosts, limits=limits)
    call = await incoming.accept(offer)
    await engine.accept(room, seat, call.sdp)
    return call


async def move(
    engine: MediaEngine, call: Call, device: Device, descriptions: Descriptions, room: str, seat: str
) -> None:
    """Move the media of a call to another seat, by an offer within the call. Raises MediaError, CallFailed."""
    hosts = media_hosts(device, call.peer.address)
    encryption = media_encryption(device.encryption, call.peer.transport)
    offer = await engine.move_in(
        room, seat, descriptions, encryption=encryption, media_hosts=hosts, limits=sip_limits(device)
    )
    await engine.accept(room, seat, await call.offer(offer))
