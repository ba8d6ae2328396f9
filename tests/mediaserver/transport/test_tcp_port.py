"""Tests of the TCP port: a connection acts as an address of its peer, and is of use to nobody without one."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from loadtest.endpoint.ice_checks import Credentials, IceChecks
from loadtest.server.ports import free_port
from mediaserver.transport import stun, tcp_port
from mediaserver.transport.framing import MAX_FRAME, MAX_WAITING
from mediaserver.transport.ice import Address
from mediaserver.transport.probe import Probe
from mediaserver.transport.udp_mux import UdpMux
from mediaserver.transport.webrtc import WebRtcTransport
from mediaserver.worker.engine import LocalEngine
from tests.debian import demand
from tests.mediaserver.meeting import CERTIFICATE, PATIENCE_S, ROOM, Meeting
from tests.mediaserver.transport.peers import IgnoringReceiver, Peer

ROOT = Path(__file__).parents[3]
CHECK = IceChecks(Credentials("me", "x" * 24), Credentials("mine", "y" * 24)).request()


class Browser:
    """A connection to the port, which frames what it sends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.address: Address = writer.get_extra_info("sockname")[:2]

    def send(self, *packets: bytes) -> None:
        self.writer.write(b"".join(len(packet).to_bytes(2) + packet for packet in packets))

    async def packet(self) -> bytes:
        """Return the next packet; empty when the connection is closed."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self.reader.readexactly(int.from_bytes(await self.reader.readexactly(2)))
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""

    async def until_closed(self) -> None:
        while await self.packet():
            pass


class Worker:
    """A port that is polled all the time."""

    def __init__(self) -> None:
        self.mux = UdpMux()
        self._browsers: list[Browser] = []

    async def connect(self, host: str = "127.0.0.1") -> Browser:
        at = [address for address, _ in self.mux.tcp.addresses].index(host)
        browser = Browser(*await asyncio.open_connection(*self.mux.tcp.addresses[at]))
        self._browsers.append(browser)
        return browser

    async def until(self, count: int) -> None:
        """Wait until there are so many connections."""
        async with asyncio.timeout(PATIENCE_S):
            while self.mux.tcp.connections != count:
                await asyncio.sleep(0.001)

    async def poll(self) -> None:
        while True:
            self.mux.poll(time.monotonic())
            await asyncio.sleep(0.001)

    def close(self) -> None:
        for browser in self._browsers:
            browser.writer.close()
        self.mux.close()


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    one = Worker()
    one.mux.open(["127.0.0.1", "::1"], 0)
    one.mux.listen(0)
    polling = asyncio.ensure_future(one.poll())
    yield one
    polling.cancel()
    one.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_connection_is_an_address_of_its_peer(worker: Worker, host: str) -> None:
    peer = Peer()
    worker.mux.register("mine", peer)
    browser = await worker.connect(host)
    browser.send(CHECK)
    assert await browser.packet() == b"answer"
    [(message, address)] = peer.checks
    assert message.username == b"mine:me"
    assert address != browser.address
    assert worker.mux.seen_as(address) == browser.address
    assert worker.mux.seen_as(browser.address) == browser.address
    worker.mux.validate(address, peer)
    port = next(iter(worker.mux._sockets.values())) if host == "127.0.0.1" else list(worker.mux._sockets.values())[1]
    browser.send(b"\x16hello", b"\x17more")
    port.send_run(memoryview(b"\x80" * 3000), 1000, 3, address)
    assert [await browser.packet() for _ in range(3)] == 3 * [b"\x80" * 1000]
    async with asyncio.timeout(PATIENCE_S):
        while len(peer.datagrams) < 2:
            await asyncio.sleep(0.001)
    assert peer.datagrams == [b"\x16hello", b"\x17more"]
    browser.writer.close()
    await worker.until(0)
    assert address not in worker.mux._by_address


async def test_a_browser_is_told_its_own_address(worker: Worker) -> None:
    transport = WebRtcTransport(worker.mux, CERTIFICATE, "them", "x" * 24, [], IgnoringReceiver(), lambda *_: None)
    browser = await worker.connect()
    checks = IceChecks(Credentials("them", "x" * 24), Credentials(transport.ice.fragment, transport.ice.password))
    request = checks.request()
    browser.send(request)
    response = await browser.packet()
    assert checks.accepts(response)
    mapped = stun.mapped(*browser.address, stun.parse(request).transaction_id)
    assert stun.parse(response).body == mapped
    assert transport.is_tcp
    await transport.close()


@pytest.mark.parametrize(
    "bytes_", [b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1", (MAX_FRAME + 1).to_bytes(2), b"\x00\x01\x16"]
)
async def test_a_connection_begins_with_a_framed_check(worker: Worker, bytes_: bytes) -> None:
    browser = await worker.connect()
    browser.writer.write(bytes_)
    assert await browser.packet() == b""
    await worker.until(0)


async def test_a_connection_that_no_peer_owns_is_closed_after_a_while(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = Peer()
    worker.mux.register("mine", peer)
    owned, idle = await worker.connect(), await worker.connect()
    owned.send(CHECK)
    await owned.packet()
    [(_, address)] = peer.checks
    worker.mux.validate(address, peer)
    monkeypatch.setattr(tcp_port, "PROOF_S", -1.0)
    await idle.until_closed()
    assert worker.mux.tcp.connections == 1
    worker.mux.unregister("mine", [address], peer)
    await owned.until_closed()
    assert worker.mux.tcp.connections == 0


async def test_the_oldest_connection_of_a_host_that_no_peer_owns_makes_room(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp_port, "MAX_UNPROVEN", 2)
    first = await worker.connect()
    await worker.until(1)
    others = [await worker.connect() for _ in range(2)]
    assert await first.packet() == b""
    for one in others:
        one.send(CHECK)
    await worker.until(2)


async def test_there_are_so_many_connections_and_no_more(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    peer = Peer()
    worker.mux.register("mine", peer)
    monkeypatch.setattr(tcp_port, "MAX_CONNECTIONS", 2)
    owned, idle = await worker.connect(), await worker.connect()
    owned.send(CHECK)
    await owned.packet()
    worker.mux.validate(peer.checks[0][1], peer)
    third = await worker.connect()
    assert await idle.packet() == b""
    third.send(CHECK)
    await third.packet()
    worker.mux.validate(peer.checks[1][1], peer)
    assert await (await worker.connect()).packet() == b""
    assert worker.mux.tcp.connections == 2


async def test_who_reads_nothing_holds_up_nobody_and_loses_what_comes(worker: Worker) -> None:
    peer = Peer()
    worker.mux.register("mine", peer)
    worker.mux.register("other", peer)
    with socket.create_connection(worker.mux.tcp.addresses[0]) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(len(CHECK).to_bytes(2) + CHECK)
        async with asyncio.timeout(PATIENCE_S):
            while not peer.checks:
                await asyncio.sleep(0.001)
        address = peer.checks[0][1]
        port = next(iter(worker.mux._sockets.values()))
        for _ in range(100):
            port.send_run(memoryview(b"\x16" * 60_000), 1000, 60, address)
            await asyncio.sleep(0.001)
        [connection] = worker.mux.tcp._connections.values()
        assert MAX_WAITING - 1000 <= len(connection.queue) <= MAX_WAITING
        assert worker.mux.tcp.dropped > 1000
        other = await worker.connect()
        other.send(IceChecks(Credentials("me", "x" * 24), Credentials("other", "y" * 24)).request())
        assert await other.packet() == b"answer"


class Relay(asyncio.DatagramProtocol):
    """Passes the datagrams of one endpoint on by a connection, as its browser would send them."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._endpoint: Address | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self._passing = asyncio.ensure_future(self._pass_back())

    async def open(self) -> int:
        """Return the UDP port that stands for the connection."""
        loop = asyncio.get_running_loop()
        self._datagrams, _ = await loop.create_datagram_endpoint(lambda: self, ("127.0.0.1", 0))
        return int(self._datagrams.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._endpoint = addr
        self._browser.send(data)

    async def _pass_back(self) -> None:
        with suppress(asyncio.IncompleteReadError):
            while data := await self._browser.reader.readexactly(
                int.from_bytes(await self._browser.reader.readexactly(2))
            ):
                assert self._datagrams is not None
                self._datagrams.sendto(data, self._endpoint)

    def close(self) -> None:
        self._passing.cancel()
        self._browser.writer.close()
        if self._datagrams is not None:
            self._datagrams.close()


class BehindFirewall(LocalEngine):
    """An engine to whose guests no datagram comes but by connections."""

    def __init__(self) -> None:
        super().__init__(["127.0.0.1"], 0, tcp=True)
        self.relays: list[Relay] = []

    async def connect(self, *arguments: Any, **named: Any) -> str:
        answer = await super().connect(*arguments, **named)
        relay = Relay(Browser(*await asyncio.open_connection(*self._mux.tcp.addresses[0])))
        self.relays.append(relay)
        host, port = self._mux.addresses[0]
        return answer.replace(f" {host} {port} typ", f" {host} {await relay.open()} typ")


async def test_a_meeting_by_tcp() -> None:
    engine = BehindFirewall()
    engine.start()
    meeting = Meeting(engine)
    await meeting.open()
    red, green = (
        await meeting.join("red", "red", 440, floor=True),
        await meeting.join("green", "green", 660, floor=True),
    )
    await meeting.all_seen()
    await red.watch.hears(660)
    await green.watch.hears(440)
    assert [line.tcp for line in (await engine.lines(ROOM)).values()] == [True, True]
    stats = await engine.stats()
    assert (stats["tcp_connections"], stats["tcp_dropped"]) == (2, 0)
    await meeting.close()
    for relay in engine.relays:
        relay.close()


async def test_on_443_haproxy_tells_media_from_pages(worker: Worker, tmp_path: Path) -> None:
    program = demand("haproxy")
    text = (ROOT / "deploy" / "haproxy-media.cfg").read_text()
    peer, seen = Peer(), asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.set_result(await reader.readexactly(6))
        writer.close()

    pages = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = worker.mux.tcp.addresses[0]
    front = free_port()
    for ours, here in (
        ("bind :443", f"bind 127.0.0.1:{front}"),
        ("10.1.2.3:8444 send-proxy-v2", "{}:{}".format(*pages.sockets[0].getsockname())),
        ("backend media-0", f"backend media-{worker.mux.mark}"),
        ("10.1.2.3:40000", f"{host}:{port}"),
        (text[text.index("backend media-1") :], ""),
    ):
        assert ours in text
        text = text.replace(ours, here)
    config = tmp_path / "haproxy.cfg"
    config.write_text(text)
    haproxy = await asyncio.create_subprocess_exec(program, "-db", "-q", "-f", config)
    try:
        fragment = f"{worker.mux.mark}mine"
        worker.mux.register(fragment, peer)
        request = IceChecks(Credentials("me", "x" * 24), Credentials(fragment, "y" * 24)).request()
        browser = Browser(*await connected(front))
        browser.send(request)
        assert await browser.packet() == b"answer"
        page = Browser(*await connected(front))
        page.writer.write(b"\x16\x03\x01\x02\x00\x01")
        assert await seen == b"\x16\x03\x01\x02\x00\x01"
        for each in (browser, page):
            each.writer.close()
    finally:
        haproxy.kill()
        await haproxy.wait()
        pages.close()


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection to a port, once somebody listens there."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(ConnectionRefusedError):
                return await asyncio.open_connection("127.0.0.1", port)
            await asyncio.sleep(0.02)


async def test_fragments_begin_with_the_digit_of_their_worker(worker: Worker) -> None:
    transport = WebRtcTransport(worker.mux, CERTIFICATE, "them", "x" * 24, [], IgnoringReceiver(), lambda *_: None)
    probe = Probe(worker.mux)
    probe.open(0.0)
    digit = str(worker.mux.addresses[0][1])[-1]
    assert [(each.fragment[0], len(each.fragment)) for each in (transport.ice, probe)] == [(digit, 8), (digit, 8)]
    await transport.close()


async def test_a_worker_whose_tcp_port_is_taken_goes_without(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        engine = LocalEngine(["127.0.0.1"], port, tcp=True, tcp_fronts=[("10.1.2.3", 443)])
        engine.start()
        probe = await engine.probe()
        assert (probe.addresses, probe.tcp) == ((("127.0.0.1", port),), ())
        assert "no TCP port for browsers that UDP does not reach" in caplog.text
        await engine.close()
    engine = LocalEngine(["127.0.0.1"], port, tcp=True, tcp_fronts=[("10.1.2.3", 443)])
    engine.start()
    assert (await engine.probe()).tcp == (("127.0.0.1", port), ("10.1.2.3", 443))
    await engine.close()


def test_a_64_is_one_host() -> None:
    assert [tcp_port.network_of(each) for each in ("192.0.2.1", "2001:db8:1:2:3::4", "2001:db8:1:2::9")] == [
        "192.0.2.1",
        "2001:db8:1:2::",
        "2001:db8:1:2::",
    ]
