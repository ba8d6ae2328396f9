"""Marks of the packets that come, as a receiver's system tells them."""

import socket
from collections.abc import Iterator

import pytest

from mediaserver.transport.dscp import Dscp, mark
from mediaserver.transport.peer_path import Counters
from mediaserver.transport.plain_rtp import PlainPorts
from mediaserver.transport.udp_mux import UdpMux
from tests.ports import FIRST_PORT

EF, AF41 = 46, 34


class Deaf:
    """Takes nothing."""

    def rtp(self, packet: object, now: float) -> None:
        """Drop a packet."""

    def rtcp(self, data: bytes, now: float) -> None:
        """Drop a report."""

    def latched(self, now: float) -> None:
        """Do nothing: it sends nothing."""


@pytest.fixture(params=["127.0.0.1", "::1"])
def receiver(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as held:
        held.settimeout(10)
        held.bind((request.param, 0))
        held.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        if family == socket.AF_INET6:
            held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
        yield held


def code_point(receiver: socket.socket) -> int:
    """Return the mark of the next packet."""
    _, ((_, _, value),), _, _ = receiver.recvmsg(100, 100)
    return value[0] >> 2


def test_a_socket_s_packets_are_marked(receiver: socket.socket) -> None:
    with socket.socket(receiver.family, socket.SOCK_DGRAM) as sender:
        for value in (EF, 0, 63):
            mark(sender, value)
            sender.sendto(b"x", receiver.getsockname())
            assert code_point(receiver) == value


def test_media_of_room_systems_and_of_browsers_are_marked(receiver: socket.socket) -> None:
    host, port = receiver.getsockname()[:2]
    ports = PlainPorts(range(FIRST_PORT, FIRST_PORT + 4), Counters(), Dscp(EF, AF41))
    pair = ports.open(host, Deaf(), ports.dscp.audio)
    pair.aim(host, port, port, 0.0)
    pair.send_packet(b"sound")
    assert code_point(receiver) == EF
    pair.send_rtcp(b"report")
    assert code_point(receiver) == EF
    pair.close()
    mux = UdpMux()
    mux.open([host], 0, AF41)
    (sock,) = mux._sockets
    sock.sendto(b"picture", receiver.getsockname())
    assert code_point(receiver) == AF41
    mux.close()
