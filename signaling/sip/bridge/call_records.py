"""Describes SIP calls for their records (:mod:`signaling.calls`)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mediaserver.errors import BadOffer, MediaError, NotEncrypted
from mediaserver.sdp import sip_parse, sip_write
from scheduler.booking.registration.service import Scheduler
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import Device
from scheduler.units.naming import device_names
from signaling.calls.model import CallRecord, Failure, NotAdmitted, Purpose
from signaling.messages.calls import ProtectionWord
from signaling.sip.agent.agent import CallRefused, Target, TlsRefused
from signaling.sip.agent.room_call import IncomingRoomCall, RoomCall
from signaling.sip.bridge.call_media import sip_limits
from signaling.sip.bridge.protection import media_encryption
from signaling.sip.protocol.errors import CallNotAdmitted, NotAdmittedWord

FAILURES: Sequence[tuple[type[Exception], Failure]] = (
    (TlsRefused, "certificate"),
    (NotEncrypted, "not-encrypted"),
    (BadOffer, "no-codec"),
    (MediaError, "no-media"),
)
"""Outcomes by error; NotEncrypted is a BadOffer, and that a MediaError."""
NOT_ADMITTED: Mapping[NotAdmittedWord, NotAdmitted] = {
    "absent": "gatekeeper-absent",
    "unknown": "gatekeeper-unknown",
    "denied": "gatekeeper-denied",
    "full": "gatekeeper-full",
}


async def name_of(scheduler: Scheduler, equipment: Equipment, device: Device) -> str:
    """Return the name of a device."""
    point, devices = await scheduler.point(device.point), await equipment.devices(device.point)
    names = device_names(point.name, point.devices, point.numbers)
    return next((name for each, name in zip(devices, names, strict=False) if each.id == device.id), point.name)


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
        case CallNotAdmitted():
            return NOT_ADMITTED[error.word], error.status
        case CallRefused():
            return "refused", error.status
    return next((word for kind, word in FAILURES if isinstance(error, kind)), "unanswered"), 0
