"""The network emulator between two real sockets."""

import socket
import time
from collections.abc import Iterator

import pytest

from loadtest.endpoint import network_emulator
from loadtest.endpoint.network_emulator import DELAY_S, QUEUE_S, STALL_EVERY_S, NetworkEmulator

ANSWER = "a=candidate:1 1 UDP 7 127.0.0.1 {port} typ host\r\na=candidate:2 1 UDP 6 10.0.0.1 {port} typ host\r\n"
PATIENCE_S = 20.0


@pytest.fixture
def server() -> Iterator[socket.socket]:
    yield from opened()


@pytest.fixture
def endpoint() -> Iterator[socket.socket]:
    yield from opened()


def opened() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(PATIENCE_S)
        yield sock


def test_an_answer_is_redirected_and_other_addresses_stay(server: socket.socket) -> None:
    port = server.getsockname()[1]
    with NetworkEmulator(("127.0.0.1", port), 1e6) as emulator:
        first, second = emulator.redirect(ANSWER.format(port=port)).splitlines()
        assert (first, second) == (
            f"a=candidate:1 1 UDP 7 127.0.0.1 {emulator.port} typ host",
            f"a=candidate:2 1 UDP 6 10.0.0.1 {port} typ host",
        )


def test_datagrams_go_both_ways_in_order_and_later(server: socket.socket, endpoint: socket.socket) -> None:
    with NetworkEmulator(server.getsockname(), 1e9) as emulator:
        started_at = time.monotonic()
        for number in range(50):
            endpoint.sendto(bytes([number]), ("127.0.0.1", emulator.port))
        came = [server.recvfrom(100) for _ in range(50)]
        for data, back in came:
            server.sendto(data, back)
        assert [data[0] for data, _ in came] == [endpoint.recv(100)[0] for _ in range(50)] == list(range(50))
        assert time.monotonic() - started_at >= 2 * DELAY_S
        assert emulator.lost == 0


def test_after_a_move_packets_come_from_another_port_and_the_old_one_is_dead(
    server: socket.socket, endpoint: socket.socket
) -> None:
    with NetworkEmulator(server.getsockname(), 1e9) as emulator:
        came = []
        for data in (b"here", b"there"):
            endpoint.sendto(data, ("127.0.0.1", emulator.port))
            came.append(server.recvfrom(100))
            emulator.move()
        (here, old), (there, _) = came
        endpoint.sendto(b"now", ("127.0.0.1", emulator.port))
        now, new = server.recvfrom(100)
        assert (here, there, now, len({old, came[1][1], new})) == (b"here", b"there", b"now", 3)
        server.sendto(b"to the old", old)
        server.sendto(b"to the new", new)
        assert endpoint.recv(100) == b"to the new"


def test_lost_packets_are_counted_and_do_not_arrive(server: socket.socket, endpoint: socket.socket) -> None:
    with NetworkEmulator(server.getsockname(), 1e9) as emulator:
        emulator.loss = 0.5
        for number in range(100):
            endpoint.sendto(bytes([number]), ("127.0.0.1", emulator.port))
        while (lost := emulator.lost) < 30:
            time.sleep(0.001)
        emulator.loss = 0.0
        endpoint.sendto(b"\xff", ("127.0.0.1", emulator.port))
        came = list(iter(lambda: server.recv(100)[0], 0xFF))
        assert len(came) == 100 - emulator.lost
        assert came == sorted(came)
        assert lost >= 30


def test_packets_that_would_wait_too_long_are_dropped(endpoint: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    now, to = 100.0, endpoint.getsockname()
    monkeypatch.setattr(network_emulator, "monotonic", lambda: now)
    emulator = NetworkEmulator(to, 8000 / (4 * QUEUE_S))  # 1,000 bytes take four times as long as any may
    for name in (b"first", b"second" + bytes(1000), b"third", b"fourth"):
        emulator._to_endpoint(name, to)
    now += 4 * QUEUE_S
    emulator._to_endpoint(b"later", to)
    now += QUEUE_S
    with emulator:
        came = [endpoint.recv(2000).rstrip(b"\0") for _ in range(3)]
    assert came == [b"first", b"second", b"later"]


def test_a_stall_holds_back_packets_to_the_server(server: socket.socket, endpoint: socket.socket) -> None:
    with NetworkEmulator(server.getsockname(), 1e9) as emulator:
        emulator.stall_s = 1e9
        endpoint.sendto(b"up", ("127.0.0.1", emulator.port))
        server.settimeout(10 * DELAY_S)
        with pytest.raises(TimeoutError):
            server.recv(100)
        emulator.stall_s = 0.0
        server.settimeout(PATIENCE_S)
        time.sleep(STALL_EVERY_S[1])
        endpoint.sendto(b"next", ("127.0.0.1", emulator.port))
        data, back = server.recvfrom(100)
        assert data == b"next"
        server.sendto(b"down", back)
        assert endpoint.recv(100) == b"down"
