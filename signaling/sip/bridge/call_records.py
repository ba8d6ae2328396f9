"""Describes SIP calls for their records (:mod:`signaling.calls`)."""

from dataclasses import replace
from datetime import datetime

from mediaserver.errors import BadOffer, MediaError, NotEncrypted
from mediaserver.sdp import sip_parse, sip_write
from scheduler.directory.model import Device
from signaling.calls.model import CallRecord, Failure, Purpose
from signaling.messages.server import ProtectionWord
from signaling.sip.agent.agent import CallRefused, Target, TlsRefused
from signaling.sip.agent.room_call import IncomingRoomCall, RoomCall
from signaling.sip.bridge.call_media import sip_limits
from signaling.sip.bridge.protection import media_encryption


def dialled(device: Device, name: str, where: Target, now: datetime, purpose: Purpose = "session") -> CallRecord:
    """Return the record of a call to a device that is dialled now."""
    transport = "" if where.transport == "auto" else where.transport
    return CallRecord(now, device.id, device.point, name, "out", purpose, where.host, transport)


def received(device: Device, name: str, incoming: IncomingRoomCall, now: datetime, purpose: Purpose) -> CallRecord:
    """Return the record of a call of a device that comes in now."""
    peer = incoming.peer
    return CallRecord(now, device.id, device.point, name, "in", purpose, peer.address, peer.transport)


def carrying(record: CallRecord, call: RoomCall, device: Device, protection: ProtectionWord) -> CallRecord:
    """Return the record of a call that is connected, with how it is transported and protected, and the codecs of what
    we send."""
    sound, picture = _codecs(call.sdp, device, call.peer.transport)
    return replace(record, transport=call.peer.transport, protection=protection, sound=sound, picture=picture)


def _codecs(sdp: str, device: Device, transport: str) -> tuple[str, str]:
    """Return the codecs of sound and picture that are chosen of a device's description; "" for none."""
    try:
        session = sip_parse.permitted(sip_parse.read(sdp), media_encryption(device.encryption, transport))
    except BadOffer:
        return "", ""
    sound = (
        "" if session.sound is None else sip_write.choose_sound(session.media[session.sound], sip_limits(device)).name
    )
    picture = "" if session.camera is None else sip_write.choose_picture(session.media[session.camera]).name
    return sound, picture.partition("/")[0]


def failure(error: Exception) -> tuple[Failure, int]:
    """Return the outcome of a call that failed by an error, and the SIP status of a refusal."""
    match error:
        case CallRefused():
            return "refused", error.status
        case TlsRefused():
            return "certificate", 0
        case NotEncrypted():
            return "not-encrypted", 0
        case BadOffer():
            return "no-codec", 0
        case MediaError():
            return "no-media", 0
    return "unanswered", 0
