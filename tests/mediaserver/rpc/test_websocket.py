"""Tests of messages over a real WebSocket."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from mediaserver.rpc import websocket
from mediaserver.rpc.websocket import LIMIT, WebLink

PATIENCE_S = 30.0


@pytest.fixture
async def ends() -> AsyncIterator[tuple[WebLink, WebLink]]:
    """Return both ends of one connection."""
    arrived: asyncio.Future[WebLink] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=LIMIT)
        await socket.prepare(request)
        arrived.set_result(WebLink(socket))
        await over.wait()
        return socket

    app = web.Application()
    app.add_routes([web.get("/", handle)])
    async with TestClient(TestServer(app)) as client:
        near = WebLink(await client.ws_connect("/", max_msg_size=LIMIT))
        far = await arrived
        yield near, far
        near.close()
        over.set()
        async with asyncio.timeout(PATIENCE_S):
            while await far.read() is not None:
                pass


async def test_messages_arrive_in_order_and_the_end_is_none(ends: tuple[WebLink, WebLink]) -> None:
    near, far = ends
    for number in range(100):
        near.write({"id": number, "text": "Điểm cầu"})
    async with asyncio.timeout(PATIENCE_S):
        assert [await far.read() for _ in range(100)] == [{"id": n, "text": "Điểm cầu"} for n in range(100)]
        near.close()
        near.close()
        near.write({"id": 100})
        assert (await far.read(), await near.read()) == (None, None)
        far.write({"id": 101})


async def test_a_reader_that_lets_too_many_messages_wait_is_hung_up_on(
    ends: tuple[WebLink, WebLink], caplog: pytest.LogCaptureFixture
) -> None:
    near, far = ends
    for number in range(websocket.MAX_WAITING):
        near.write({"id": number})
    assert caplog.records == []
    near.write({"id": -1})
    assert [each.getMessage() for each in caplog.records] == ["x 10000 messages wait for the other end"]
    async with asyncio.timeout(PATIENCE_S):
        assert await far.read() is None
