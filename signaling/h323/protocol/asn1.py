"""Encodes and decodes PDUs by pycrate, in the aligned variant of PER (ITU-T X.691).

Values are as pycrate has them: a SEQUENCE is a dict, a CHOICE a pair of name and value, NULL is 0. pycrate is loaded
with the first call, because it costs memory; one value of each type exists, so nothing here may run in two threads.

Strangers' bytes are bounded in size and depth before they are decoded, and no error but BadPdu leaves. What is nested
deeper than Python's stack is refused by pycrate's own recursion.
"""

from functools import cache
from typing import Any

from signaling.h323.protocol.errors import BadPdu

MAX_BYTES = 16_384
"""Of one PDU."""


@cache
def _type(name: str) -> Any:
    """Return pycrate's object of a type."""
    from pycrate_asn1dir import H225, H245  # noqa: PLC0415 - a server without H.323 calls pays nothing

    types = {
        "signalling": H225.H323_MESSAGES.H323_UserInformation,
        "ras": H225.H323_MESSAGES.RasMessage,
        "control": H245.MULTIMEDIA_SYSTEM_CONTROL.MultimediaSystemControlMessage,
        "channel": H245.MULTIMEDIA_SYSTEM_CONTROL.OpenLogicalChannel,
    }
    return types[name]


def decode(name: str, data: bytes) -> Any:
    """Return the value of a PDU: "signalling" (H.225.0), "control" (H.245), "channel" (an element of fastStart).

    Raises BadPdu.
    """
    if len(data) > MAX_BYTES:
        raise BadPdu(f"PDU of {len(data)} bytes")
    found = _type(name)
    try:
        found.from_aper(data)
        return found.get_val()
    except Exception as error:  # pycrate's, and what its code meets in strange bytes
        raise BadPdu(f"{name}: {type(error).__name__} {error}"[:200]) from None


def encode(name: str, value: Any) -> bytes:
    """Return the bytes of a PDU. Raises ASN1Err for a value that is none of its type."""
    found = _type(name)
    found.set_val(value)
    encoded: bytes = found.to_aper()
    return encoded
