"""PDUs and whole messages that cost the most time to decode, as strangers may send them.

    python -m tests.signaling.h323.hostile

prints what each costs: milliseconds of CPU time until it is refused, or stands in the trace; the best of five.
"""

import time
from collections.abc import Iterator

from signaling.h323.protocol import asn1, capabilities, fast_connect, h225, trace
from signaling.h323.protocol.errors import BadPdu
from signaling.h323.protocol.h225 import Body, Value
from tests.signaling.h323.pdus import IDENTITY, OURS, ROOM, THEIRS, ports

COUNT = 16_000
FRAGMENT = b"\xc4"
"""Length determinant of 65,536 elements (X.691, 11.9.3.8)."""


def hostile_pdus() -> Iterator[tuple[str, str, bytes]]:
    """Give name, type and bytes of each; "message" is one with what it carries."""
    setup = h225.setup(IDENTITY, "x", "1", (OURS, 1720), (THEIRS, 1720), [])
    facility = h225.facility(IDENTITY, "transportedInformation")
    for field, body, fields, element in (
        ("conferences", "facility", facility, {}),
        ("h245SecurityCapability", "setup", setup, ("noSecurity", 0)),
        ("desiredProtocols", "setup", setup, ("h310", {})),
    ):
        yield field, "signalling", _longest(body, fields, field, element)
    many = _signalling("setup", {**setup, "desiredProtocols": [("h310", {})] * COUNT})
    yield "whole desiredProtocols", "signalling", many
    yield "fastStart", "signalling", _signalling("setup", {**setup, "fastStart": [b""] * COUNT})
    plain = bytearray(_signalling("facility", facility))
    plain[0] |= 0x80  # it has extensions: a map of 126,976 bits says which
    yield "extensions", "signalling", (bytes(plain) + b"\x80\x03\x01\xf0\x00").ljust(asn1.MAX_BYTES, b"\0")
    for name, count in (("parameters", COUNT // 2), ("fewer parameters", 700)):
        yield name, "control", asn1.encode("control", ("indication", ("genericIndication", _parameters(count))))
    for name, arcs in (("longer identifier", (1 << 7 * COUNT,)), ("long identifier", (1 << 7 * COUNT // 2,))):
        content = {"messageIdentifier": ("standard", (0, 0, 8, *arcs))}
        yield name, "control", asn1.encode("control", ("indication", ("genericIndication", content)))
    carried = asn1.encode("control", ("indication", ("genericIndication", _parameters(100))))
    tunnelled = Body("facility", facility, True, (carried,) * h225.MAX_CHANNELS)
    yield "32 tunnelled", "message", h225.write(tunnelled)
    proposals = fast_connect.propose(ROOM, ports(OURS, 40000))
    channels = [*proposals, *[max(proposals, key=len)] * (h225.MAX_CHANNELS - len(proposals))]
    yield "32 channels", "message", _signalling("setup", {**setup, "fastStart": channels})


def _parameters(count: int) -> Value:
    each = {"parameterIdentifier": ("standard", 1), "parameterValue": ("logical", 0)}
    return {"messageIdentifier": ("standard", capabilities.H264), "messageContent": [each] * count}


def _signalling(body: str, fields: Value) -> bytes:
    return asn1.encode("signalling", {"h323-uu-pdu": {"h323-message-body": (body, fields), "h245Tunnelling": True}})


def _longest(body: str, fields: Value, field: str, element: object) -> bytes:
    """Return a PDU whose field, an extension, has elements of zero bits up to its end."""
    encoded = _signalling(body, {**fields, field: [element] * COUNT})
    at = encoded.index((0x8000 | COUNT).to_bytes(2, "big"))
    rest = asn1.MAX_BYTES - at
    return (encoded[: at - 2] + (0x8000 | rest).to_bytes(2, "big") + FRAGMENT).ljust(asn1.MAX_BYTES, b"\0")


def cost(kind: str, encoded: bytes) -> tuple[float, str]:
    """Return the seconds of CPU time that a PDU takes, and how it ended."""
    begun, how = time.process_time(), "decoded"
    try:
        if kind == "message":
            how = _take(h225.parse(encoded))
        elif kind == "control":
            trace.control_text(asn1.decode(kind, encoded))
        else:
            asn1.decode(kind, encoded)
    except BadPdu as error:
        how = str(error)
    return time.process_time() - begun, how


def _take(body: Body) -> str:
    """Decode what a message carries; return how that ended."""
    fast_connect.choose(body.fast_start, ROOM, ports(OURS, 40000), body.reads)
    for number, each in enumerate(body.control):
        try:
            trace.control_text(asn1.decode("control", each, body.reads))
        except BadPdu:
            return f"{number} of {len(body.control)} decoded"
    return "decoded"


def main() -> None:
    """Print the costs."""
    for name, kind, encoded in hostile_pdus():
        seconds, how = min(cost(kind, encoded) for _ in range(5))
        print(f"{name:24} {len(encoded):6} bytes {seconds * 1000:7.1f} ms  {how}")


if __name__ == "__main__":
    main()
