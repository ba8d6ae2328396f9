"""A server that ends lets no client join any more, and tells clients so.

Also tests `application.py`, `build.py` and `lifecycle.py`.
"""

import asyncio

import pytest
from aiohttp import WSServerHandshakeError

from tests.signaling.request_bodies import registration
from tests.signaling.world import NHA_TRANG, PASSWORD, Socket, World, problem_of

SIGN_IN = {"account": "nhatrang", "password": PASSWORD}


async def test_a_server_that_ends_takes_no_sign_in_connection_or_change(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    idle, browser = await world.socket("nhatrang"), await world.signed_in("host")
    world.server.meetings.stopping = True
    async with world.client().post("/api/v1/login", json=SIGN_IN) as response:
        assert (response.headers["Retry-After"], await problem_of(response)) == ("2", (503, "shutting-down"))
    async with browser.post("/api/v1/registrations", json=registration()) as response:
        assert await problem_of(response) == (503, "shutting-down")
    with pytest.raises(WSServerHandshakeError) as refused:
        await browser.ws_connect("/ws")
    assert (refused.value.status, refused.value.headers and refused.value.headers["Retry-After"]) == (503, "2")
    assert (await idle.ask(type="join", code=session.code, accepted=True))["error"] == "shutting-down"
    assert (await idle.ask(type="join", code="0000000000"))["error"] == "shutting-down"  # it counts as no guess
    assert (await idle.ask(type="test-room"))["error"] == "shutting-down"
    async with browser.get("/api/v1/me") as response:
        assert response.status == 200
    async with browser.get("/readyz") as response:
        assert (response.status, (await response.json())["status"]) == (503, "stopping")
    assert (await host.ask(type="ping"))["type"] == "pong"

    await world.server.meetings.stop()
    for socket in (host, idle):
        assert (await socket.type("bye"))["reason"] == "shutdown"
        assert await socket.closed() == 1000


@pytest.mark.parametrize("step", ["meeting", "point_joined"])
async def test_a_join_under_way_when_the_server_is_told_to_end_seats_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Before its meeting is opened, and just before it is seated."""
    session = await world.session(NHA_TRANG)
    socket = await world.socket("nhatrang")
    owner = world.server.meetings if step == "meeting" else world.server.meetings.dependencies.attendance
    go_further, reached, go_on = getattr(owner, step), asyncio.Event(), asyncio.Event()

    async def held(*arguments: object) -> object:
        reached.set()
        await go_on.wait()
        return await go_further(*arguments)

    monkeypatch.setattr(owner, step, held)
    joining = asyncio.create_task(socket.ask(type="join", code=session.code, accepted=True))
    await reached.wait()
    world.server.meetings.stopping = True
    go_on.set()
    assert (await joining)["error"] == "shutting-down"
    seats = {id_: len(meeting.state.roster.seats) for id_, meeting in world.server.meetings.meetings.items()}
    assert seats == ({} if step == "meeting" else {session.id: 0})


async def test_a_socket_that_opens_when_all_others_were_told_bye_is_told_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await world.signed_in("nhatrang")
    login_of, reached, go_on = world.server.sign_in.login_of, asyncio.Event(), asyncio.Event()

    async def held(*arguments: object) -> object:
        reached.set()
        await go_on.wait()
        return await login_of(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(world.server.sign_in, "login_of", held)
    opening = asyncio.create_task(browser.ws_connect("/ws", max_msg_size=0, autoping=False))
    await reached.wait()
    await world.server.meetings.stop()
    go_on.set()
    socket = Socket(await opening)
    assert (await socket.type("bye"))["reason"] == "shutdown"
    assert await socket.closed() == 1000
