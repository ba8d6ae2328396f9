"""Builds and reads the user-user PDUs of call signalling (ITU-T H.225.0 §7.3). Pure.

What H.245 needs travels in the same PDU: its address, its tunnelled messages, the channels of fast connect.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from signaling.h323.protocol import asn1
from signaling.h323.protocol.asn1 import Reads
from signaling.h323.protocol.errors import BadPdu

PROTOCOL: Final = (0, 0, 8, 2250, 0, 6)
"""H.225.0 version 6."""
NAME: Final = b"Diemcau"
MAX_CHANNELS = 32
"""Elements of fastStart, and tunnelled messages of one PDU, that are read."""

Address = tuple[str, int]
Value = Mapping[str, Any]

RELEASE_STATUSES: Final[Mapping[str, int]] = {
    "noBandwidth": 503,
    "gatekeeperResources": 503,
    "unreachableDestination": 404,
    "destinationRejection": 603,
    "noPermission": 403,
    "gatewayResources": 503,
    "badFormatAddress": 484,
    "adaptiveBusy": 503,
    "inConf": 486,
    "securityDenied": 403,
    "calledPartyNotRegistered": 404,
    "callerNotRegistered": 403,
}
"""SIP status by reason of ReleaseComplete (H.225.0 table 5 with RFC 4497 §8.4.1), where no cause is told."""
CAUSE_STATUSES: Final[Mapping[int, int]] = {
    1: 404, 2: 404, 3: 404, 17: 486, 18: 408, 19: 480, 20: 480, 21: 603, 22: 410, 26: 404, 27: 502, 28: 484, 29: 501,
    31: 480, 34: 503, 38: 503, 41: 503, 42: 503, 47: 503, 55: 403, 57: 403, 58: 503, 65: 488, 70: 488, 79: 501, 87: 403,
    88: 488, 102: 504,
}  # fmt: skip
"""SIP status by cause (RFC 4497 §8.4.1)."""
STATUS_CAUSES: Final[Mapping[int, int]] = {
    401: 21, 403: 21, 404: 1, 408: 102, 480: 18, 484: 28, 486: 17, 488: 88, 500: 41, 501: 79, 503: 41, 504: 102,
}  # fmt: skip
"""Cause by SIP status (RFC 4497 §8.4.4)."""
NORMAL: Final = 16
"""Cause of a call that was hung up (Q.850)."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The identifiers of a call, 16 bytes each (H.225.0 §7.3.10)."""

    call: bytes
    conference: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """A message body: its `name` in H.225.0, its fields, and what belongs to H.245."""

    name: str
    fields: Value
    tunnelling: bool
    """Whether the sender takes tunnelled messages of H.245 (h245Tunnelling)."""
    control: tuple[bytes, ...] = ()
    """Tunnelled messages of H.245."""
    reads: Reads = field(default_factory=Reads, compare=False, repr=False)
    """What these and the channels of fast connect have together: many of them cost no more than one."""

    @property
    def h245_address(self) -> Address | None:
        """The address at which the sender listens for H.245, if it says so."""
        return transport(self.fields.get("h245Address"))

    @property
    def fast_start(self) -> tuple[bytes, ...]:
        """The channels of fast connect."""
        return tuple(self.fields.get("fastStart") or ())[:MAX_CHANNELS]

    @property
    def identity(self) -> Identity:
        """The identifiers of the call; older ends know `conferenceID` alone."""
        conference = bytes(self.fields.get("conferenceID") or b"")
        call = self.fields.get("callIdentifier")
        return Identity(bytes(call["guid"]) if call else conference, conference)

    @property
    def dialled(self) -> str:
        """The first number or name that is called in a Setup; empty without one."""
        return next(filter(None, map(alias, self.fields.get("destinationAddress") or ())), "")

    @property
    def names(self) -> tuple[str, str]:
        """The sender's name and number in a Setup."""
        found = self.fields.get("sourceAddress") or ()
        name = next((alias(each) for each in found if each[0] == "h323-ID"), "")
        return name, next((alias(each) for each in found if each[0] == "dialledDigits"), "")

    @property
    def source_address(self) -> Address | None:
        """The address from which the caller of a Setup sends it, if it says so."""
        return transport(self.fields.get("sourceCallSignalAddress"))

    @property
    def product(self) -> str:
        """Product and version that the sender says it is."""
        about = self.fields.get("sourceInfo") or self.fields.get("destinationInfo") or {}
        vendor = about.get("vendor") or {}
        words = [bytes(vendor.get(each) or b"").decode("utf-8", "replace") for each in ("productId", "versionId")]
        return " ".join(word.strip("\0 ") for word in words if word.strip("\0 "))[:200]

    @property
    def release_status(self) -> int:
        """SIP status for the reason of a ReleaseComplete; 0 where none is told."""
        reason = self.fields.get("reason")
        return RELEASE_STATUSES.get(reason[0], 0) if reason else 0


def parse(encoded: bytes) -> Body:
    """Read the PDU of a user-user element. Raises BadPdu."""
    pdu = asn1.decode("signalling", encoded)["h323-uu-pdu"]
    name, fields = pdu["h323-message-body"]
    control = tuple(bytes(each) for each in (pdu.get("h245Control") or ())[:MAX_CHANNELS])
    return Body(name, fields if isinstance(fields, Mapping) else {}, bool(pdu.get("h245Tunnelling")), control)


def write(body: Body) -> bytes:
    """Return the encoded PDU."""
    pdu: dict[str, Any] = {"h323-message-body": (body.name, body.fields), "h245Tunnelling": body.tunnelling}
    if body.control:
        pdu["h245Control"] = list(body.control)
    return asn1.encode("signalling", {"h323-uu-pdu": pdu})


def setup(
    identity: Identity, name: str, number: str, source: Address, destination: Address, fast_start: Sequence[bytes]
) -> Value:
    """Return the fields of a Setup to `number`, if any, at an address."""
    fields: dict[str, Any] = {
        "protocolIdentifier": PROTOCOL,
        "sourceAddress": [("h323-ID", name[:256] or NAME.decode())],
        "sourceInfo": endpoint(),
        "destCallSignalAddress": address(*destination),
        "activeMC": False,
        "conferenceID": identity.conference,
        "conferenceGoal": ("create", 0),
        "callType": ("pointToPoint", 0),
        "sourceCallSignalAddress": address(*source),
        "callIdentifier": {"guid": identity.call},
        "mediaWaitForConnect": False,
        "canOverlapSend": False,
    }
    if number:
        fields["destinationAddress"] = [text_alias(number)]
    return fields | ({"fastStart": list(fast_start)} if fast_start else {})


def answer(
    name: str, identity: Identity, *, h245: Address | None = None, fast_start: Sequence[bytes] | None = None
) -> Value:
    """Return the fields of "callProceeding", "alerting" or "connect"; an empty `fast_start` refuses fast connect."""
    fields: dict[str, Any] = {
        "protocolIdentifier": PROTOCOL,
        "destinationInfo": endpoint(),
        "callIdentifier": {"guid": identity.call},
    }
    if name == "connect":
        fields["conferenceID"] = identity.conference
    if h245 is not None:
        fields["h245Address"] = address(*h245)
    if fast_start:
        fields["fastStart"] = list(fast_start)
    elif fast_start is not None:
        fields["fastConnectRefused"] = 0
    return fields


def facility(identity: Identity, reason: str, h245: Address | None = None) -> Value:
    """Return the fields of a Facility: "transportedInformation" carries tunnelled H.245, "startH245" an address."""
    fields: dict[str, Any] = {
        "protocolIdentifier": PROTOCOL,
        "reason": (reason, 0),
        "callIdentifier": {"guid": identity.call},
    }
    return fields | ({"h245Address": address(*h245)} if h245 is not None else {})


def release(identity: Identity | None) -> Value:
    """Return the fields of a ReleaseComplete, whose cause stands in the message; None for a call that never was."""
    named = {} if identity is None else {"callIdentifier": {"guid": identity.call}}
    return {"protocolIdentifier": PROTOCOL, **named}


def endpoint() -> Value:
    """Return what we say of ourselves (EndpointType): an MCU without a manufacturer's code of Việt Nam (T.35)."""
    vendor = {"t35CountryCode": 188, "t35Extension": 0, "manufacturerCode": 0}
    return {
        "vendor": {"vendor": vendor, "productId": NAME, "versionId": b"1"},
        "mcu": {},
        "mc": True,
        "undefinedNode": False,
    }


def address(host: str, port: int) -> tuple[str, Value]:
    """Return a TransportAddress of H.225.0."""
    ip = ipaddress.ip_address(host)
    return "ipAddress" if ip.version == 4 else "ip6Address", {"ip": ip.packed, "port": port}


def transport(found: tuple[str, Any] | None) -> Address | None:
    """Return host and port of a TransportAddress; None for other kinds of addresses, and for port 0."""
    if found is None or found[0] not in ("ipAddress", "ip6Address") or not found[1]["port"]:
        return None
    return str(ipaddress.ip_address(bytes(found[1]["ip"]))), found[1]["port"]


def alias(found: tuple[str, Any]) -> str:
    """Return the text of an AliasAddress; empty for kinds that are no text."""
    kind, value = found
    return value.strip("\0 ")[:256] if kind in ("dialledDigits", "h323-ID", "url-ID", "email-ID") else ""


def text_alias(number: str) -> tuple[str, str]:
    """Return the AliasAddress of a number or name."""
    return ("dialledDigits" if set(number) <= set("0123456789#*,") else "h323-ID"), number[:128]


def check(identity: Identity) -> None:
    """Raise BadPdu where the identifiers of a Setup have not 16 bytes each."""
    if len(identity.call) != 16 or len(identity.conference) != 16:
        raise BadPdu("Setup without a call identifier")
