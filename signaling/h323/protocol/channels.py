"""Logical channels: what OpenLogicalChannel and its answers say (ITU-T H.245 §7.3, H.225.0 on RTP). Pure."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from signaling.h323.protocol.capabilities import (
    CAMERA_CONTROL,
    FRAGMENTS,
    MODES,
    PACKET_MS,
    SINGLE_NAL,
    SOUNDS,
    Pdu,
    Picture,
    picture,
    read_picture,
    read_slides,
    slides,
    sound_of,
)

Kind = Literal["sound", "picture", "camera", "slides"]
Address = tuple[str, int]
SESSIONS: Final[Mapping[Kind, int]] = {"sound": 1, "picture": 2, "camera": 3}
"""RTP sessions: those of sound, pictures and data need no master to number them (H.245 §B.3.1). "camera" is control of
a camera."""
SLIDES_SESSION: Final = 4
"""The RTP session of slides where we are the master, who numbers it; the slave asks for a number by 0."""
STATIC: Final[Mapping[str, int]] = {"PCMU": 0, "PCMA": 8, "G722": 9}
TYPES: Final[Mapping[int, int]] = {0: 97, 1: 98}
"""Our payload types of pictures by packetization mode, those of our SDP."""
CAMERA_TYPE: Final = 100
"""Our payload type of camera control."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One direction of sound or picture: its codec, how it is packed, and the addresses known of its receiver.

    `media` is where RTP goes to, `control` where the other end of an OpenLogicalChannel takes RTCP.
    """

    number: int
    kind: Kind
    codec: str
    payload_type: int
    limits: Picture | None = None
    media: Address | None = None
    control: Address | None = None
    mode: int = 0
    """Packetization mode of pictures."""
    session: int = 0
    """Number of the RTP session of slides; 0: the master has yet to number it."""


def open_request(channel: Channel) -> Mapping[str, Any]:
    """Return the OpenLogicalChannel of a channel to the other side."""
    return {
        "forwardLogicalChannelNumber": channel.number,
        "forwardLogicalChannelParameters": {
            "dataType": _data_type(channel),
            "multiplexParameters": ("h2250LogicalChannelParameters", _parameters(channel)),
        },
    }


def reverse_request(channel: Channel) -> Mapping[str, Any]:
    """Return what fast connect proposes for a channel from the other side (H.323 §8.1.7.1)."""
    return {
        "forwardLogicalChannelNumber": channel.number,
        "forwardLogicalChannelParameters": {
            "dataType": ("nullData", 0),
            "multiplexParameters": ("none", 0),
        },
        "reverseLogicalChannelParameters": {
            "dataType": _data_type(channel),
            "multiplexParameters": ("h2250LogicalChannelParameters", _parameters(channel)),
        },
    }


def _data_type(channel: Channel) -> tuple[str, Any]:
    if channel.kind == "sound":
        return "audioData", (SOUNDS[channel.codec], PACKET_MS)
    if channel.kind == "camera":
        return "data", CAMERA_CONTROL
    assert channel.limits is not None
    return "videoData", (slides if channel.kind == "slides" else picture)(channel.limits)


def _parameters(channel: Channel) -> Mapping[str, Any]:
    fields: dict[str, Any] = {"sessionID": SESSIONS.get(channel.kind, channel.session)}
    if channel.media is not None:
        fields["mediaChannel"] = _unicast(channel.media)
    fields["mediaGuaranteedDelivery"] = False
    if channel.control is not None:
        fields["mediaControlChannel"] = _unicast(channel.control)
    fields["mediaControlGuaranteedDelivery"] = False
    if channel.kind == "sound":
        return fields | {"silenceSuppression": False}
    if channel.kind == "camera":
        return fields | {"dynamicRTPPayloadType": channel.payload_type}
    packing = FRAGMENTS if channel.mode else SINGLE_NAL
    rtp = {"payloadDescriptor": ("oid", packing), "payloadType": channel.payload_type}
    return fields | {"dynamicRTPPayloadType": channel.payload_type, "mediaPacketization": ("rtpPayloadType", rtp)}


def read_request(fields: Mapping[str, Any]) -> Channel | None:
    """Read an OpenLogicalChannel of the other side, or a proposal of fast connect; None for what we do not take.

    Taken are RTP sessions of sound, pictures and slides in our codecs, and of camera control.
    """
    forward, reverse = fields["forwardLogicalChannelParameters"], fields.get("reverseLogicalChannelParameters")
    described = forward if forward["dataType"][0] != "nullData" or reverse is None else reverse
    (data, value), multiplex = described["dataType"], described.get("multiplexParameters")
    if multiplex is None or multiplex[0] != "h2250LogicalChannelParameters":
        return None
    parameters, number = multiplex[1], fields["forwardLogicalChannelNumber"]
    media, control = _address(parameters.get("mediaChannel")), _address(parameters.get("mediaControlChannel"))
    if data == "audioData" and (codec := sound_of(value)):
        return Channel(number, "sound", codec, STATIC[codec], media=media, control=control)
    if data == "data" and value["application"][0] == "h224":
        type_ = parameters.get("dynamicRTPPayloadType") or CAMERA_TYPE
        return Channel(number, "camera", "H224", type_, media=media, control=control)
    return replace(found, media=media, control=control) if (found := _video(number, data, value, parameters)) else None


def _video(number: int, data: str, value: Any, parameters: Mapping[str, Any]) -> Channel | None:
    """Read a channel of pictures or slides, without its addresses; None for any other."""
    if data != "videoData":
        return None
    kind: Kind = "slides" if value[0] == "extendedVideoCapability" else "picture"
    limits = read_slides(value) if kind == "slides" else read_picture(value)
    if limits is None:
        return None
    packing = parameters.get("mediaPacketization")
    packed = packing[1] if packing is not None and packing[0] == "rtpPayloadType" else {}
    descriptor = packed["payloadDescriptor"] if packed else ("", ())
    mode = MODES.get(descriptor[1], 0) if descriptor[0] == "oid" else 0
    type_ = parameters.get("dynamicRTPPayloadType") or packed.get("payloadType") or TYPES[mode]
    session = parameters["sessionID"] if kind == "slides" else 0
    return Channel(number, kind, "H264", type_, limits, mode=mode, session=session)


def is_reverse(fields: Mapping[str, Any]) -> bool:
    """Return whether a proposal of fast connect is for a channel from who accepts it to who proposed it."""
    return bool(fields["forwardLogicalChannelParameters"]["dataType"][0] == "nullData")


def acknowledge(channel: Channel, media: Address, control: Address) -> Pdu:
    """Return the OpenLogicalChannelAck that says where we take a channel."""
    parameters: dict[str, Any] = {
        "sessionID": SESSIONS.get(channel.kind, channel.session or SLIDES_SESSION),
        "mediaChannel": _unicast(media),
        "mediaControlChannel": _unicast(control),
    }
    if channel.kind != "sound":
        parameters["dynamicRTPPayloadType"] = channel.payload_type
    fields = {
        "forwardLogicalChannelNumber": channel.number,
        "forwardMultiplexAckParameters": ("h2250LogicalChannelAckParameters", parameters),
    }
    return "response", ("openLogicalChannelAck", fields)


def acknowledged(fields: Mapping[str, Any]) -> tuple[Address | None, Address | None]:
    """Return where the other side takes RTP and RTCP of a channel of ours, by its OpenLogicalChannelAck."""
    found = fields.get("forwardMultiplexAckParameters")
    if found is None or found[0] != "h2250LogicalChannelAckParameters":
        return None, None
    return _address(found[1].get("mediaChannel")), _address(found[1].get("mediaControlChannel"))


def reject(number: int, cause: str) -> Pdu:
    """Return an OpenLogicalChannelReject."""
    return "response", ("openLogicalChannelReject", {"forwardLogicalChannelNumber": number, "cause": (cause, 0)})


def _unicast(where: Address) -> tuple[str, Any]:
    ip = ipaddress.ip_address(where[0])
    kind = "iPAddress" if ip.version == 4 else "iP6Address"
    return "unicastAddress", (kind, {"network": ip.packed, "tsapIdentifier": where[1]})


def _address(found: tuple[str, Any] | None) -> Address | None:
    """Return host and port of a TransportAddress of H.245; None for other kinds, and for port 0."""
    if found is None or found[0] != "unicastAddress" or found[1][0] not in ("iPAddress", "iP6Address"):
        return None
    fields = found[1][1]
    port = fields["tsapIdentifier"]
    return (str(ipaddress.ip_address(bytes(fields["network"]))), port) if port else None
