"""Tests of the packet cache."""

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.rtp.packet import Packet
from mediaserver.rtp.packet_cache import CACHE_PACKETS, PacketCache


@given(st.integers(0, 0xFFFF), st.integers(1, 2 * CACHE_PACKETS), st.integers(0, 0xFFFF))
def test_exactly_the_last_packets_are_there(first: int, count: int, requested: int) -> None:
    cache = PacketCache()
    packets = {}
    for i in range(count):
        sequence = (first + i) & 0xFFFF
        packets[sequence] = packet = Packet(96, sequence, 0, 1, False, b"%d" % i)
        cache.add(packet)
    last = {(first + i) & 0xFFFF for i in range(max(0, count - CACHE_PACKETS), count)}
    for sequence in {requested, *last, (first - 1) & 0xFFFF}:
        assert cache.get(sequence) is (packets[sequence] if sequence in last else None)


def test_a_cache_that_is_cleared_knows_no_packet() -> None:
    cache = PacketCache()
    ring = cache.ring
    cache.add(Packet(96, 7, 0, 1, False, b""))
    cache.clear()
    assert cache.get(7) is None
    assert cache.ring is ring, "the compiled loop has it"
