"""Marks of packets that arrive: of what a socket sends, and of headers of any shape."""

import socket

import pytest

from loadtest.rooms.arrivals import TCP, UDP, Arrivals, watch_arrivals
from loadtest.rooms.room import RoomFailed
from mediaserver.transport.dscp import mark
from tests.loadtest.rooms.waiting import until

ONE, OTHER = ("127.0.0.1", 4000), ("127.0.1.2", 4001)


def header(kind: int, mark: int, options: bytes = b"", fragment: int = 0) -> bytes:
    """Return an IPv4 header with the ports behind it, from ONE to OTHER."""
    size = 20 + len(options)
    head = bytes([0x40 | size // 4, mark << 2 | 1, 0, 0, 0, 0, fragment >> 8, fragment & 255, 64, kind, 0, 0])
    hosts = socket.inet_aton(ONE[0]) + socket.inet_aton(OTHER[0])
    return head + hosts + options + ONE[1].to_bytes(2, "big") + OTHER[1].to_bytes(2, "big")


def test_marks_are_told_by_sender_and_receiver() -> None:
    arrivals = Arrivals()
    for packet in (header(UDP, 46), header(TCP, 24, bytes(8)), header(1, 8), header(UDP, 34, fragment=9)):
        arrivals.take(packet)
    arrivals.take(header(UDP, 40)[:12] + socket.inet_aton(OTHER[0]) + header(UDP, 40)[16:])
    assert arrivals.marks(sender=ONE) == arrivals.marks(sender=ONE, receiver=OTHER) == {46, 24}
    assert arrivals.marks(receiver=OTHER) == {46, 24, 40}
    assert arrivals.marks(sender=OTHER) == arrivals.marks(receiver=ONE) == set()
    arrivals.forget()
    arrivals.take(header(UDP, 34))
    assert arrivals.marks(receiver=OTHER) == {34}


def test_headers_that_are_cut_off_or_none_are_left_out() -> None:
    arrivals, whole = Arrivals(), header(UDP, 46, bytes(4))
    for length in range(len(whole)):
        arrivals.take(whole[:length])
    arrivals.take(b"\x41" + whole[1:])
    assert arrivals.marks(receiver=OTHER) == set()


async def test_what_a_socket_sends_arrives_with_its_mark() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sender, socket.socket(type=socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        try:
            with watch_arrivals() as arrivals:
                for value in (46, 0):
                    mark(sender, value)
                    sender.sendto(b"x", receiver.getsockname())
                await until(lambda: arrivals.marks(receiver=receiver.getsockname()) == {46, 0})
        except RoomFailed as refused:
            pytest.skip(str(refused))
