"""One socket that counts for many receivers: real datagrams on loopback, plain and segmented.

Also tests `counted_receiver.py`.
"""

import socket
from collections.abc import Iterator
from struct import pack

import pytest

from loadtest.endpoint.counting_socket import CountingSocket
from loadtest.endpoint.receive_counters import HEADER, StreamCounters

UDP_SEGMENT = 103
SIZE = 100
FIRST, SECOND, UNKNOWN = 0xFFFFFFFE, 7, 8


@pytest.fixture
def counting() -> Iterator[CountingSocket]:
    counting = CountingSocket()
    counting.register(FIRST)
    counting.register(SECOND)
    yield counting
    counting.close()


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        yield sock


def packet(sequence: int, ssrc: int, *, marked: bool = False, size: int = SIZE) -> bytes:
    return HEADER.pack(0x80, 96 | marked << 7, sequence & 0xFFFF, 0, ssrc) + bytes(size - HEADER.size)


def send(sender: socket.socket, counting: CountingSocket, *packets: bytes, to: str = "127.1.0.1") -> None:
    """Send packets as segments of one message, all of :data:`SIZE` but the last."""
    options = [(socket.IPPROTO_UDP, UDP_SEGMENT, pack("=H", SIZE))] if len(packets) > 1 else []
    sender.sendmsg([b"".join(packets)], options, 0, (to, counting.port))


def test_each_packet_of_a_message_counts_for_its_stream(counting: CountingSocket, sender: socket.socket) -> None:
    send(sender, counting, packet(10, FIRST), packet(11, FIRST, marked=True), packet(3, SECOND, marked=True, size=40))
    send(sender, counting, packet(12, FIRST, marked=True, size=13), to="127.1.2.255")
    counting.read()
    assert (counting.packets, counting.expected) == (4, 4)
    assert (counting.least([FIRST]), counting.least([SECOND]), counting.least([FIRST, SECOND])) == (2, 1, 1)


def test_packets_that_did_not_come_are_expected_across_the_wrap(
    counting: CountingSocket, sender: socket.socket
) -> None:
    for sequence in (65533, 65535, 65534, 1, 3):
        send(sender, counting, packet(sequence, SECOND))
        counting.read()
    assert (counting.packets, counting.expected) == (5, 7)
    counters = StreamCounters(SECOND, 96, 0)
    counting.update(counters)
    assert (counters.highest, counters.packets, counters.lost) == (65536 + 3, 5, 2)
    assert counters.fraction_lost() == 2 * 256 // 7


def test_before_its_first_packet_nothing_of_a_stream_is_expected(counting: CountingSocket) -> None:
    counters = StreamCounters(SECOND, 96, 0)
    counting.update(counters)
    assert (counting.packets, counting.expected, counters.packets) == (0, 0, 0)


def test_what_is_no_media_of_a_known_stream_is_left_out(counting: CountingSocket, sender: socket.socket) -> None:
    report = bytes([0x80, 200]) + packet(1, FIRST)[2:]
    for data in (packet(1, UNKNOWN), report, b"", b"\x01\x01" + bytes(30), packet(1, FIRST)[:11], bytes(2000)):
        send(sender, counting, data)
    counting.read()
    assert counting.packets == 0


def test_more_than_one_batch_is_read_at_once(counting: CountingSocket, sender: socket.socket) -> None:
    for sequence in range(600):
        send(sender, counting, packet(sequence, SECOND))
    counting.read()
    assert (counting.packets, counting.expected) == (600, 600)
