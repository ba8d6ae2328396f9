"""Tests of the packet cache."""

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.peer.simulcast import SimulcastLayer
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.packet_cache import CACHE_PACKETS, LEAST_PACKETS, PacketCache, kept_packets
from mediaserver.rtp.source import FlushQueue
from mediaserver.video.quality import layer_bitrate

SIZES = st.sampled_from([LEAST_PACKETS, CACHE_PACKETS])


@given(SIZES, st.integers(0, 0xFFFF), st.integers(1, 2 * CACHE_PACKETS), st.integers(0, 0xFFFF))
def test_exactly_the_last_packets_are_there(size: int, first: int, count: int, requested: int) -> None:
    cache = PacketCache(size)
    packets = {}
    for i in range(count):
        sequence = (first + i) & 0xFFFF
        packets[sequence] = packet = Packet(96, sequence, 0, 1, False, b"%d" % i)
        cache.add(packet)
    last = {(first + i) & 0xFFFF for i in range(max(0, count - size), count)}
    for sequence in {requested, *last, (first - 1) & 0xFFFF}:
        assert cache.get(sequence) is (packets[sequence] if sequence in last else None)


def test_a_cache_that_is_cleared_knows_no_packet() -> None:
    cache = PacketCache()
    ring = cache.ring
    cache.add(Packet(96, 7, 0, 1, False, b""))
    cache.clear()
    assert cache.get(7) is None
    assert cache.ring is ring, "the compiled loop has it"


def test_of_a_smaller_layer_fewer_packets_are_kept() -> None:
    assert [kept_packets(layer_bitrate(height)) for height in (180, 360, 720)] == [128, 256, 512]
    assert kept_packets(10**9) == CACHE_PACKETS, "not even of a screen of many bits"
    assert [kept_packets(bitrate) for bitrate in (0, 100, 320_000)] == [128, 128, 256]


def test_layers_of_a_camera_keep_what_their_sizes_need() -> None:
    layers = [SimulcastLayer("camera", "VP8", FlushQueue(), 1, share, lambda _ssrc: None) for share in (0.25, 0.5, 1.0)]
    assert [len(layer._cache.ring) for layer in layers] == [128, 256, 512]
