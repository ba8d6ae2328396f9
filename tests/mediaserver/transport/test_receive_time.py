"""Tests of receive times: by the kernel's clock, however late datagrams are read."""

import socket
import time
from collections.abc import Callable, Iterator
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
"""The kernel corrects the clock of the day by less meanwhile."""
PATIENCE_S = 20.0


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
        until = time.monotonic() + PATIENCE_S
        while not came_then(far, asks, lambda now: receive_time.receive(asks, now)[2]):
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


def came_then(far: socket.socket, near: socket.socket, read: Callable[[float], float]) -> bool:
    """Send a datagram, read late when it came, and return whether that was when it did.

    A process that is interrupted between its looks at two clocks takes the one for earlier: as much is allowed for.
    """
    before = time.monotonic()
    far.sendto(RECORD, near.getsockname())
    select([near], [], [], PATIENCE_S)
    after = time.monotonic()
    time.sleep(LATE_S)
    now = time.monotonic()
    came = read(now)
    interrupted = time.monotonic() - now + BETWEEN_CLOCKS_S
    return before - interrupted <= came <= after + interrupted


def inbox_for(far: socket.socket, kind: type[PlainInbox]) -> PlainInbox:
    counters = Counters()
    inbox = kind(counters, Packet)
    path = (peer_path.PlainPeerPath if kind is PlainInbox else peer_path.PeerPath)("far", counters)
    inbox.route(far.getsockname(), path)
    return inbox


@pytest.mark.parametrize("kind", INBOXES)
def test_each_datagram_has_its_receive_time(near: socket.socket, far: socket.socket, kind: type[PlainInbox]) -> None:
    inbox = inbox_for(far, kind)

    def read(now: float) -> float:
        (item,) = inbox.read(near, now)
        return item[3]

    for _ in range(3):
        assert came_then(far, near, read)


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
    read: list[tuple[int, object, float]] = []

    def receive(now: float) -> float:
        read.append(receive_time.receive(near, now))
        return read[-1][2]

    assert came_then(far, near, receive)
    assert [each[:2] for each in read] == [(1, far.getsockname())]
    with pytest.raises(BlockingIOError):
        receive_time.receive(near, time.monotonic())
