"""Limits of the number and the times of connections, over real sockets with and without TLS."""

import asyncio
import resource
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
import uvloop
from aiohttp import web

from signaling.app import serve, tls
from signaling.http import listener as http_listener
from signaling.http import proxy_protocol
from signaling.http.listener import Limits, Listener
from signaling.http.middleware import source_of
from tests.signaling.world import NOW, PATIENCE_S, wait_until

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
PATIENT = Limits(total=100, per_address=100, handshake_s=60.0, header_s=60.0, linger_s=0.1)
SLOW_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "


@dataclass
class ListenerFixture:
    """A small application behind a listener, and clients that connect to it."""

    listener: Listener
    port: int

    async def connect(self, sent: bytes = b"", source: str = "127.0.0.1") -> Streams:
        """Connect from an address of this machine and say something."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))
        writer.write(sent)
        return reader, writer

    async def ask(self, path: str = "/", source: str = "127.0.0.1") -> tuple[int, str]:
        """Ask on a connection of its own."""
        connector = aiohttp.TCPConnector(local_addr=(source, 0), force_close=True)
        url = f"http://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession(connector=connector) as client, client.get(url) as response:
            return response.status, await response.text()


async def _hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


async def _source(request: web.Request) -> web.Response:
    source = source_of(request)
    return web.Response(text=f"{source.address} {source.port}")


async def _socket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket


@asynccontextmanager
async def open_listener(
    limits: Limits, context: ssl.SSLContext | None = None, proxies: frozenset[str] | None = None
) -> AsyncIterator[ListenerFixture]:
    """Serve a small application within limits of connections."""
    app = web.Application()
    app.add_routes([web.get("/", _hello), web.get("/ws", _socket), web.get("/source", _source)])
    listener = Listener(app, limits, 0.1)
    await listener.start()
    sock = serve._bind("127.0.0.1", 0, "X")
    listener.listen(sock, context, proxies)
    yield ListenerFixture(listener, sock.getsockname()[1])
    await listener.stop()


async def ended(streams: Streams) -> bytes:
    """Return the bytes received until the other side closes."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await streams[0].read()
    except ConnectionResetError:
        return b""
    finally:
        await hang_up(streams)


async def hang_up(streams: Streams) -> None:
    """Close a connection."""
    streams[1].close()
    with suppress(ConnectionError):
        await streams[1].wait_closed()


@pytest.mark.parametrize("sent", [b"", SLOW_HEAD], ids=["silent", "slow"])
async def test_silent_connections_shut_nobody_out(sent: bytes) -> None:
    async with open_listener(replace(PATIENT, per_address=10)) as listening:
        idle = [await listening.connect(sent) for _ in range(10)]
        await wait_until(lambda: listening.listener._count == 10)
        assert [await listening.ask() for _ in range(3)] == [(200, "hello")] * 3
        assert await ended(idle[0]) == b""  # the oldest
        assert listening.listener.refused == 0
        for streams in idle[1:]:
            await hang_up(streams)


async def test_a_websocket_is_cut_by_nobody_and_keeps_out_who_comes_beyond_the_limit() -> None:
    async with open_listener(replace(PATIENT, per_address=3)) as listening, aiohttp.ClientSession() as client:
        sockets = [await client.ws_connect(f"http://127.0.0.1:{listening.port}/ws") for _ in range(2)]
        idle = [await listening.connect() for _ in range(20)]
        await wait_until(lambda: listening.listener.displaced == 19)
        third = await client.ws_connect(f"http://127.0.0.1:{listening.port}/ws")
        for socket in (*sockets, third):
            await socket.send_str("still here")
            assert await socket.receive_str() == "still here"
        assert [await ended(streams) for streams in idle] == [b""] * 20
        assert await ended(await listening.connect()) == b""
        assert listening.listener.refused == 1
        await third.close()
        await wait_until(lambda: listening.listener._count == 2)
        assert await listening.ask() == (200, "hello")
        for socket in sockets:
            await socket.close()


async def test_one_address_at_its_limit_keeps_no_other_out() -> None:
    async with open_listener(replace(PATIENT, total=10, per_address=8)) as listening, aiohttp.ClientSession() as client:
        sockets = [await client.ws_connect(f"http://127.0.0.1:{listening.port}/ws") for _ in range(8)]
        assert await ended(await listening.connect()) == b""
        others = [await listening.connect(source="127.0.0.2") for _ in range(2)]
        await wait_until(lambda: listening.listener._count == 10)
        assert await listening.ask(source="127.0.0.3") == (200, "hello")  # in place of who has most and says nothing
        assert await ended(others[0]) == b""
        for socket in sockets:
            await socket.close()
        await hang_up(others[1])


async def test_a_connection_that_was_answered_makes_room_again() -> None:
    async with open_listener(replace(PATIENT, per_address=1)) as listening, aiohttp.ClientSession() as client:
        for _ in range(2):
            async with client.get(f"http://127.0.0.1:{listening.port}/") as response:
                assert await response.text() == "hello"
        assert await listening.ask() == (200, "hello")
        assert (listening.listener.displaced, listening.listener.refused) == (1, 0)


@pytest.mark.parametrize("sent", [b"", SLOW_HEAD], ids=["silent", "slow"])
async def test_headers_that_do_not_come_end_a_connection(sent: bytes) -> None:
    async with open_listener(replace(PATIENT, header_s=0.1)) as listening:
        assert await ended(await listening.connect(sent)) == b""
        await wait_until(lambda: listening.listener._count == 0)


async def test_a_handshake_that_does_not_come_ends_a_connection(tmp_path: Path) -> None:
    context = tls.context(tmp_path, (), NOW)
    async with open_listener(replace(PATIENT, handshake_s=0.1), context) as listening:
        assert await ended(await listening.connect()) == b""
        assert await ended(await listening.connect(b"GET / HTTP/1.1\r\n\r\n")) != b"HTTP/1.1 200 OK"
        await wait_until(lambda: listening.listener._count == 0)
        listening.listener._limits = PATIENT  # a busy machine takes longer for a handshake
        url = f"https://127.0.0.1:{listening.port}/"
        async with aiohttp.ClientSession() as client, client.get(url, ssl=False) as response:
            assert await response.text() == "hello"


def test_the_process_may_open_as_many_as_it_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    limits_set: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits_set.append(pair))

    def allowed(soft: int, hard: int) -> tuple[int, int]:
        monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
        found = http_listener.limits()
        return found.total, found.per_address

    assert allowed(1024, 524288) == (4096, 1024)
    assert allowed(1024, 1024) == (768, 576)
    assert allowed(resource.RLIM_INFINITY, resource.RLIM_INFINITY) == (4096, 1024)
    assert limits_set == [(65536, 524288)]


@pytest.mark.parametrize(
    "test",
    [
        test_a_websocket_is_cut_by_nobody_and_keeps_out_who_comes_beyond_the_limit,
        test_one_address_at_its_limit_keeps_no_other_out,
        test_a_connection_that_was_answered_makes_room_again,
    ],
)
def test_the_loop_of_the_product_does_the_same(test: Callable[[], Coroutine[None, None, None]]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test())


def test_handshakes_end_on_the_loop_of_the_product(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test_a_handshake_that_does_not_come_ends_a_connection(tmp_path))


PROXY = frozenset({"127.0.0.2"})
CLOSED = b"GET /source HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def test_what_a_proxy_passes_on_counts_for_the_address_that_it_names() -> None:
    async with open_listener(replace(PATIENT, per_address=2), proxies=PROXY) as listening:
        header = proxy_protocol.write(("192.0.2.7", 50000), ("192.0.2.1", 443))
        answer = await ended(await listening.connect(header + CLOSED, "127.0.0.2"))
        assert answer.endswith(b"192.0.2.7 50000")
        health_check = proxy_protocol.SIGNATURE + b"\x20\x00\0\0"
        assert b"\r\n\r\n127.0.0.2 " in await ended(await listening.connect(health_check + CLOSED, "127.0.0.2"))
        first = await listening.connect(header, "127.0.0.2")
        await wait_until(lambda: listening.listener._count == 1)
        second = await listening.connect(header, "127.0.0.2")
        await wait_until(lambda: listening.listener._count == 2)
        third = await listening.connect(header, "127.0.0.2")  # displaces the first of the same address
        assert await ended(first) == b""
        other = proxy_protocol.write(("192.0.2.8", 50000), ("192.0.2.1", 443))
        assert (await ended(await listening.connect(other + CLOSED, "127.0.0.2"))).endswith(b"192.0.2.8 50000")
        for streams in (second, third):
            await hang_up(streams)


@pytest.mark.parametrize(
    ("sent", "source"),
    [
        (proxy_protocol.write(("192.0.2.7", 50000), ("192.0.2.1", 443)) + CLOSED, "127.0.0.1"),
        (CLOSED, "127.0.0.2"),
        (proxy_protocol.SIGNATURE + b"\x21\x11\xff\xff", "127.0.0.2"),
        (proxy_protocol.SIGNATURE[:5], "127.0.0.2"),
    ],
    ids=["stranger", "no header", "too long", "cut off"],
)
async def test_what_is_no_connection_passed_on_by_a_proxy_is_closed(sent: bytes, source: str) -> None:
    async with open_listener(PATIENT, proxies=PROXY) as listening:
        streams = await listening.connect(sent, source)
        with suppress(OSError):  # closed by now
            streams[1].write_eof()
        assert await ended(streams) == b""
        assert listening.listener._count == 0


async def test_who_sends_no_header_in_time_is_closed_and_no_more_wait_than_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_listener, "MOST_HEADERS", 2)
    async with open_listener(replace(PATIENT, handshake_s=0.3), proxies=PROXY) as listening:
        silent = [await listening.connect(b"", "127.0.0.2") for _ in range(3)]
        assert [await ended(streams) for streams in silent] == [b""] * 3
        listening.listener._limits = PATIENT
        header = proxy_protocol.write(("192.0.2.7", 50000), ("192.0.2.1", 443))
        assert (await ended(await listening.connect(header + CLOSED, "127.0.0.2"))).endswith(b"192.0.2.7 50000")
