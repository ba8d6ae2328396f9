"""A socket is closed when its sign-in ends, and stays when that merely expires.

Also tests `signaling/http/cookies.py`.
"""

from datetime import timedelta

import pytest
from aiohttp import WSServerHandshakeError

from signaling.accounts.passwords import Passwords
from signaling.accounts.store import AccountStore
from signaling.core.account import digest
from signaling.http.cookies import EXPIRED_LASTS
from signaling.meeting import sign_out
from tests.signaling.world import CAM_RANH, NHA_TRANG, NOW, PASSWORD, Socket, World, problem_of, wait_until

NEW = "quite another password"
HALF_A_DAY = 12 * 3600.0


@pytest.fixture(autouse=True)
def _no_periodic_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for ended sign-ins only when a test calls `look`, not every two seconds as well."""
    monkeypatch.setattr(sign_out, "LOOK_SECONDS", 3600.0)


async def byes(*sockets: Socket) -> list[str]:
    """Return why each socket was told bye, once it is closed."""
    reasons = [(await socket.type("bye"))["reason"] for socket in sockets]
    for socket in sockets:
        await socket.closed()
    return reasons


async def test_signing_out_hangs_up_what_came_with_that_login_alone(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, _ = await world.join("host", session)
    browser, other = await world.signed_in("nhatrang"), await world.signed_in("nhatrang")
    seated = Socket(await browser.ws_connect("/ws", max_msg_size=0, autoping=False))
    idle = Socket(await browser.ws_connect("/ws", max_msg_size=0, autoping=False))
    elsewhere = Socket(await other.ws_connect("/ws", max_msg_size=0, autoping=False))
    joined = await seated.ask(type="join", code=session.code, accepted=True)
    assert joined["type"] == "joined"
    async with browser.post("/api/v1/logout", json={}) as response:
        assert response.status == 204
    assert await byes(seated, idle) == ["signed-out", "signed-out"]
    await host.seat(NHA_TRANG, here=False)
    assert joined["seat"] not in world.engine.rooms[session.id].seats
    assert (await elsewhere.ask(type="ping"))["type"] == "pong"


async def test_a_guest_in_the_waiting_room_is_hung_up_too(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    browser = await world.signed_in("camranh")
    waiting = Socket(await browser.ws_connect("/ws", max_msg_size=0, autoping=False))
    assert (await waiting.ask(type="join", code=session.code, accepted=True))["type"] == "waiting"
    await host.until(lambda m: m["type"] == "door" and len(m["waiting"]) == 1)
    async with browser.post("/api/v1/logout", json={}) as response:
        assert response.status == 204
    assert await byes(waiting) == ["signed-out"]
    await host.until(lambda m: m["type"] == "door" and m["waiting"] == [])


async def test_a_changed_password_hangs_up_every_socket_of_the_account(world: World) -> None:
    session = await world.session(NHA_TRANG)
    socket, _ = await world.join("nhatrang", session)
    host, _ = await world.join("host", session)
    browser = await world.signed_in("nhatrang")
    async with browser.post("/api/v1/password", json={"current": PASSWORD, "password": NEW}) as response:
        assert response.status == 200
    assert await byes(socket) == ["signed-out"]
    assert (await host.ask(type="ping"))["type"] == "pong"
    async with browser.get("/api/v1/me") as response:
        assert response.status == 200


async def test_sign_ins_ended_by_the_command_line_are_hung_up_with_the_next_look(world: World) -> None:
    session = await world.session(NHA_TRANG)
    socket, _ = await world.join("nhatrang", session)
    host, _ = await world.join("host", session)
    await world.server.sign_out.look()
    elsewhere = AccountStore(world.services.database)
    await elsewhere.set_password("nhatrang", await Passwords().hash(NEW), False, NOW)
    await world.server.sign_out.look()
    assert await byes(socket) == ["signed-out"]
    assert (await host.ask(type="ping"))["type"] == "pong"


async def test_a_login_that_expires_cuts_nobody_who_is_seated_and_opens_nothing_else(world: World) -> None:
    session = await world.session(NHA_TRANG, start=timedelta(hours=11))
    other = await world.session(NHA_TRANG, CAM_RANH, start=timedelta(hours=11))
    browser = await world.signed_in("nhatrang")
    world.clock.advance(HALF_A_DAY - 1800)
    seated = Socket(await browser.ws_connect("/ws", max_msg_size=0, autoping=False))
    joined = await seated.ask(type="join", code=session.code, accepted=True)
    assert joined["type"] == "joined"
    idle = Socket(await browser.ws_connect("/ws", max_msg_size=0, autoping=False))
    world.clock.advance(1800)
    await world.signed_in("host")  # which forgets old logins
    await world.server.sign_out.look()

    assert (await seated.ask(type="ping"))["type"] == "pong"
    await seated.send(type="hand", raised=True)
    await seated.seat(joined["seat"], hand=1)
    async with browser.get("/api/v1/me") as response:
        assert await problem_of(response) == (401, "signed-out")
    for code in (session.code, other.code):
        assert (await idle.ask(type="join", code=code, accepted=True))["error"] == "signed-out"
    assert (await idle.ask(type="test-room"))["error"] == "signed-out"

    await seated.socket.close()
    await wait_until(lambda: len(world.server.meetings.clients) == 1)
    browser.cookie_jar.clear(lambda cookie: cookie.key == "diemcau")  # as a browser does after twelve hours
    again = Socket(await browser.ws_connect("/ws", max_msg_size=0, autoping=False))
    resume = joined["resume"]
    reply = await again.ask(type="join", code=other.code, resume=resume, accepted=True)
    assert reply["error"] == "signed-out"
    back = await again.ask(type="join", code=session.code, resume=resume, accepted=True)
    assert (back["type"], back["seat"]) == ("joined", joined["seat"])
    await again.send(type="leave")
    assert await byes(again) == ["left"]
    with pytest.raises(WSServerHandshakeError):
        await browser.ws_connect("/ws")


async def test_a_client_seated_longer_than_expired_sign_ins_are_stored_stays(world: World) -> None:
    session = await world.session(NHA_TRANG, start=timedelta(hours=11))
    world.clock.advance(HALF_A_DAY - 1800)
    browser = await world.signed_in("nhatrang")
    seated = Socket(await browser.ws_connect("/ws", max_msg_size=0, autoping=False))
    assert (await seated.ask(type="join", code=session.code, accepted=True))["type"] == "joined"
    world.clock.advance(HALF_A_DAY + EXPIRED_LASTS.total_seconds())
    await world.signed_in("host")  # which forgets old logins
    assert await world.services.accounts.logins({client.login.id for client in world.server.meetings.clients}) == set()
    await world.server.sign_out.look()
    assert (await seated.ask(type="ping"))["type"] == "pong"


async def test_an_expired_login_is_none_once_the_password_was_changed(world: World) -> None:
    browser = await world.signed_in("nhatrang")
    token = browser.cookie_jar.filter_cookies(world.http.make_url("/"))["diemcau"].value
    world.clock.advance(HALF_A_DAY)
    now = world.clock()
    assert await world.server.sign_in.account(token, "127.0.0.1", now) is None
    assert (await world.server.sign_in.login_of(token, "127.0.0.1", now)).id == digest(token)  # type: ignore[union-attr]
    await world.server.sign_in.lock("nhatrang", NOW)
    assert await world.server.sign_in.login_of(token, "127.0.0.1", now) is None
