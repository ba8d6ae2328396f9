"""Tests of packets on a connection: found however they come, and dropped when they wait too long."""

import pytest

from mediaserver.transport.framing import (
    MAX_FRAME,
    MAX_WAITING,
    PICTURE_S,
    SOUND_BYTES,
    SOUND_S,
    FrameQueue,
    FrameReader,
)

PACKETS = [b"a", b"b" * 300, b"c" * MAX_FRAME]
SOUND = b"\x80\x6f" + bytes(SOUND_BYTES - 2)
PICTURE = b"\x80\x60" + bytes(SOUND_BYTES - 1)
REPORT = b"\x80\xc8" + bytes(1000)
CHECK = b"\x00\x01" + bytes(1000)


def framed(*packets: bytes) -> bytes:
    return b"".join(len(packet).to_bytes(2) + packet for packet in packets)


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_packets_are_found_in_pieces_of_any_size(size: int) -> None:
    reader, data, found = FrameReader(), framed(PACKETS[0], b"", *PACKETS[1:]), []
    for at in range(0, len(data), size):
        found += reader.feed(data[at : at + size])
    assert found == PACKETS


def test_no_packet_is_longer_than_a_datagram_that_is_read() -> None:
    with pytest.raises(ValueError, match=f"a packet of {MAX_FRAME + 1} bytes"):
        FrameReader().feed((MAX_FRAME + 1).to_bytes(2))


@pytest.mark.parametrize(
    ("packet", "patience"), [(PICTURE, PICTURE_S), (SOUND, SOUND_S), (REPORT, 1e9), (CHECK, 1e9), (b"\x16", 1e9)]
)
def test_media_wait_for_a_while_and_everything_else_as_long_as_it_takes(packet: bytes, patience: float) -> None:
    queue = FrameQueue()
    queue.add(packet, 100.0)
    assert queue.take(100.0 + patience) == framed(packet)
    queue.add(packet, 100.0)
    assert (queue.take(100.1 + patience), queue.dropped) == ((b"", 1) if patience < 1e9 else (framed(packet), 0))


def test_what_is_in_time_is_sent_behind_what_is_too_late() -> None:
    queue = FrameQueue()
    for packet in (PICTURE, SOUND, PICTURE):
        queue.add(packet, 100.0)
    queue.add(PICTURE, 100.2)
    assert queue.take(100.4) == framed(SOUND, PICTURE)
    assert (len(queue), queue.dropped, queue.take(100.4)) == (0, 2, b"")


def test_a_connection_that_takes_nothing_holds_so_many_bytes() -> None:
    queue = FrameQueue()
    for _ in range(3 * MAX_WAITING // len(CHECK)):
        queue.add(CHECK, 100.0)
    assert MAX_WAITING - len(CHECK) < len(queue) <= MAX_WAITING
    assert queue.dropped == 3 * MAX_WAITING // len(CHECK) - MAX_WAITING // len(CHECK)
