"""Keeps the last packets of a source to answer NACKs (RFC 4585 §6.2.1) of any of its receivers."""

from mediaserver.rtp.packet import Packet

CACHE_PACKETS = 512
"""About two seconds of 720p video at 2.5 Mbit/s; a power of two so that sequence numbers index it directly."""
LEAST_PACKETS = 128
"""About four seconds of 180p video, whose pictures have one packet each."""
KEPT_S, PACKET_BYTES = 2, 625
"""Seconds of a source that are kept, and the size of its packets on average: its last of a picture is shorter."""


def kept_packets(bitrate: int) -> int:
    """Return how many packets are kept of a source that takes so many bit/s at most; a power of two."""
    packets = KEPT_S * bitrate // (8 * PACKET_BYTES)
    return min(CACHE_PACKETS, max(LEAST_PACKETS, 1 << packets.bit_length()))


class PacketCache:
    """A ring of `size` packets, a power of two, indexed by sequence number."""

    def __init__(self, size: int = CACHE_PACKETS) -> None:
        self.ring: list[Packet | None] = [None] * size

    def add(self, *packets: Packet) -> None:
        """Keep packets, forgetting those as many before them as it keeps."""
        for packet in packets:
            self.ring[packet.sequence % len(self.ring)] = packet

    def get(self, sequence: int) -> Packet | None:
        """Return the packet with that sequence number; None when it is gone."""
        packet = self.ring[sequence % len(self.ring)]
        return packet if packet is not None and packet.sequence == sequence else None

    def clear(self) -> None:
        """Forget all packets: the numbers begin anew."""
        self.ring[:] = [None] * len(self.ring)
