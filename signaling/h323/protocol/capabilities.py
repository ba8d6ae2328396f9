"""Says what a terminal can receive, and its capability set (ITU-T H.245 §7.2, H.241 §8.3 for H.264, H.239 for slides).
Pure.

Sound is G.722 or G.711; pictures are H.264 by the generic capability of H.241, whose parameters are kept as it has
them: level in a scale of its own, macroblocks a second in steps of 500 and macroblocks a picture in steps of 256.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Pdu = tuple[str, tuple[str, Any]]
"""A message of H.245: its kind ("request", "response", "command", "indication"), its name and its value."""
DataType = tuple[str, Any]
"""A DataType of H.245 (§B.3.1): its kind and its value."""

PROTOCOL: Final = (0, 0, 8, 245, 0, 13)
H264: Final = (0, 0, 8, 241, 0, 0, 1)
"""The generic capability of H.264 (H.241 table A.1)."""
SINGLE_NAL: Final = (0, 0, 8, 241, 0, 0, 0, 0)
FRAGMENTS: Final = (0, 0, 8, 241, 0, 0, 0, 1)
"""Packetization of H.264: one NAL unit a packet (H.241 Annex A), and RFC 6184's non-interleaved mode."""
MODES: Final[Mapping[tuple[int, ...], int]] = {SINGLE_NAL: 0, FRAGMENTS: 1}
LEVELS: Final[Mapping[int, int]] = {
    15: 10, 19: 11, 22: 11, 29: 12, 36: 13, 43: 20, 50: 21, 57: 22, 64: 30, 71: 31, 78: 32, 85: 40, 92: 41, 99: 42,
    106: 50, 113: 51,
}  # fmt: skip
"""`level_idc` of H.264 by the level of H.241 (table 8-7); 1b is taken as 1.1, whose pictures are its own."""
BASELINE: Final = 64
"""Bit of the baseline profile in the profile parameter."""
PROFILE, LEVEL, CUSTOM_SPEED, CUSTOM_SIZE = 41, 42, 3, 4
"""Parameters of H.241 §8.3.2."""
SPEED_STEP, SIZE_STEP, BITRATE_STEP = 500, 256, 100
SOUNDS: Final[Mapping[str, str]] = {"G722": "g722-64k", "PCMA": "g711Alaw64k", "PCMU": "g711Ulaw64k"}
"""Capability by the name of a codec in SDP."""
CAMERA_CONTROL: Final[Mapping[str, Any]] = {"application": ("h224", ("hdlcFrameTunnelling", 0)), "maxBitRate": 48}
"""The data application of camera control, of 4.8 kbit/s."""
SLIDES_CONTROL: Final = (0, 0, 8, 239, 1, 1)
SLIDES_VIDEO: Final = (0, 0, 8, 239, 1, 2)
"""h239ControlCapability, and h239ExtendedVideoCapability, which adds a role to a video capability (H.239 §6)."""
ROLE, PRESENTATION = 1, 1
"""The roleLabel parameter of H.239, and its bit for slides that are shown under the presentation token."""
PACKET_MS = 20
"""Milliseconds of sound in one packet of ours."""
MAX_PACKET_MS = 60
MAX_ENTRIES = 256
"""Entries of a capability table that are read (§7.2.2.3)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Limits of a decoder: `level` is H.264's `level_idc`; macroblocks a second and a picture beyond the level, and
    bit/s, 0 for none; packetization modes."""

    level: int
    speed: int
    size: int
    bitrate: int
    modes: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The capabilities to receive: codecs of sound, the best first, and pictures; none at all on hold."""

    sounds: tuple[str, ...] = ()
    picture: Picture | None = None
    events: int | None = None
    """Payload type of telephone events (RFC 4733)."""
    camera: bool = False
    """Whether its camera, or ours, may be controlled (H.224 in RTP, H.323 Annex Q)."""
    slides: Picture | None = None
    """Limits of the second picture, which shows slides; None without H.239."""
    dtmf: bool = True
    """Whether it takes digits as signals of userInput; every terminal takes them as text (H.323 §6.2.8)."""

    @property
    def empty(self) -> bool:
        """True if it receives neither sound nor picture (H.323 §8.4.6: its calls are paused)."""
        return not self.sounds and self.picture is None


def write(own: Capabilities, sequence: int) -> Pdu:
    """Return the TerminalCapabilitySet of a terminal; an empty one has no table."""
    table: list[tuple[str, Any]] = [("receiveAudioCapability", (SOUNDS[name], MAX_PACKET_MS)) for name in own.sounds]
    if own.picture is not None:
        table.append(("receiveVideoCapability", picture(own.picture)))
    groups = [[*range(1, len(own.sounds) + 1)], [*range(len(own.sounds) + 1, len(table) + 1)]]
    if own.slides is not None and not own.empty:
        table.append(("receiveVideoCapability", slides(own.slides)))
        table.append(("genericControlCapability", {"capabilityIdentifier": ("standard", SLIDES_CONTROL)}))
        groups += [[len(table) - 1], [len(table)]]
    if not own.empty:
        table.append(("receiveUserInputCapability", ("dtmf" if own.dtmf else "basicString", 0)))
        groups.append([len(table)])
    if own.events is not None and not own.empty:
        event = {"dynamicRTPPayloadType": own.events, "audioTelephoneEvent": "0-15"}
        table.append(("receiveRTPAudioTelephonyEventCapability", event))
        groups.append([len(table)])
    if own.camera and not own.empty:
        table.append(("receiveAndTransmitDataApplicationCapability", CAMERA_CONTROL))
        groups.append([len(table)])
    fields: dict[str, Any] = {"sequenceNumber": sequence, "protocolIdentifier": PROTOCOL}
    fields["multiplexCapability"] = ("h2250Capability", _multiplex(own))
    if table:
        entries = enumerate(table, 1)
        fields["capabilityTable"] = [
            {"capabilityTableEntryNumber": number, "capability": each} for number, each in entries
        ]
        together = [each for each in groups if each]
        fields["capabilityDescriptors"] = [{"capabilityDescriptorNumber": 0, "simultaneousCapabilities": together}]
    return "request", ("terminalCapabilitySet", fields)


def _multiplex(own: Capabilities) -> Mapping[str, Any]:
    centralized = ("centralizedControl", "centralizedAudio", "centralizedVideo")
    others = ("distributedControl", "distributedAudio", "distributedVideo")
    distribution = dict.fromkeys(centralized, True) | dict.fromkeys(others, False)
    multipoint = {
        "multicastCapability": False,
        "multiUniCastConference": False,
        "mediaDistributionCapability": [distribution],
    }
    packetization: dict[str, Any] = {"h261aVideoPacketization": False}
    if own.picture is not None:
        packetization["rtpPayloadType"] = [{"payloadDescriptor": ("oid", each)} for each in _packetizations(own)]
    return {
        "maximumAudioDelayJitter": 60,
        "receiveMultipointCapability": multipoint,
        "transmitMultipointCapability": multipoint,
        "receiveAndTransmitMultipointCapability": multipoint,
        "mcCapability": {"centralizedConferenceMC": True, "decentralizedConferenceMC": False},
        "rtcpVideoControlCapability": False,
        "mediaPacketizationCapability": packetization,
    }


def _packetizations(own: Capabilities) -> list[tuple[int, ...]]:
    assert own.picture is not None
    return [each for each, mode in MODES.items() if mode in own.picture.modes]


def picture(limits: Picture) -> tuple[str, Any]:
    """Return the generic capability of H.264 baseline within limits."""
    level = max((each for each, idc in LEVELS.items() if idc <= limits.level), default=min(LEVELS))
    parameters = [(PROFILE, ("booleanArray", BASELINE)), (LEVEL, ("unsignedMin", level))]
    if limits.speed:
        parameters.append((CUSTOM_SPEED, ("unsignedMin", limits.speed // SPEED_STEP)))
    if limits.size:
        parameters.append((CUSTOM_SIZE, ("unsignedMin", limits.size // SIZE_STEP)))
    fields: dict[str, Any] = {"capabilityIdentifier": ("standard", H264)}
    if limits.bitrate:
        fields["maxBitRate"] = limits.bitrate // BITRATE_STEP
    fields["collapsing"] = [
        {"parameterIdentifier": ("standard", number), "parameterValue": value} for number, value in parameters
    ]
    return "genericVideoCapability", fields


def slides(limits: Picture) -> tuple[str, Any]:
    """Return the capability of slides within limits: that of pictures, with the role of a presentation."""
    role = {"parameterIdentifier": ("standard", ROLE), "parameterValue": ("booleanArray", PRESENTATION)}
    extension = {"capabilityIdentifier": ("standard", SLIDES_VIDEO), "collapsing": [role]}
    return "extendedVideoCapability", {"videoCapability": [picture(limits)], "videoCapabilityExtension": [extension]}


def read(fields: Mapping[str, Any]) -> Capabilities:
    """Read a TerminalCapabilitySet; what we have no codec for is left out."""
    found = [each.get("capability") for each in (fields.get("capabilityTable") or ())[:MAX_ENTRIES]]
    table = [each for each in found if each is not None]
    sounds = [name for kind, value in table if kind in _AUDIO and (name := sound_of(value))]
    modes = _modes(fields.get("multiplexCapability"))
    pictures = [each for kind, value in table if kind in _VIDEO and (each := read_picture(value, modes))]
    shown = [each for kind, value in table if kind in _VIDEO and (each := read_slides(value, modes))]
    token = any(kind == "genericControlCapability" and _is(value, SLIDES_CONTROL) for kind, value in table)
    events = (value for kind, value in table if kind == "receiveRTPAudioTelephonyEventCapability")
    return Capabilities(
        tuple(dict.fromkeys(sounds)),
        _best(pictures),
        next((value["dynamicRTPPayloadType"] for value in events), None),
        any(kind in _DATA and value["application"][0] == "h224" for kind, value in table),
        _best(shown) if token else None,
        any(kind in _KEYS and value[0] == "dtmf" for kind, value in table),
    )


def _best(found: Sequence[Picture]) -> Picture | None:
    return max(found, key=lambda each: (each.level, each.speed, each.size), default=None)


def _is(generic: Mapping[str, Any], identifier: tuple[int, ...]) -> bool:
    return bool(generic["capabilityIdentifier"] == ("standard", identifier))


_AUDIO = ("receiveAudioCapability", "receiveAndTransmitAudioCapability")
_DATA = ("receiveDataApplicationCapability", "receiveAndTransmitDataApplicationCapability")
_KEYS = ("receiveUserInputCapability", "receiveAndTransmitUserInputCapability")
_VIDEO = ("receiveVideoCapability", "receiveAndTransmitVideoCapability")


def sound_of(value: tuple[str, Any]) -> str:
    """Return the codec of an AudioCapability; empty for one that we have not."""
    return next((name for name, word in SOUNDS.items() if word == value[0]), "")


def read_picture(value: tuple[str, Any], modes: tuple[int, ...] = (0,)) -> Picture | None:
    """Read a VideoCapability of H.264 that may be baseline; None for any other."""
    kind, generic = value
    if kind != "genericVideoCapability" or not _is(generic, H264):
        return None
    parameters = numbers((*(generic.get("collapsing") or ()), *(generic.get("nonCollapsing") or ())))
    known = max((each for each in LEVELS if each <= parameters.get(LEVEL, 0)), default=None)
    if known is None or not parameters.get(PROFILE, 0) & BASELINE:
        return None
    speed, size = parameters.get(CUSTOM_SPEED, 0) * SPEED_STEP, parameters.get(CUSTOM_SIZE, 0) * SIZE_STEP
    return Picture(LEVELS[known], speed, size, (generic.get("maxBitRate") or 0) * BITRATE_STEP, modes)


def read_slides(value: tuple[str, Any], modes: tuple[int, ...] = (0,)) -> Picture | None:
    """Read a VideoCapability of slides in H.264; None for any other, also for a second picture of another role."""
    kind, extended = value
    if kind != "extendedVideoCapability":
        return None
    named = [each for each in (extended.get("videoCapabilityExtension") or ())[:MAX_ENTRIES] if _is(each, SLIDES_VIDEO)]
    roles = [numbers((*(each.get("collapsing") or ()), *(each.get("nonCollapsing") or ()))) for each in named]
    if not any(each.get(ROLE, 0) & PRESENTATION for each in roles):
        return None
    return _best([each for held in extended["videoCapability"][:MAX_ENTRIES] if (each := read_picture(held, modes))])


def numbers(parameters: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Return the values of the standard generic parameters that are numbers (H.245 §B.2.3), by their identifiers."""
    return {
        each["parameterIdentifier"][1]: each["parameterValue"][1]
        for each in parameters[:MAX_ENTRIES]
        if each["parameterIdentifier"][0] == "standard" and each["parameterValue"][0] in _NUMBERS
    }


_NUMBERS = ("booleanArray", "unsignedMin", "unsignedMax", "unsigned32Min", "unsigned32Max")


def _modes(multiplex: tuple[str, Any] | None) -> tuple[int, ...]:
    """Return the packetization modes that a multiplex capability names; 0 is everyone's (H.241 §7.1.3)."""
    if multiplex is None or multiplex[0] != "h2250Capability":
        return (0,)
    listed: Sequence[Mapping[str, Any]] = multiplex[1]["mediaPacketizationCapability"].get("rtpPayloadType") or ()
    named = {MODES.get(each["payloadDescriptor"][1]) for each in listed if each["payloadDescriptor"][0] == "oid"}
    return (0, 1) if 1 in named else (0,)
