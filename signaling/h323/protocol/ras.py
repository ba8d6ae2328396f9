"""Builds and reads the PDUs of registration, admission and status (RAS, ITU-T H.225.0 §7.7 to §7.19). Pure.

A message is a pair of its name in H.225.0 and its fields.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from signaling.h323.protocol import asn1, h225
from signaling.h323.protocol.h225 import Address, Identity, Value

Message = tuple[str, Mapping[str, Any]]

MAX_CALLS: Final = 100
"""Calls that one InfoRequestResponse tells of."""
BANDWIDTH_BPS: Final = 100
"""The unit of bandwidths, in bit/s."""
MAX_BANDWIDTH: Final = 4_294_967_295

_ADMISSION_ADDITIONS: Final = ("canMapAlias", "callIdentifier", *[""] * 7, "willSupplyUUIEs", *[""] * 9)
_DISENGAGE_ADDITIONS: Final = ("callIdentifier", *[""] * 4, "answeredCall", *[""] * 7)
_LAST_OCTETS: Final[Mapping[str, tuple[int, Sequence[str]]]] = {
    "admissionRequest": (2, _ADMISSION_ADDITIONS),
    "disengageRequest": (3, _DISENGAGE_ADDITIONS),
}
"""Bits of its last octet that a message without extension additions uses, and the additions of its type in order,
empty for those that we never send."""
_EXTENDED_BIT: Final = 6
"""The bit of a RAS message that says that there are additions, after the number of the message."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as it registers: numbers and names, the addresses at which it takes calls and messages of RAS."""

    aliases: tuple[str, ...]
    signalling: Address
    ras: Address
    identifier: str = ""
    """Our name with the gatekeeper (endpointIdentifier); empty before it has taken us in."""


@dataclass(frozen=True, slots=True)
class AdmittedCall:
    """A call as the gatekeeper knows it; `bandwidth` counts both directions, in 100 bit/s."""

    identity: Identity
    reference: int
    answering: bool
    """True if the other side dialled."""
    bandwidth: int
    routed: bool = False
    """True if its signalling goes through the gatekeeper."""


@dataclass(frozen=True, slots=True)
class Parties:
    """Caller and callee of a call: numbers or names, and addresses where they are known."""

    source: Sequence[str]
    destination: Sequence[str]
    source_address: Address | None = None
    destination_address: Address | None = None


def parse(data: bytes) -> Message:
    """Read a message. Raises BadPdu."""
    name, fields = asn1.decode("ras", data)
    return name, fields if isinstance(fields, Mapping) else {}


def write(message: Message) -> bytes:
    """Return the encoded message."""
    name, fields = message
    if name not in _LAST_OCTETS:
        return asn1.encode("ras", message)
    used, additions = _LAST_OCTETS[name]
    root = {field: value for field, value in fields.items() if field not in additions}
    return _extend(asn1.encode("ras", (name, root)), used, [_addition(fields.get(each)) for each in additions])


def _extend(encoded: bytes, used: int, additions: Sequence[bytes]) -> bytes:
    """Return a message with extension additions, each encoded by itself, empty where it is left out (X.691, 19.7 ff.).

    pycrate 0.8.1 encodes additions before it has counted the bits of their bitmap, and so pads twice where the fields
    before them end within an octet: both messages that end so are extended here.
    """
    length = 8 * len(encoded) - 8 + used
    bits = int.from_bytes(encoded) >> (8 - used) | 1 << (length - 1 - _EXTENDED_BIT)
    bits = bits << 7 | len(additions) - 1
    for each in additions:
        bits = bits << 1 | bool(each)
    length += 7 + len(additions)
    octets = -(-length // 8)
    head = (bits << (8 * octets - length)).to_bytes(octets)
    return head + b"".join(bytes((len(each),)) + each for each in additions if each)


def _addition(value: Any) -> bytes:
    """Return a BOOLEAN or a CallIdentifier, encoded by itself; empty for none."""
    if isinstance(value, bool):
        return b"\x80" if value else b"\0"
    return b"" if value is None else b"\0" + value["guid"]


# --- what we ask


def gatekeeper_request(endpoint: Endpoint) -> Message:
    """Return a GRQ, without its number."""
    fields = {"rasAddress": h225.address(*endpoint.ras), "endpointType": h225.endpoint(), **_protocol()}
    return "gatekeeperRequest", fields | {"endpointAlias": [h225.text_alias(each) for each in endpoint.aliases]}


def registration_request(endpoint: Endpoint, gatekeeper: str, seconds: int, *, discovered: bool) -> Message:
    """Return a full RRQ, without its number; `gatekeeper` is the name in a GCF, `seconds` how long it is to hold."""
    fields = _registration(endpoint, gatekeeper, seconds) | {"discoveryComplete": discovered, "keepAlive": False}
    return "registrationRequest", fields | {"terminalAlias": [h225.text_alias(each) for each in endpoint.aliases]}


def keep_alive(endpoint: Endpoint, gatekeeper: str, seconds: int) -> Message:
    """Return a lightweight RRQ (H.323 §7.2.2), without its number."""
    fields = _registration(endpoint, gatekeeper, seconds) | {"discoveryComplete": True, "keepAlive": True}
    return "registrationRequest", fields | {"endpointIdentifier": endpoint.identifier}


def _registration(endpoint: Endpoint, gatekeeper: str, seconds: int) -> dict[str, Any]:
    fields = {
        **_protocol(),
        "callSignalAddress": [h225.address(*endpoint.signalling)],
        "rasAddress": [h225.address(*endpoint.ras)],
        "terminalType": h225.endpoint(),
        "endpointVendor": h225.endpoint()["vendor"],
        "timeToLive": seconds,
        "willSupplyUUIEs": False,
        "maintainConnection": False,
    }
    return fields | ({"gatekeeperIdentifier": gatekeeper} if gatekeeper else {})


def unregistration_request(endpoint: Endpoint) -> Message:
    """Return a URQ, without its number."""
    fields = {"callSignalAddress": [h225.address(*endpoint.signalling)], "endpointIdentifier": endpoint.identifier}
    return "unregistrationRequest", fields


def admission_request(endpoint: Endpoint, call: AdmittedCall, parties: Parties) -> Message:
    """Return an ARQ, without its number."""
    fields: dict[str, Any] = {
        "callType": ("pointToPoint", 0),
        "endpointIdentifier": endpoint.identifier,
        "srcInfo": [h225.text_alias(each) for each in parties.source],
        "bandWidth": min(call.bandwidth, MAX_BANDWIDTH),
        "callReferenceValue": call.reference,
        "conferenceID": call.identity.conference,
        "activeMC": False,
        "answerCall": call.answering,
        "canMapAlias": not call.answering,
        "callIdentifier": {"guid": call.identity.call},
        "willSupplyUUIEs": False,
    }
    if parties.destination:
        fields["destinationInfo"] = [h225.text_alias(each) for each in parties.destination]
    if parties.destination_address is not None:
        fields["destCallSignalAddress"] = h225.address(*parties.destination_address)
    if parties.source_address is not None:
        fields["srcCallSignalAddress"] = h225.address(*parties.source_address)
    return "admissionRequest", fields


def disengage_request(endpoint: Endpoint, call: AdmittedCall) -> Message:
    """Return a DRQ, without its number."""
    fields = {
        "endpointIdentifier": endpoint.identifier,
        "conferenceID": call.identity.conference,
        "callReferenceValue": call.reference,
        "disengageReason": ("normalDrop", 0),
        "callIdentifier": {"guid": call.identity.call},
        "answeredCall": call.answering,
    }
    return "disengageRequest", fields


# --- what we answer


def info_response(endpoint: Endpoint, number: int, calls: Sequence[AdmittedCall]) -> Message:
    """Return an IRR that tells of calls: the answer to an IRQ of that number, or one of our own."""
    fields = {
        "requestSeqNum": number,
        "endpointType": h225.endpoint(),
        "endpointIdentifier": endpoint.identifier,
        "rasAddress": h225.address(*endpoint.ras),
        "callSignalAddress": [h225.address(*endpoint.signalling)],
    }
    told = [_call_info(each) for each in calls[:MAX_CALLS]]
    return "infoRequestResponse", fields | ({"perCallInfo": told} if told else {})


def _call_info(call: AdmittedCall) -> Value:
    return {
        "callReferenceValue": call.reference,
        "conferenceID": call.identity.conference,
        "originator": not call.answering,
        "h245": {},
        "callSignalling": {},
        "callType": ("pointToPoint", 0),
        "bandWidth": min(call.bandwidth, MAX_BANDWIDTH),
        "callModel": ("gatekeeperRouted" if call.routed else "direct", 0),
        "callIdentifier": {"guid": call.identity.call},
        "substituteConfIDs": [],
    }


def confirm(name: str, number: int, **fields: Any) -> Message:
    """Return an answer to a request of the gatekeeper: its number, and fields if it has any."""
    return name, {"requestSeqNum": number, **fields}


def numbered(message: Message, number: int) -> Message:
    """Return a request with its number."""
    return message[0], {"requestSeqNum": number, **message[1]}


# --- what the gatekeeper says


def reason(fields: Value) -> str:
    """Return the reason of a rejection or of a request of the gatekeeper; empty without one."""
    found = fields.get("rejectReason") or fields.get("reason") or ("", 0)
    return str(found[0])


def named_call(fields: Value, calls: Mapping[bytes, AdmittedCall]) -> AdmittedCall | None:
    """Return the call that a message names, by its identifier, else by its reference and `conferenceID`."""
    guid = fields.get("callIdentifier")
    if guid is not None and bytes(guid["guid"]) in calls:
        return calls[bytes(guid["guid"])]
    reference, conference = fields.get("callReferenceValue"), fields.get("conferenceID")
    named = (each for each in calls.values() if each.reference == reference)
    return next((each for each in named if conference in (None, each.identity.conference)), None)


def admitted(call: AdmittedCall, fields: Value) -> AdmittedCall:
    """Return a call as an ACF has it."""
    return replace(call, bandwidth=fields["bandWidth"], routed=fields["callModel"][0] == "gatekeeperRouted")


def _protocol() -> dict[str, Any]:
    return {"protocolIdentifier": h225.PROTOCOL}
