"""Keeps the last packets of a source to answer NACKs (RFC 4585 §6.2.1) of any of its receivers."""

from mediaserver.rtp.packet import Packet

CACHE_PACKETS = 512
"""About two seconds of 720p video at 2.5 Mbit/s; a power of two so that sequence numbers index it directly."""


class PacketCache:
    """A ring indexed by sequence number."""

    def __init__(self) -> None:
        self.ring: list[Packet | None] = [None] * CACHE_PACKETS

    def add(self, *packets: Packet) -> None:
        """Keep packets, forgetting those `CACHE_PACKETS` before them."""
        for packet in packets:
            self.ring[packet.sequence % CACHE_PACKETS] = packet

    def get(self, sequence: int) -> Packet | None:
        """Return the packet with that sequence number; None when it is gone."""
        packet = self.ring[sequence % CACHE_PACKETS]
        return packet if packet is not None and packet.sequence == sequence else None

    def clear(self) -> None:
        """Forget all packets: the numbers begin anew."""
        self.ring[:] = [None] * CACHE_PACKETS
