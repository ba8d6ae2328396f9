"""Splits a TCP stream into packets and frames them (TPKT, RFC 1006 §6; ITU-T H.225.0 §1). Pure."""

from signaling.h323.protocol.errors import BadPdu

VERSION = 3
MAX_BYTES = 32_768
"""Of one packet: the capability sets of the largest bridges have some thousand bytes."""


class Splitter:
    """Bytes of one connection that are no whole packet yet."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes; return the payloads of the packets that are whole, empty ones (keep-alives) left out.

        Raises BadPdu for what is no TPKT; nothing after it can be read then.
        """
        self._rest += data
        found: list[bytes] = []
        while len(self._rest) >= 4:
            length = int.from_bytes(self._rest[2:4], "big")
            if self._rest[0] != VERSION or not 4 <= length <= MAX_BYTES:
                raise BadPdu("no TPKT, or too long a one")
            if len(self._rest) < length:
                break
            if length > 4:
                found.append(bytes(self._rest[4:length]))
            del self._rest[:length]
        return found


def frame(payload: bytes) -> bytes:
    """Return a packet with a payload."""
    return bytes((VERSION, 0)) + (len(payload) + 4).to_bytes(2, "big") + payload
