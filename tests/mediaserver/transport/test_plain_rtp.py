"""Tests of plain RTP: port pairs, and packets from one host alone."""

import socket
from collections.abc import Iterator

import pytest

from mediaserver.errors import NoPortFree
from mediaserver.rtp.packet import HEADER, Packet
from mediaserver.transport.peer_path import Counters
from mediaserver.transport.plain_rtp import PlainPorts, RtpPortPair, local_address

HOST = "127.0.0.1"
RANGE = range(46_101, 46_108)
RTP = HEADER.pack(0x80, 9, 7, 160, 5) + b"sound"
RTCP = bytes.fromhex("80c9000100000005")


class ReceiverFake:
    """A receiver that keeps packets and reports."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.reports: list[bytes] = []

    def rtp(self, packet: Packet, now: float) -> None:
        self.packets.append(packet)

    def rtcp(self, data: bytes, now: float) -> None:
        self.reports.append(data)


class RemoteSocket:
    """The socket of another host."""

    def __init__(self, host: str = HOST) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(2.0)
        self.address = self.socket.getsockname()

    def send(self, data: bytes, port: int) -> None:
        self.socket.sendto(data, (HOST, port))

    def take(self) -> bytes:
        return self.socket.recv(2000)

    def has_nothing(self) -> bool:
        self.socket.settimeout(0.0)
        with pytest.raises(BlockingIOError):
            self.socket.recv(2000)
        return True


@pytest.fixture
def ports() -> PlainPorts:
    return PlainPorts(RANGE, Counters())


@pytest.fixture
def receiver() -> ReceiverFake:
    return ReceiverFake()


@pytest.fixture
def pair(ports: PlainPorts, receiver: ReceiverFake) -> Iterator[RtpPortPair]:
    held = ports.open(HOST, receiver)
    yield held
    held.close()


@pytest.fixture
def remotes() -> Iterator[list[RemoteSocket]]:
    held = [RemoteSocket(), RemoteSocket(), RemoteSocket()]
    yield held
    for each in held:
        each.socket.close()


def test_pairs_are_even_and_odd_and_come_back(ports: PlainPorts, receiver: ReceiverFake) -> None:
    pairs = [ports.open(HOST, receiver) for _ in range(3)]
    assert {each.port for each in pairs} == {46_102, 46_104, 46_106}
    with pytest.raises(NoPortFree):
        ports.open(HOST, receiver)
    pairs[1].close()
    again = ports.open(HOST, receiver)
    assert again.port == pairs[1].port
    for each in (pairs[0], pairs[2], again):
        each.close()


def test_a_pair_of_which_somebody_else_has_half_is_left_alone(ports: PlainPorts, receiver: ReceiverFake) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, 46_105))
        pairs = [ports.open(HOST, receiver) for _ in range(2)]
        assert {each.port for each in pairs} == {46_102, 46_106}
        for each in pairs:
            each.close()


def test_a_range_without_a_pair_refuses(receiver: ReceiverFake) -> None:
    for numbers in (range(0), range(46_101, 46_103)):
        with pytest.raises(NoPortFree):
            PlainPorts(numbers, Counters()).open(HOST, receiver)


def test_media_goes_to_where_the_sdp_says_until_something_comes_from_that_host(
    ports: PlainPorts, pair: RtpPortPair, receiver: ReceiverFake, remotes: list[RemoteSocket]
) -> None:
    named, reports, actual = remotes
    pair.aim(HOST, named.address[1], reports.address[1], 1.0)
    assert pair.heard == 1.0
    pair.send([(9, 1, 160, 5, b"a")])
    pair.send_rtcp(RTCP)
    assert (named.take(), reports.take()) == (HEADER.pack(0x80, 9, 1, 160, 5) + b"a", RTCP)
    actual.send(RTP, pair.port)
    ports.poll(2.0)
    assert ([packet.payload for packet in receiver.packets], pair.heard) == ([b"sound"], 2.0)
    pair.send([(9 | 128, 2, 320, 5, b"b")])
    pair.send_rtcp(RTCP)
    assert (actual.take(), reports.take()) == (HEADER.pack(0x80, 137, 2, 320, 5) + b"b", RTCP)
    actual.send(RTCP, pair.port + 1)
    ports.poll(3.0)
    pair.send_rtcp(RTCP)
    assert (receiver.reports, actual.take(), pair.heard) == ([RTCP], RTCP, 3.0)


def test_other_hosts_and_nonsense_change_nothing(
    pair: RtpPortPair, ports: PlainPorts, receiver: ReceiverFake, remotes: list[RemoteSocket]
) -> None:
    stranger, named = RemoteSocket("127.0.0.2"), remotes[0]
    stranger.send(RTP, pair.port)
    ports.poll(1.0)  # before anybody is known, everybody is a stranger
    pair.aim(HOST, named.address[1], named.address[1], 1.0)
    stranger.send(RTP, pair.port)
    stranger.send(RTCP, pair.port + 1)
    for nonsense in (b"", b"\x80", b"\x00" * 40, bytes(1600)):
        named.send(nonsense, pair.port)
    ports.poll(2.0)
    pair.send_packet(b"x")
    assert (receiver.packets, receiver.reports, pair.heard) == ([], [], 1.0)
    assert (pair._counters.strangers, pair._counters.malformed) == (3, 4)
    assert named.take() == b"x" and stranger.has_nothing()
    stranger.socket.close()


def test_before_and_after_a_call_nothing_is_sent(
    ports: PlainPorts, receiver: ReceiverFake, remotes: list[RemoteSocket]
) -> None:
    pair = ports.open(HOST, receiver)
    pair.send_packet(b"x")
    pair.aim("", 0, 0, 0.0)
    pair.send_packet(b"x")
    pair.aim(HOST, remotes[0].address[1], 9, 0.0)
    pair.close()
    pair.send_packet(b"x")
    assert remotes[0].has_nothing() and ports.port_pairs == []


def test_our_address_is_the_one_from_which_the_route_to_the_peer_leaves() -> None:
    assert local_address(("192.0.2.1", "127.0.0.1"), "127.0.0.9") == "127.0.0.1"
    assert local_address(("192.0.2.1", "192.0.2.2"), "127.0.0.9") == "192.0.2.1"
    assert local_address(("192.0.2.1",), "2001:db8::1") == "192.0.2.1"
    assert local_address(("192.0.2.1", "127.0.0.1"), "") == "192.0.2.1"
