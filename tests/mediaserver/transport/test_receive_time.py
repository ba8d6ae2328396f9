"""Tests of receive times: by the kernel's clock, however late datagrams are read."""

import socket
import time
from collections.abc import Iterator
from select import select

import pytest

from mediaserver.rtp.packet import Packet
from mediaserver.transport import peer_path, receive_time
from mediaserver.transport.peer_path import Counters, PlainInbox

INBOXES = [peer_path.Inbox, PlainInbox]
"""The second is the first again where nothing was compiled."""
RECORD = b"\x16"
LATE_S = 0.05
BETWEEN_CLOCKS_S = 0.01
"""A process may be interrupted between its looks at two clocks."""


@pytest.fixture(scope="module", autouse=True)
def noting() -> Iterator[None]:
    """Keep a socket open that asks for receive times, so that the kernel notes them for all sockets.

    It begins a moment after the first socket asked; until then the kernel tells when a datagram was read
    (net_enable_timestamp in its net/core/dev.c only orders the change).
    """
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asks,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
    ):
        asks.bind(("127.0.0.1", 0))
        receive_time.note(asks)
        until = time.monotonic() + 5.0
        while True:
            _, after = sent(far, asks)
            if receive_time.receive(asks, time.monotonic())[2] <= after + BETWEEN_CLOCKS_S:
                break
            assert time.monotonic() < until, "the kernel does not note when datagrams come"
        yield


@pytest.fixture
def near() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        receive_time.note(sock)
        yield sock


@pytest.fixture
def far() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock


def sent(far: socket.socket, near: socket.socket) -> tuple[float, float]:
    """Send a datagram that will be read late; between when it came."""
    before = time.monotonic()
    far.sendto(RECORD, near.getsockname())
    select([near], [], [], 5.0)
    after = time.monotonic()
    time.sleep(LATE_S)
    return before, after


def inbox_for(far: socket.socket, kind: type[PlainInbox]) -> PlainInbox:
    counters = Counters()
    inbox = kind(counters, Packet)
    path = (peer_path.PlainPeerPath if kind is PlainInbox else peer_path.PeerPath)("far", counters)
    inbox.route(far.getsockname(), path)
    return inbox


@pytest.mark.parametrize("kind", INBOXES)
def test_each_datagram_has_its_receive_time(near: socket.socket, far: socket.socket, kind: type[PlainInbox]) -> None:
    inbox = inbox_for(far, kind)
    for _ in range(3):
        before, after = sent(far, near)
        (came,) = [item[3] for item in inbox.read(near, time.monotonic())]
        assert before - BETWEEN_CLOCKS_S <= came <= after + BETWEEN_CLOCKS_S


@pytest.mark.parametrize("kind", INBOXES)
@pytest.mark.parametrize("off", [-3600.0, receive_time.MAX_AGE_S + 1])
def test_a_receive_time_out_of_range_counts_as_now(
    near: socket.socket, far: socket.socket, kind: type[PlainInbox], off: float
) -> None:
    inbox = inbox_for(far, kind)
    far.sendto(RECORD, near.getsockname())
    now = time.monotonic() + off
    assert [item[3] for item in inbox.read(near, now)] == [now]


@pytest.mark.parametrize("kind", INBOXES)
def test_without_the_kernel_s_notes_all_comes_when_it_is_read(far: socket.socket, kind: type[PlainInbox]) -> None:
    inbox = inbox_for(far, kind)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near:
        near.bind(("127.0.0.1", 0))
        near.setblocking(False)
        far.sendto(RECORD, near.getsockname())
        now = time.monotonic()
        assert [item[3] for item in inbox.read(near, now)] == [now]


def test_a_single_datagram_tells_it_too(near: socket.socket, far: socket.socket) -> None:
    before, after = sent(far, near)
    length, address, came = receive_time.receive(near, time.monotonic())
    assert (length, address) == (1, far.getsockname())
    assert before - BETWEEN_CLOCKS_S <= came <= after + BETWEEN_CLOCKS_S
    with pytest.raises(BlockingIOError):
        receive_time.receive(near, time.monotonic())
