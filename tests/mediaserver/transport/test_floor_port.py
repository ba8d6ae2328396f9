"""Tests of the ports of floor control: datagrams and connections of one host, whole messages, and what is bounded."""

import contextlib
import socket
from collections.abc import Iterator

import pytest
from OpenSSL import SSL

from mediaserver.bfcp.message import HEADER, MAX_PAYLOAD, Head, Message, Primitive, Type, number, write
from mediaserver.transport.dtls import Certificate, fingerprint, make_certificate
from mediaserver.transport.floor_port import MAX_UNSENT, FloorPort
from mediaserver.transport.peer_path import Counters
from mediaserver.transport.plain_rtp import PlainPorts
from tests.ports import FIRST_PORT

HOST = "127.0.0.1"
HELLO = write(Message(Head(1, Primitive.HELLO, 7, 1, 18)))
REQUEST = write(Message(Head(1, Primitive.FLOOR_REQUEST, 7, 2, 18), (number(Type.FLOOR_ID, 2),)))


class Held:
    """Ports, and the messages that came to them."""

    def __init__(self) -> None:
        self.ports = PlainPorts(range(FIRST_PORT, FIRST_PORT + 20), Counters())
        self.came: list[bytes] = []
        self.sockets: list[socket.socket] = []

    def open(self, *, reliable: bool, passive: bool = True, encrypted: bool = False) -> FloorPort:
        return self.ports.open_floor(HOST, self.came.append, reliable=reliable, passive=passive, encrypted=encrypted)

    def socket(self, kind: socket.SocketKind, host: str = HOST) -> socket.socket:
        """Return a socket of another host."""
        sock = socket.socket(socket.AF_INET, kind)
        sock.settimeout(5)
        sock.bind((host, 0))
        self.sockets.append(sock)
        return sock


@pytest.fixture
def held() -> Iterator[Held]:
    made = Held()
    yield made
    for sock in made.sockets:
        sock.close()
    for port in tuple(made.ports.floor_ports):
        port.close()


def test_datagrams_of_one_host_are_taken_and_answered_where_they_came_from(held: Held) -> None:
    port, peer, stranger = (
        held.open(reliable=False),
        held.socket(socket.SOCK_DGRAM),
        held.socket(socket.SOCK_DGRAM, "127.0.0.2"),
    )
    port.send(HELLO)
    named = held.socket(socket.SOCK_DGRAM)
    port.aim(HOST, named.getsockname()[1])
    port.send(HELLO)
    assert named.recv(100) == HELLO
    stranger.sendto(REQUEST, (HOST, port.port))
    peer.sendto(HELLO, (HOST, port.port))
    held.ports.poll(0.0)
    assert held.came == [HELLO]
    port.aim(HOST, named.getsockname()[1])
    port.send(REQUEST)
    assert peer.recv(100) == REQUEST
    assert held.open(reliable=False).port != port.port
    port.close()
    assert port not in held.ports.floor_ports


@pytest.mark.parametrize("reliable", [False, True])
def test_floor_control_may_come_from_a_registered_host_until_the_named_one_is_heard(held: Held, reliable: bool) -> None:
    kind = socket.SOCK_STREAM if reliable else socket.SOCK_DGRAM
    port = held.open(reliable=reliable)
    named, other, stranger = (held.socket(kind, host) for host in (HOST, "127.0.0.3", "127.0.0.2"))
    port.media_hosts = ["127.0.0.3"]
    port.aim(HOST, 9)
    for sock in (stranger, other):
        sock.connect((HOST, port.port))
        held.ports.poll(0.0)
        with contextlib.suppress(ConnectionError):  # a stranger's connection is closed
            sock.send(HELLO if sock is other else REQUEST)
        held.ports.poll(0.0)
    assert held.came == [HELLO]
    port.send(REQUEST)
    assert other.recv(100) == REQUEST
    port.aim(HOST, 10)
    named.connect((HOST, port.port))
    for sock, data in ((named, HELLO), (other, REQUEST)):
        held.ports.poll(0.0)
        with contextlib.suppress(ConnectionError):
            sock.send(data)
        held.ports.poll(0.0)
    assert held.came == [HELLO, HELLO]


@pytest.mark.parametrize("named", ["::1", "fe80::1%nowhere", "255.255.255.255"])
def test_a_host_to_which_no_connection_can_lead_is_none(held: Held, named: str) -> None:
    port = held.open(reliable=True, passive=False)
    port.aim(named, 5000)
    held.ports.poll(0.0)
    port.send(HELLO)
    assert not port.connected


def test_a_connection_of_ours_is_given_up_for_another_one(held: Held) -> None:
    port, listener = held.open(reliable=True, passive=False), held.socket(socket.SOCK_STREAM)
    listener.listen(2)
    assert not port.connected
    port.aim(HOST, listener.getsockname()[1])
    first, _ = listener.accept()
    held.sockets.append(first)
    assert port.connected
    port.renew()
    assert first.recv(1) == b"" and not port.connected
    port.aim(HOST, listener.getsockname()[1])
    second, _ = listener.accept()
    held.sockets.append(second)
    port.send(HELLO)
    assert second.recv(100) == HELLO


def test_a_connection_brings_whole_messages_however_they_are_cut(held: Held) -> None:
    port = held.open(reliable=True)
    stranger, peer = held.socket(socket.SOCK_STREAM, "127.0.0.2"), held.socket(socket.SOCK_STREAM)
    port.aim(HOST, 9)
    stranger.connect((HOST, port.port))
    held.ports.poll(0.0)
    assert stranger.recv(1) == b""
    peer.connect((HOST, port.port))
    data = HELLO + REQUEST
    for at in range(0, len(data), 5):
        peer.sendall(data[at : at + 5])
        held.ports.poll(0.0)
    assert held.came == [HELLO, REQUEST]
    port.send(HELLO)
    assert peer.recv(100) == HELLO
    again = held.socket(socket.SOCK_STREAM)
    again.connect((HOST, port.port))
    held.ports.poll(0.0)
    assert peer.recv(1) == b""
    again.close()
    held.ports.poll(0.0)
    port.send(HELLO)


def test_a_passive_host_is_connected_to_once(held: Held) -> None:
    port, listener = held.open(reliable=True, passive=False), held.socket(socket.SOCK_STREAM)
    listener.listen(2)
    for _ in range(2):
        port.aim(HOST, listener.getsockname()[1])
    connection, _ = listener.accept()
    held.sockets.append(connection)
    held.ports.poll(0.0)
    port.send(HELLO)
    assert connection.recv(100) == HELLO
    connection.sendall(REQUEST)
    held.ports.poll(0.0)
    assert held.came == [REQUEST]
    listener.settimeout(0)
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_a_message_without_end_and_a_reader_who_does_not_read_lose_their_connection(held: Held) -> None:
    port = held.open(reliable=True)
    port.aim(HOST, 9)
    for fills in (False, True):
        peer = held.socket(socket.SOCK_STREAM)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.connect((HOST, port.port))
        if fills:
            held.ports.poll(0.0)
            for _ in range(1000):
                port.send(bytes(MAX_UNSENT // 2))
        else:
            peer.sendall(HEADER.pack(0x20, 1, MAX_PAYLOAD // 4 + 1, 7, 1, 18))
            held.ports.poll(0.0)
        while peer.recv(65536):
            pass
    assert held.came == []


class TlsClient:
    """A client of TLS with a certificate, or without, whose records cross a socket as the ports are polled."""

    def __init__(self, held: Held, port: FloorPort, certificate: Certificate | None) -> None:
        self._held, self._socket = held, held.socket(socket.SOCK_STREAM)
        self._socket.connect((HOST, port.port))
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        if certificate is not None:
            context.use_certificate(certificate._cert)
            context.use_privatekey(certificate._key)
        self._connection = SSL.Connection(context, None)
        self._connection.set_connect_state()

    def cross(self) -> bytes | None:
        """Let what is written cross until both sides are silent; return what came, None after the end."""
        self._socket.settimeout(0.2)
        while True:
            with contextlib.suppress(SSL.WantReadError):
                self._connection.do_handshake()
            with contextlib.suppress(SSL.WantReadError):
                self._socket.sendall(self._connection.bio_read(65536))
            self._held.ports.poll(0.0)
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                break
            except ConnectionError:
                return None
            if not data:
                return None
            self._connection.bio_write(data)
        try:
            return self._connection.recv(1000)
        except SSL.WantReadError:
            return b""

    def say(self, data: bytes) -> None:
        """Write something."""
        self._connection.send(data)


def named(certificate: Certificate) -> list[tuple[str, str]]:
    algorithm, _, value = fingerprint(certificate).partition(" ")
    return [(algorithm, value)]


@pytest.mark.parametrize("has", [True, False])
def test_by_tls_messages_of_the_named_certificate_are_taken_and_answered(held: Held, has: bool) -> None:
    port, certificate = held.open(reliable=True, encrypted=True), make_certificate() if has else None
    port.fingerprints = [] if certificate is None else named(certificate)
    port.aim(HOST, 9)
    client = TlsClient(held, port, certificate)
    port.send(REQUEST)  # nobody is there yet
    assert client.cross() == b""
    client.say(HELLO[:5])
    client.say(HELLO[5:] + REQUEST)
    assert client.cross() == b"" and held.came == [HELLO, REQUEST]
    port.send(HELLO)
    assert client.cross() == HELLO


@pytest.mark.parametrize("has", [True, False])
def test_by_tls_another_certificate_none_and_plain_bytes_end_the_connection(held: Held, has: bool) -> None:
    port = held.open(reliable=True, encrypted=True)
    port.fingerprints = named(make_certificate())
    port.aim(HOST, 9)
    client = TlsClient(held, port, make_certificate() if has else None)
    assert client.cross() is None
    plain = held.socket(socket.SOCK_STREAM)
    plain.connect((HOST, port.port))
    plain.sendall(HELLO)
    held.ports.poll(0.0)
    assert plain.recv(100) == b"" and not port.connected and held.came == []
