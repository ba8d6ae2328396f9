"""Retransmission in a stream of its own, RTX (RFC 4588).

A packet comes again under another SSRC and payload type, numbered on its own, with its original sequence number (OSN)
in front of the payload. So receivers still see how many packets the link lost.
"""

from struct import Struct

from mediaserver.rtp.packet import Packet

_OSN = Struct("!H")

Sent = tuple[int, int, int, int, bytes]
"""Payload type with the marker as its top bit, sequence number, timestamp, SSRC, payload."""


def unwrap(packet: Packet, ssrc: int, payload_type: int) -> Packet | None:
    """Return the original packet of stream `ssrc` (§4); None for padding, by which senders probe their link."""
    if len(packet.payload) <= _OSN.size:
        return None
    (sequence,) = _OSN.unpack_from(packet.payload)
    return Packet(payload_type, sequence, packet.timestamp, ssrc, packet.marker, packet.payload[_OSN.size :])


class RtxStream:
    """Our RTX stream to one peer; `payload_types` maps each video payload type to that of its retransmission."""

    def __init__(self, payload_types: dict[int, int], ssrc: int, first_sequence: int) -> None:
        self.ssrc = ssrc
        self._payload_types = payload_types
        self._sequence = first_sequence

    def wrap(self, sent: Sent) -> Sent:
        """Return the retransmission of a packet; unchanged when its payload type has none."""
        second, original, timestamp, _, payload = sent
        number = self._payload_types.get(second & 0x7F)
        if number is None:
            return sent
        sequence, self._sequence = self._sequence, (self._sequence + 1) & 0xFFFF
        return second & 0x80 | number, sequence, timestamp, self.ssrc, _OSN.pack(original) + payload

    def pad(self) -> tuple[int, int]:
        """Return payload type and sequence number of a packet of padding alone, which repeats nothing."""
        sequence, self._sequence = self._sequence, (self._sequence + 1) & 0xFFFF
        return next(iter(self._payload_types.values())), sequence
