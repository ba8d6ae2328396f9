"""Tests of the shared UDP port: which peer gets a datagram, and how runs are sent.

Also tests `peer_path.py`, `webrtc.py` and `state.py`.
"""

import asyncio
import errno
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from loadtest.endpoint.ice_checks import Credentials, IceChecks
from mediaserver.transport import stun, udp_mux
from mediaserver.transport.ice import Address
from mediaserver.transport.peer_path import Counters
from mediaserver.transport.socket_buffer import RECEIVE, SEND
from mediaserver.transport.udp_mux import MAX_SEGMENT_BYTES, TAKEN_S, Port, UdpMux
from mediaserver.transport.webrtc import WebRtcTransport
from tests.mediaserver.meeting import CERTIFICATE, PATIENCE_S
from tests.mediaserver.transport.peers import IgnoringReceiver, Peer

NO_OPTION = 9999
"""Of sockets: as where a kernel or our rights know no way beyond its limits."""


class MuxFixture:
    """A multiplexer that is polled while a test waits."""

    def __init__(self) -> None:
        self.mux = UdpMux()

    async def arrived(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.mux.counters.packets_in < count:
                self.mux.poll(time.monotonic())
                await asyncio.sleep(0.001)


def client(family: int = socket.AF_INET) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0) if family == socket.AF_INET else ("::1", 0))
    sock.settimeout(PATIENCE_S)
    return sock


@pytest.fixture
async def fixture() -> AsyncIterator[MuxFixture]:
    one = MuxFixture()
    one.mux.open(["127.0.0.1", "::1"], 0)
    yield one
    one.mux.close()


async def test_all_hosts_share_one_port(fixture: MuxFixture) -> None:
    (four, port), (six, other) = fixture.mux.addresses
    assert (four, six, port) == ("127.0.0.1", "::1", other)


async def test_checks_find_their_peer_by_fragment_and_are_answered_from_the_same_address(fixture: MuxFixture) -> None:
    peer, stranger = Peer(), Peer()
    fixture.mux.register("mine", peer)
    fixture.mux.register("other", stranger)
    for at, family in enumerate((socket.AF_INET, socket.AF_INET6)):
        with client(family) as sock:
            sock.sendto(
                IceChecks(Credentials("me", "x" * 24), Credentials("mine", "y" * 24)).request(),
                fixture.mux.addresses[at],
            )
            await fixture.arrived(at + 1)
            data, source = sock.recvfrom(100)
            assert (data, source[:2]) == (b"answer", fixture.mux.addresses[at])
            assert peer.checks[at][1] == sock.getsockname()[:2]
    assert stranger.checks == []


async def test_datagrams_find_their_peer_by_validated_address(fixture: MuxFixture) -> None:
    peer, other = Peer(), Peer()
    with client() as mine, client() as theirs, client() as nobody:
        fixture.mux.validate(mine.getsockname(), peer)
        fixture.mux.validate(theirs.getsockname(), other)
        for sock, data in ((mine, b"\x16mine"), (theirs, b"\x16theirs"), (nobody, b"\x16nobody"), (mine, b"\x16more")):
            sock.sendto(data, fixture.mux.addresses[0])
        await fixture.arrived(4)
        assert (peer.datagrams, other.datagrams) == ([b"\x16mine", b"\x16more"], [b"\x16theirs"])
        assert (fixture.mux.counters.strangers, fixture.mux.counters.bytes_in) == (1, 5 + 7 + 7 + 5)
        fixture.mux.forget(mine.getsockname(), other)  # not theirs to forget
        fixture.mux.unregister("x", [theirs.getsockname()], other)
        mine.sendto(b"\x16again", fixture.mux.addresses[0])
        theirs.sendto(b"\x16again", fixture.mux.addresses[0])
        await fixture.arrived(6)
    assert (len(peer.datagrams), len(other.datagrams), fixture.mux.counters.strangers) == (3, 1, 2)


async def test_nobody_takes_over_the_address_of_a_peer_that_was_heard_lately(fixture: MuxFixture) -> None:
    victim, other = (
        WebRtcTransport(fixture.mux, CERTIFICATE, "them", "x" * 24, [], IgnoringReceiver(), lambda *_: None)
        for _ in range(2)
    )
    with client() as sock:
        port = Port(sock, fixture.mux.counters)

        def check(peer: WebRtcTransport, now: float) -> None:
            checks = IceChecks(Credentials("them", "x" * 24), Credentials(peer.ice.fragment, peer.ice.password))
            peer.stun(stun.parse(checks.request()), sock.getsockname(), port, now)

        check(victim, 100.0)
        check(other, 100.0 + TAKEN_S - 0.1)
        assert (victim.ice.selected, other.ice.selected) == (sock.getsockname(), None)
        check(other, 100.0 + TAKEN_S)
        assert other.ice.selected == sock.getsockname()
        other.path.heard = 106.0
        other.ice.selected = ("192.0.2.7", 40000)  # it went elsewhere, and its router gave the address to somebody else
        assert not fixture.mux.taken(sock.getsockname(), victim, 106.0)
        for peer in (victim, other):
            await peer.close()


async def test_a_peer_is_sent_to_another_address_once_somebody_answers_there(fixture: MuxFixture) -> None:
    peer = WebRtcTransport(fixture.mux, CERTIFICATE, "them", "x" * 24, [], IgnoringReceiver(), lambda *_: None)
    checks = IceChecks(Credentials("them", "x" * 24), Credentials(peer.ice.fragment, peer.ice.password))
    with client() as server, client() as here, client() as there:
        port = Port(server, fixture.mux.counters)
        for sock in (here, there):
            peer.stun(stun.parse(checks.request()), sock.getsockname(), port, 1.0)
            assert checks.accepts(sock.recv(200))
        answer = checks.respond(there.recv(200))
        assert answer is not None
        for sock in (here, there):
            assert peer.selected == here.getsockname()
            peer.stun(stun.parse(answer), sock.getsockname(), port, 1.1)
        assert peer.selected == there.getsockname()
        peer._send_plain(b"more")
        assert there.recv(200) == b"more"
    await peer.close()


async def test_a_receive_buffer_that_is_too_small_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(udp_mux, "SOCKET_BUFFER_BYTES", 1 << 30)
    for name, buffer in (("RECEIVE", RECEIVE), ("SEND", SEND)):
        monkeypatch.setattr(udp_mux, name, replace(buffer, force=NO_OPTION))
    mux = UdpMux()
    mux.open(["127.0.0.1"], 0)
    mux.close()
    assert not mux.has_large_buffer
    assert [(record.levelname, record.message.partition(": ")[2]) for record in caplog.records] == [
        ("WARNING", "see sysctl net.core.rmem_max"),
        ("WARNING", "see sysctl net.core.wmem_max"),
    ]


async def test_malformed_and_unknown_checks_reach_nobody(fixture: MuxFixture, caplog: pytest.LogCaptureFixture) -> None:
    peer = Peer()
    fixture.mux.register("mine", peer)
    check = IceChecks(Credentials("me", "x" * 24), Credentials("mine", "y" * 24)).request()
    unknown = IceChecks(Credentials("me", "x" * 24), Credentials("else", "y" * 24)).request()
    bad = [check[:-1], check[:20], b"\x00", b"\x00\x01\x00\x04" + check[4:20] + b"\x00\x06\x00\xff", unknown]
    with client() as sock:
        for data in bad:
            sock.sendto(data, fixture.mux.addresses[0])
        await fixture.arrived(len(bad))
    assert peer.checks == []
    assert caplog.records == []
    assert fixture.mux.counters.strangers == len(bad) - 1  # the last can be read, and names nobody


async def test_an_error_of_ours_costs_one_datagram(fixture: MuxFixture, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Peer):
        def stun(self, message: stun.Message, address: Address, port: Port, now: float) -> None:
            raise ZeroDivisionError

        def datagram(self, data: bytes, now: float) -> None:
            raise ZeroDivisionError

    peer, broken = Peer(), Broken()
    fixture.mux.register("mine", broken)
    with client() as mine, client() as theirs:
        fixture.mux.validate(mine.getsockname(), peer)
        fixture.mux.validate(theirs.getsockname(), broken)
        theirs.sendto(b"\x16", fixture.mux.addresses[0])
        theirs.sendto(
            IceChecks(Credentials("me", "x" * 24), Credentials("mine", "y" * 24)).request(), fixture.mux.addresses[0]
        )
        await fixture.arrived(2)
        mine.sendto(b"\x16", fixture.mux.addresses[0])
        await fixture.arrived(3)
    assert peer.datagrams == [b"\x16"]
    assert [record.message.split(" for ")[0] for record in caplog.records] == ["x datagram"]
    assert fixture.mux.faults.count == 2


@pytest.mark.parametrize("sizes", [[1000] * 5, [1000] * 3 + [17], [5], [1400] * 2, [1450] * 2, [1450, 100]])
async def test_a_run_arrives_as_its_datagrams(sizes: list[int]) -> None:
    counters = Counters()
    with client() as sender, client() as receiver:
        data = b"".join(bytes([i]) * size for i, size in enumerate(sizes))
        Port(sender, counters).send_run(memoryview(data), sizes[0], len(sizes), receiver.getsockname())
        assert [receiver.recv(2000) for _ in sizes] == [bytes([i]) * size for i, size in enumerate(sizes)]
    assert (counters.packets_out, counters.bytes_out, counters.refused) == (len(sizes), sum(sizes), 0)


class Refusing:
    """A socket whose kernel refuses segmentation, by a script of error numbers, or `knows` nothing of it."""

    def __init__(self, *errors: int, knows: bool = True) -> None:
        self.errors = list(errors)
        self.knows = knows
        self.runs = 0
        self.sent: list[bytes] = []

    def getsockname(self) -> Address:
        return "127.0.0.1", 1

    def getsockopt(self, level: int, name: int) -> int:
        if not self.knows and (level, name) == (socket.IPPROTO_UDP, 103):
            raise OSError(errno.ENOPROTOOPT, "Protocol not available")
        return 0

    def sendmsg(self, buffers: list[bytes], *_: object) -> None:
        if self.errors:
            number = self.errors.pop(0)
            raise OSError(number, "scripted")
        self.runs += 1

    def sendto(self, data: memoryview, _address: Address) -> None:
        self.sent.append(bytes(data))


RUN = memoryview(b"a" * 10 + b"b" * 10 + b"c" * 4)


def sent_runs(refusing: Refusing, count: int) -> Counters:
    counters = Counters()
    port = Port(refusing, counters)  # type: ignore[arg-type]
    for _ in range(count):
        port.send_run(RUN, 10, 3, ("127.0.0.1", 2))
    return counters


def test_without_segmentation_in_the_kernel_every_datagram_leaves_alone() -> None:
    refusing, counters = Refusing(knows=False), Counters()
    port = Port(refusing, counters)  # type: ignore[arg-type]
    assert [port.send_run(RUN, 10, 3, ("127.0.0.1", 2)) for _ in range(2)] == [False, False]
    assert (refusing.sent, refusing.runs) == ([b"a" * 10, b"b" * 10, b"c" * 4] * 2, 0)
    assert (counters.packets_out, counters.refused) == (6, 0)


@pytest.mark.parametrize("number", [errno.EMSGSIZE, errno.EINVAL, errno.ENOPROTOOPT, errno.EOPNOTSUPP, errno.EIO])
def test_segments_that_do_not_fit_a_route_leave_singly_there_and_together_elsewhere(number: int) -> None:
    """Linux says EMSGSIZE since 6.10, EINVAL before."""
    refusing, counters = Refusing(number), Counters()
    port, narrow, wide = Port(refusing, counters), ("127.0.0.1", 2), ("127.0.0.1", 3)  # type: ignore[arg-type]
    assert [port.send_run(RUN, 10, 3, address) for address in (narrow, wide)] == [False, True]
    assert (refusing.sent, refusing.runs) == ([b"a" * 10, b"b" * 10, b"c" * 4], 1)
    assert (counters.packets_out, counters.bytes_out, counters.refused) == (6, 48, 0)


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EPERM, errno.ENOBUFS])
def test_an_address_that_cannot_be_reached_costs_nobody_else_the_segmentation(number: int) -> None:
    refusing = Refusing(number)
    counters = sent_runs(refusing, 3)
    assert (refusing.sent, refusing.runs) == ([], 2)
    assert (counters.packets_out, counters.refused) == (6, 3)


def test_packets_too_large_for_a_segment_leave_alone() -> None:
    refusing, counters = Refusing(), Counters()
    port = Port(refusing, counters)  # type: ignore[arg-type]
    port.send_run(memoryview(bytes(2 * MAX_SEGMENT_BYTES + 2)), MAX_SEGMENT_BYTES + 1, 2, ("127.0.0.1", 2))
    assert ([len(data) for data in refusing.sent], refusing.runs) == ([MAX_SEGMENT_BYTES + 1] * 2, 0)
