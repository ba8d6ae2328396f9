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


class Ear:
    """Notes what comes."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.reports: list[bytes] = []

    def rtp(self, packet: Packet, now: float) -> None:
        self.packets.append(packet)

    def rtcp(self, data: bytes, now: float) -> None:
        self.reports.append(data)


class Far:
    """A socket of somebody else."""

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
def ear() -> Ear:
    return Ear()


@pytest.fixture
def line(ports: PlainPorts, ear: Ear) -> Iterator[RtpPortPair]:
    held = ports.open(HOST, ear)
    yield held
    held.close()


@pytest.fixture
def fars() -> Iterator[list[Far]]:
    held = [Far(), Far(), Far()]
    yield held
    for each in held:
        each.socket.close()


def test_pairs_are_even_and_odd_and_come_back(ports: PlainPorts, ear: Ear) -> None:
    lines = [ports.open(HOST, ear) for _ in range(3)]
    assert {each.port for each in lines} == {46_102, 46_104, 46_106}
    with pytest.raises(NoPortFree):
        ports.open(HOST, ear)
    lines[1].close()
    again = ports.open(HOST, ear)
    assert again.port == lines[1].port
    for each in (lines[0], lines[2], again):
        each.close()


def test_a_pair_of_which_somebody_else_has_half_is_left_alone(ports: PlainPorts, ear: Ear) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, 46_105))
        lines = [ports.open(HOST, ear) for _ in range(2)]
        assert {each.port for each in lines} == {46_102, 46_106}
        for each in lines:
            each.close()


def test_a_range_without_a_pair_refuses(ear: Ear) -> None:
    for numbers in (range(0), range(46_101, 46_103)):
        with pytest.raises(NoPortFree):
            PlainPorts(numbers, Counters()).open(HOST, ear)


def test_media_goes_to_where_the_sdp_says_until_something_comes_from_that_host(
    ports: PlainPorts, line: RtpPortPair, ear: Ear, fars: list[Far]
) -> None:
    named, reports, actual = fars
    line.aim(HOST, named.address[1], reports.address[1], 1.0)
    assert line.heard == 1.0
    line.send([(9, 1, 160, 5, b"a")])
    line.send_rtcp(RTCP)
    assert (named.take(), reports.take()) == (HEADER.pack(0x80, 9, 1, 160, 5) + b"a", RTCP)
    actual.send(RTP, line.port)
    ports.poll(2.0)
    assert ([packet.payload for packet in ear.packets], line.heard) == ([b"sound"], 2.0)
    line.send([(9 | 128, 2, 320, 5, b"b")])
    line.send_rtcp(RTCP)
    assert (actual.take(), reports.take()) == (HEADER.pack(0x80, 137, 2, 320, 5) + b"b", RTCP)
    actual.send(RTCP, line.port + 1)
    ports.poll(3.0)
    line.send_rtcp(RTCP)
    assert (ear.reports, actual.take(), line.heard) == ([RTCP], RTCP, 3.0)


def test_other_hosts_and_nonsense_change_nothing(
    line: RtpPortPair, ports: PlainPorts, ear: Ear, fars: list[Far]
) -> None:
    stranger, named = Far("127.0.0.2"), fars[0]
    stranger.send(RTP, line.port)
    ports.poll(1.0)  # before anybody is known, everybody is a stranger
    line.aim(HOST, named.address[1], named.address[1], 1.0)
    stranger.send(RTP, line.port)
    stranger.send(RTCP, line.port + 1)
    for nonsense in (b"", b"\x80", b"\x00" * 40, bytes(1600)):
        named.send(nonsense, line.port)
    ports.poll(2.0)
    line.send_packet(b"x")
    assert (ear.packets, ear.reports, line.heard) == ([], [], 1.0)
    assert (line._counters.strangers, line._counters.malformed) == (3, 4)
    assert named.take() == b"x" and stranger.has_nothing()
    stranger.socket.close()


def test_before_and_after_a_call_nothing_is_sent(ports: PlainPorts, ear: Ear, fars: list[Far]) -> None:
    line = ports.open(HOST, ear)
    line.send_packet(b"x")
    line.aim("", 0, 0, 0.0)
    line.send_packet(b"x")
    line.aim(HOST, fars[0].address[1], 9, 0.0)
    line.close()
    line.send_packet(b"x")
    assert fars[0].has_nothing() and ports.port_pairs == []


def test_we_are_where_the_way_to_the_peer_begins() -> None:
    assert local_address(("192.0.2.1", "127.0.0.1"), "127.0.0.9") == "127.0.0.1"
    assert local_address(("192.0.2.1", "192.0.2.2"), "127.0.0.9") == "192.0.2.1"
    assert local_address(("192.0.2.1",), "2001:db8::1") == "192.0.2.1"
    assert local_address(("192.0.2.1", "127.0.0.1"), "") == "192.0.2.1"
