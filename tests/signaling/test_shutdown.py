"""A server that ends lets nobody in any more, and says so."""

import asyncio

import pytest
from aiohttp import WSServerHandshakeError

from tests.signaling.bodies import registration
from tests.signaling.world import NHA_TRANG, PASSWORD, World, problem_of

SIGN_IN = {"account": "nhatrang", "password": PASSWORD}


async def test_while_it_ends_nobody_signs_in_connects_or_changes_anything(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    idle, browser = await world.socket("nhatrang"), await world.signed_in("host")
    world.roof.hub.stopping = True
    async with world.client().post("/api/v1/login", json=SIGN_IN) as response:
        assert (response.headers["Retry-After"], await problem_of(response)) == ("2", (503, "shutting-down"))
    async with browser.post("/api/v1/registrations", json=registration()) as response:
        assert await problem_of(response) == (503, "shutting-down")
    with pytest.raises(WSServerHandshakeError) as refused:
        await browser.ws_connect("/ws")
    assert (refused.value.status, refused.value.headers and refused.value.headers["Retry-After"]) == (503, "2")
    assert (await idle.ask(type="join", code=session.code, accepted=True))["error"] == "shutting-down"
    assert (await idle.ask(type="test-room"))["error"] == "shutting-down"
    async with browser.get("/api/v1/me") as response:
        assert response.status == 200
    async with browser.get("/readyz") as response:
        assert (response.status, (await response.json())["status"]) == (503, "stopping")
    assert (await host.ask(type="ping"))["type"] == "pong"

    await world.roof.hub.stop()
    for socket in (host, idle):
        assert (await socket.type("bye"))["reason"] == "shutdown"
        assert await socket.closed() == 1000


async def test_a_join_under_way_when_the_server_is_told_to_end_seats_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.session(NHA_TRANG)
    socket = await world.socket("nhatrang")
    enter, reached, go_on = world.roof.hub.meeting, asyncio.Event(), asyncio.Event()

    async def held(*arguments: object) -> object:
        reached.set()
        await go_on.wait()
        return await enter(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(world.roof.hub, "meeting", held)
    joining = asyncio.create_task(socket.ask(type="join", code=session.code, accepted=True))
    await reached.wait()
    world.roof.hub.stopping = True
    go_on.set()
    assert (await joining)["error"] == "shutting-down"
    assert world.roof.hub.meetings == {}
