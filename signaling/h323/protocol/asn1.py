"""Encodes and decodes PDUs by pycrate, in the aligned variant of PER (ITU-T X.691).

Values are as pycrate has them: a SEQUENCE is a dict, a CHOICE a pair of name and value, NULL is 0. pycrate is loaded
with the first call, because it costs memory; one value of each type exists, so nothing here may run in two threads.

Strangers' bytes are bounded in size and time, and no error but BadPdu leaves. Time is bounded by counting what pycrate
reads: each element of a list, whatever its type, is at least one read, and may have three bits alone. What is nested
deeper than Python's stack is refused by pycrate's own recursion.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from signaling.h323.protocol.errors import BadPdu

MAX_BYTES = 16_384
"""Of one PDU."""
MAX_READS = 8192
"""Fields that are read from one PDU, one more for each octet of a string and each 64 bits of an integer. Capabilities
have three reads in two bytes: there is room for those of five thousand bytes."""


@dataclass(slots=True)
class Reads:
    """The reads that PDUs have together."""

    left: int = MAX_READS


@cache
def _type(name: str) -> Any:
    """Return pycrate's object of a type."""
    from pycrate_asn1dir import H225, H245  # noqa: PLC0415 - a server without H.323 calls pays nothing
    from pycrate_asn1rt.asnobj import ASN1Obj  # noqa: PLC0415

    # pycrate names a fault by all parents of its type, which go round for ever where the type is within itself
    ASN1Obj.fullname = lambda self: self._name
    types = {
        "signalling": H225.H323_MESSAGES.H323_UserInformation,
        "ras": H225.H323_MESSAGES.RasMessage,
        "control": H245.MULTIMEDIA_SYSTEM_CONTROL.MultimediaSystemControlMessage,
        "channel": H245.MULTIMEDIA_SYSTEM_CONTROL.OpenLogicalChannel,
    }
    return types[name]


@cache
def _offsets() -> list[int]:
    """Return pycrate's places in what it decodes, one for each part within another."""
    from pycrate_asn1rt.codecs import ASN1CodecPER  # noqa: PLC0415

    return ASN1CodecPER._off  # type: ignore[no-any-return]


@cache
def _reader() -> Any:
    """Return the class of a buffer of pycrate's that may be read so many times."""
    from pycrate_core.charpy import Charpy  # noqa: PLC0415

    class Reader(Charpy):  # type: ignore[misc]
        """A buffer that counts what is read."""

        def __init__(self, data: bytes, reads: Reads) -> None:
            super().__init__(data)
            self._reads = reads

        def get_uint(self, bitlen: int | None = None) -> Any:
            """Read an integer. Raises BadPdu after too many reads."""
            self._count(1 + (bitlen or 0) // 64)
            return super().get_uint(bitlen)

        def get_bytes(self, bitlen: int | None = None) -> Any:
            """Read bytes. Raises BadPdu after too many reads."""
            self._count(1 + (bitlen or 0) // 8)  # pycrate reads identifiers of objects bit by bit
            return super().get_bytes(bitlen)

        def _count(self, reads: int) -> None:
            self._reads.left -= reads
            if self._reads.left < 0:
                raise BadPdu("more fields than are read")

    return Reader


def decode(name: str, data: bytes, reads: Reads | None = None) -> Any:
    """Return the value of a PDU: "signalling" (H.225.0), "control" (H.245), "channel" (an element of fastStart).

    It takes its share of `reads`, and has its own without. Raises BadPdu.
    """
    if len(data) > MAX_BYTES:
        raise BadPdu(f"PDU of {len(data)} bytes")
    found, offsets = _type(name), _offsets()
    try:
        found.from_aper(_reader()(data, reads or Reads()))
        return found.get_val()
    except Exception as error:  # pycrate's, and what its code meets in strange bytes
        raise BadPdu(f"{name}: {type(error).__name__} {error}"[:200]) from None
    finally:
        offsets.clear()  # else each fault leaves some for ever


def encode(name: str, value: Any) -> bytes:
    """Return the bytes of a PDU. Raises ASN1Err for a value that is none of its type."""
    found = _type(name)
    found.set_val(value)
    encoded: bytes = found.to_aper()
    return encoded
