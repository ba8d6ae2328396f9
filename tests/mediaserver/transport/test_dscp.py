"""Marks of the packets that come, as a receiver's system tells them."""

import socket
from collections.abc import Iterator

import pytest

from mediaserver.transport.dscp import Dscp, mark
from mediaserver.transport.floor_port import TcpFloorPort
from mediaserver.transport.peer_path import Counters
from mediaserver.transport.plain_rtp import PlainPorts
from mediaserver.transport.udp_mux import UdpMux
from tests.marks import AF41, CS3, EF, mark_of
from tests.ports import FIRST_PORT


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


def test_floor_control_is_marked_as_signalling(receiver: socket.socket) -> None:
    host, port = receiver.getsockname()[:2]
    ports = PlainPorts(range(FIRST_PORT, FIRST_PORT + 6), Counters(), Dscp(EF, AF41, CS3))
    by_udp = ports.open_floor(host, lambda _: None, reliable=False, passive=True)
    by_udp.aim(host, port)
    by_udp.send(b"hello")
    assert code_point(receiver) == CS3
    waits = ports.open_floor(host, lambda _: None, reliable=True, passive=True)
    connects = ports.open_floor(host, lambda _: None, reliable=True, passive=False)
    waits.aim(host, 9)
    connects.aim(host, waits.port)
    waits.poll()
    for each in (waits, connects):
        assert isinstance(each, TcpFloorPort) and each._connection is not None
        assert mark_of(each._connection) == CS3
    for each in (by_udp, waits, connects):
        each.close()


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
