"""Tests of plain RTP: port pairs, and packets from one host alone.

Also tests `mediaserver/transport/socket_buffer.py`.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from mediaserver.errors import NoPortFree
from mediaserver.rtp.packet import HEADER, Packet
from mediaserver.transport.dtls import DtlsRole, fingerprint, make_certificate
from mediaserver.transport.peer_path import Counters
from mediaserver.transport.plain_rtp import (
    SILENCE_S,
    Elsewhere,
    PlainPorts,
    PlainTransport,
    RtpPortPair,
    local_address,
)
from tests.ports import FIRST_PORT

HOST = "127.0.0.1"
RANGE = range(FIRST_PORT + 1, FIRST_PORT + 8)
RTP = HEADER.pack(0x80, 9, 7, 160, 5) + b"sound"
RTCP = bytes.fromhex("80c9000100000005")


class ReceiverFake:
    """A receiver that keeps packets and reports."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.reports: list[bytes] = []
        self.latched_times = 0

    def rtp(self, packet: Packet, now: float) -> None:
        self.packets.append(packet)

    def rtcp(self, data: bytes, now: float) -> None:
        self.reports.append(data)

    def latched(self, now: float) -> None:
        self.latched_times += 1


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
    assert {each.port for each in pairs} == {FIRST_PORT + 2, FIRST_PORT + 4, FIRST_PORT + 6}
    with pytest.raises(NoPortFree):
        ports.open(HOST, receiver)
    pairs[1].close()
    again = ports.open(HOST, receiver)
    assert again.port == pairs[1].port
    for each in (pairs[0], pairs[2], again):
        each.close()


def test_a_pair_of_which_somebody_else_has_half_is_left_alone(ports: PlainPorts, receiver: ReceiverFake) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, FIRST_PORT + 5))
        pairs = [ports.open(HOST, receiver) for _ in range(2)]
        assert {each.port for each in pairs} == {FIRST_PORT + 2, FIRST_PORT + 6}
        for each in pairs:
            each.close()


def test_a_range_without_a_pair_refuses(receiver: ReceiverFake) -> None:
    for numbers in (range(0), range(FIRST_PORT + 1, FIRST_PORT + 3)):
        with pytest.raises(NoPortFree):
            PlainPorts(numbers, Counters()).open(HOST, receiver)


def test_the_key_frame_of_a_slide_comes_whole_though_it_was_sent_at_once(
    ports: PlainPorts, pair: RtpPortPair, receiver: ReceiverFake, remotes: list[RemoteSocket]
) -> None:
    pair.aim(HOST, remotes[0].address[1], remotes[1].address[1], 1.0)
    for number in range(170):
        remotes[0].send(HEADER.pack(0x80, 96, number, 3600, 5) + bytes(1188), pair.port)
    ports.poll(2.0)
    assert [packet.sequence for packet in receiver.packets] == [*range(170)]


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
    assert local_address(("192.0.2.1", "2001:db8::2", "2001:db8::3"), "::1") == "2001:db8::2"
    assert local_address(("2001:db8::2", "192.0.2.1"), "127.0.0.9") == "192.0.2.1"
    assert local_address(("192.0.2.1", "127.0.0.1"), "") == "192.0.2.1"


def test_media_moves_to_a_registered_host_once_and_never_from_one_that_sends(
    pair: RtpPortPair, ports: PlainPorts, receiver: ReceiverFake, remotes: list[RemoteSocket]
) -> None:
    named, sbc, stranger = remotes[0], RemoteSocket("127.0.0.2"), RemoteSocket("127.0.0.3")
    pair.media_hosts = {"127.0.0.2"}
    pair.aim(HOST, named.address[1], named.address[1] + 1, 1.0)
    stranger.send(RTP, pair.port)
    ports.poll(1.1)
    assert (receiver.packets, pair.elsewhere[-1]) == ([], Elsewhere("127.0.0.3", HOST, taken=False))
    named.send(RTP, pair.port)
    ports.poll(2.0)
    sbc.send(RTP, pair.port)  # the SDP's host sends
    ports.poll(3.9)
    assert (len(receiver.packets), pair.elsewhere[-1]) == (1, Elsewhere("127.0.0.2", HOST, taken=False))
    sbc.send(RTCP, pair.port + 1)  # a report alone moves nothing
    sbc.send(b"\x00" * 40, pair.port)
    ports.poll(4.0)
    assert (len(receiver.packets), receiver.reports, receiver.latched_times) == (1, [], 0)
    sbc.send(RTP, pair.port)
    ports.poll(4.0)
    assert (len(receiver.packets), pair.elsewhere[-1]) == (2, Elsewhere("127.0.0.2", HOST, taken=True))
    sbc.send(RTP, pair.port)
    ports.poll(4.1)
    assert (len(receiver.packets), receiver.latched_times) == (3, 1)
    pair.send_packet(b"x")
    assert sbc.take() == b"x"
    named.send(RTP, pair.port)  # not back, until the peer describes itself anew
    ports.poll(9.0)
    assert (len(receiver.packets), pair.elsewhere[-1]) == (3, Elsewhere(HOST, "127.0.0.2", taken=False))
    pair.media_hosts = {"127.0.0.2", "127.0.0.3"}
    pair.aim(HOST, named.address[1], named.address[1] + 1, 9.0)
    stranger.send(RTP, pair.port)
    ports.poll(9.5)
    assert (len(receiver.packets), pair.elsewhere[-1]) == (4, Elsewhere("127.0.0.3", "127.0.0.2", taken=True))
    for each in (sbc, stranger):
        each.socket.close()


def test_a_peer_on_hold_moves_nowhere(pair: RtpPortPair, ports: PlainPorts, remotes: list[RemoteSocket]) -> None:
    pair.media_hosts = {HOST}
    pair.aim("", 0, 0, 1.0)
    remotes[0].send(RTP, pair.port)
    ports.poll(9.0)
    assert (pair.elsewhere, pair._counters.strangers) == ([], 1)


def test_a_peer_whose_media_come_from_elsewhere_is_not_gone(
    pair: RtpPortPair, ports: PlainPorts, remotes: list[RemoteSocket]
) -> None:
    states: list[str] = []
    transport = PlainTransport(lambda state, reason: states.append(f"{state} {reason}".strip()))
    transport.port_pairs = [pair]
    transport.connect()
    stranger = RemoteSocket("127.0.0.2")
    pair.aim(HOST, remotes[0].address[1], 9, 1.0)
    stranger.send(RTP, pair.port)
    ports.poll(20.0)
    transport.check(45.0, SILENCE_S)
    assert states == ["connected"]
    transport.check(45.1, SILENCE_S)
    assert states == ["connected", "closed silent"]
    stranger.socket.close()


class DtlsEnds:
    """A port pair of ours and one of a room system, that agree on keys by DTLS."""

    def __init__(self, theirs: str = HOST) -> None:
        """Open the pair of the room system at the address `theirs`, though its description names HOST."""
        self.receivers = ReceiverFake(), ReceiverFake()
        self.counters = Counters(), Counters()
        self.ports = [
            PlainPorts(range(FIRST_PORT + 10, FIRST_PORT + 14), self.counters[0]),
            PlainPorts(range(FIRST_PORT + 20, FIRST_PORT + 24), self.counters[1]),
        ]
        hosts = HOST, theirs
        self.pairs = [
            ports.open(host, each) for ports, host, each in zip(self.ports, hosts, self.receivers, strict=True)
        ]
        for pair, other in (self.pairs, self.pairs[::-1]):
            pair.aim(HOST, other.port, other.port + 1, 0.0)

    def associate(self, number: int, role: DtlsRole, named: str) -> None:
        self.pairs[number].associate(
            self.ports[number].certificate, role, (("sha-256", named.removeprefix("sha-256 ")),)
        )

    async def poll(self, until: Callable[[], bool]) -> None:
        for _ in range(4000):
            for ports in self.ports:
                ports.poll(1.0)
            if until():
                return
            await asyncio.sleep(0.005)
        raise TimeoutError


@pytest.fixture
async def ends(request: pytest.FixtureRequest) -> AsyncIterator[DtlsEnds]:
    held = DtlsEnds(getattr(request, "param", HOST))
    yield held
    for pair in held.pairs:
        pair.close()
    await asyncio.sleep(0)


async def test_keys_are_agreed_upon_by_dtls_on_either_port_and_nothing_goes_before(ends: DtlsEnds) -> None:
    for number, role in ((0, "server"), (1, "client")):
        ends.associate(number, role, fingerprint(ends.ports[1 - number].certificate))  # type: ignore[arg-type]
    ends.pairs[0].send_packet(RTP)
    assert [(pair.sends, pair.by_dtls) for pair in ends.pairs] == [(False, False)] * 2
    ready = [pair._dtls.srtp for pair in ends.pairs]  # type: ignore[union-attr]
    await ends.poll(lambda: all(None not in each for each in ready))
    assert [(pair.sends, pair.by_dtls) for pair in ends.pairs] == [(True, True)] * 2
    assert ends.receivers[1].packets == []
    for pair in ends.pairs:
        pair.send_packet(RTP)
        pair.send_rtcp(RTCP)
    await ends.poll(lambda: all(each.packets and each.reports for each in ends.receivers))
    assert [bytes(each.packets[0].payload) for each in ends.receivers] == [b"sound", b"sound"]
    dtls = ends.pairs[0]._dtls
    ends.associate(0, "server", fingerprint(ends.ports[1].certificate))
    assert ends.pairs[0]._dtls is dtls
    ends.pairs[1].unsecure()
    ends.pairs[1].send_packet(RTP)
    await ends.poll(lambda: ends.counters[0].undecryptable == 1)


async def test_a_call_that_moves_to_other_ports_with_another_certificate_agrees_on_keys_anew(ends: DtlsEnds) -> None:
    ends.associate(0, "server", fingerprint(ends.ports[1].certificate))
    ends.associate(1, "client", fingerprint(ends.ports[0].certificate))
    await ends.poll(lambda: None not in ends.pairs[1]._dtls.srtp)  # type: ignore[union-attr]
    ends.pairs[0].close()
    ends.ports[0].certificate = make_certificate()
    ends.pairs[0] = ends.ports[0].open(HOST, ends.receivers[0])
    for pair, other in (ends.pairs, ends.pairs[::-1]):
        pair.aim(HOST, other.port, other.port + 1, 1.0)
    ends.associate(0, "server", fingerprint(ends.ports[1].certificate))
    ends.associate(1, "client", fingerprint(ends.ports[0].certificate))
    assert ends.pairs[1]._dtls.srtp == [None, None]  # type: ignore[union-attr]
    await ends.poll(lambda: all(None not in pair._dtls.srtp for pair in ends.pairs))  # type: ignore[union-attr]
    ends.pairs[1].send_packet(RTP)
    await ends.poll(lambda: bool(ends.receivers[0].packets))


@pytest.mark.parametrize("ends", ["127.0.0.2"], indirect=True)
async def test_keys_are_agreed_upon_with_a_registered_host_to_which_the_media_move_once_they_are_authentic(
    ends: DtlsEnds,
) -> None:
    ours, theirs = ends.pairs
    ours.media_hosts = {"127.0.0.2"}
    for number, role in ((0, "server"), (1, "client")):
        ends.associate(number, role, fingerprint(ends.ports[1 - number].certificate))  # type: ignore[arg-type]
    await ends.poll(lambda: all(None not in pair._dtls.srtp for pair in ends.pairs))  # type: ignore[union-attr]
    assert ours.elsewhere == []
    theirs.send_packet(RTP)
    await ends.poll(lambda: bool(ends.receivers[0].packets))
    assert ours.elsewhere == [Elsewhere("127.0.0.2", HOST, taken=True)]
    ours.send_packet(RTP)
    ours.send_rtcp(RTCP)
    await ends.poll(lambda: bool(ends.receivers[1].packets and ends.receivers[1].reports))


@pytest.mark.parametrize("ends", ["127.0.0.2"], indirect=True)
async def test_a_handshake_from_a_host_that_is_not_registered_is_not_answered(ends: DtlsEnds) -> None:
    for number, role in ((0, "server"), (1, "client")):
        ends.associate(number, role, fingerprint(ends.ports[1 - number].certificate))  # type: ignore[arg-type]
    await ends.poll(lambda: ends.counters[0].strangers >= 2)
    assert ends.pairs[0].elsewhere == [Elsewhere("127.0.0.2", HOST, taken=False)]
    assert ends.counters[1].packets_in == 0


async def test_a_certificate_of_somebody_else_gets_no_keys(ends: DtlsEnds) -> None:
    ends.associate(0, "server", fingerprint(ends.ports[0].certificate))
    ends.associate(1, "client", fingerprint(ends.ports[0].certificate))
    dtls = ends.pairs[0]._dtls
    assert dtls is not None
    await ends.poll(lambda: all(task.done() for task in dtls._tasks))
    assert dtls.srtp == [None, None]
