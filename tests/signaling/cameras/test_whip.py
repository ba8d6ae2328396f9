"""Devices that publish or watch over HTTP: who gets a seat, what is answered, when the seat is free again."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession

from signaling.app.settings import Settings
from signaling.cameras import whip
from tests.fakes import FakeEngine
from tests.signaling.cameras.described import SDP, TOKEN, described
from tests.signaling.world import CAM_RANH, NHA_TRANG, World, open_world, problem_of, wait_until


@pytest.fixture(autouse=True)
def _time_passes_when_we_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the timer off: tests say when devices are checked."""
    monkeypatch.setattr(whip, "WATCH_SECONDS", 3600.0)


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """A served server."""
    async with open_world(settings) as world:
        yield world


async def post(client: ClientSession, path: str, token: str = TOKEN, offer: bytes = b"an offer") -> ClientResponse:
    """Post an offer; the response is read."""
    response = await client.post(path, data=offer, headers={**SDP, "Authorization": f"Bearer {token}"})
    await response.read()
    return response


async def delete(client: ClientSession, path: str, token: str = TOKEN) -> int:
    """End a session; return the status."""
    async with client.delete(path, headers={"Authorization": f"Bearer {token}"}) as response:
        return response.status


def seats(world: World, session: str) -> list[tuple[str, bool, bool]]:
    """Return name, camera and microphone of the seats of a session."""
    roster = world.server.meetings.meetings[session].state.roster
    return [(seat.name, seat.camera, seat.mic) for seat in roster.seats.values()]


async def test_a_device_publishes_into_the_open_session_of_its_point(world: World) -> None:
    _, device = await described(world, NHA_TRANG)
    session, client = await world.session(NHA_TRANG), world.client()
    response = await post(client, f"/whip/{device}")
    assert (response.status, response.content_type, await response.text()) == (
        201,
        "application/sdp",
        "answer to an offer",
    )
    assert seats(world, session.id) == [("UBND.Nha Trang", True, False)]
    assert (await world.audited(1))[0].action == "enter"
    resource = response.headers["Location"]
    assert resource.startswith(f"/whip/{device}/")
    assert await delete(client, resource, "another token of a device") == 401
    assert await delete(client, resource) == 200
    assert seats(world, session.id) == []
    assert await delete(client, resource) == 404


async def test_a_device_that_posts_anew_takes_its_own_seat(world: World) -> None:
    _, device = await described(world, NHA_TRANG)
    session, client = await world.session(NHA_TRANG), world.client()
    first, second = [(await post(client, f"/whip/{device}")).headers["Location"] for _ in range(2)]
    await world.server.whip.watch()
    assert [await delete(client, each) for each in (first, second)] == [404, 200]
    assert seats(world, session.id) == []


async def test_a_device_that_watches_sends_nothing(world: World) -> None:
    _, device = await described(world, NHA_TRANG, protocol="WHEP")
    session, client = await world.session(NHA_TRANG), world.client()
    assert (await post(client, f"/whip/{device}")).status == 401
    assert (await post(client, f"/whep/{device}")).status == 201
    assert seats(world, session.id) == [("UBND.Nha Trang", False, False)]


async def test_a_seat_is_free_when_media_are_gone_or_the_host_throws_the_device_out(world: World) -> None:
    _, device = await described(world, NHA_TRANG)
    session, client = await world.session(NHA_TRANG), world.client()
    location = (await post(client, f"/whip/{device}")).headers["Location"]
    meeting = world.server.meetings.meetings[session.id]
    (seat,) = meeting.state.roster.seats.values()
    await wait_until(lambda: seat.up)
    await world.server.whip.watch()
    assert seats(world, session.id) != []
    await meeting.apply(meeting.state.peer_down(seat.id))
    await world.server.whip.watch()
    assert seats(world, session.id) == []
    assert await delete(client, location) == 404


async def test_a_device_whose_server_was_restarted_posts_anew_or_its_seat_falls_free(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        _, device = await described(world, NHA_TRANG)
        _, other = await described(world, CAM_RANH)
        session, client = await world.session(NHA_TRANG, CAM_RANH), world.client()
        location, _ = [(await post(client, f"/whip/{each}")).headers["Location"] for each in (device, other)]
        await world.server.meetings.leave()
    async with open_world(settings, held=engine) as world:
        client = world.client()
        assert [name for name, _, _ in seats(world, session.id)] == ["UBND.Nha Trang", "UBND.Cam Ranh"]
        assert (await post(client, f"/whip/{device}")).status == 201
        assert await delete(client, location) == 404
        await world.server.meetings.tick(world.clock.advance(13))  # the other one posts nothing, and is absent
        roster = world.server.meetings.meetings[session.id].state.roster
        assert roster.present() == {NHA_TRANG}
        assert set(engine.rooms[session.id].seats) == {seat.id for seat in roster.seats.values() if seat.here}


async def test_who_may_not_publish_is_told_why(world: World) -> None:
    _, device = await described(world, NHA_TRANG)
    client, path = world.client(), f"/whip/{device}"
    early = await post(client, path)
    assert await problem_of(early) == (503, "no-open-session")
    assert early.headers["Retry-After"] == "2"
    await world.session(CAM_RANH)
    assert await problem_of(await post(client, path)) == (503, "no-open-session")  # one without this point
    session = await world.session(NHA_TRANG)
    wrong = await post(client, path, "another token of a device")
    assert (await problem_of(wrong), wrong.headers["WWW-Authenticate"]) == ((401, "bad-token"), "Bearer")
    assert await problem_of(await post(client, "/whip/nobody")) == (401, "bad-token")
    async with client.post(path, data=b"an offer", headers=SDP) as response:
        assert await problem_of(response) == (401, "bad-token")
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    async with client.post(path, json={}, headers=bearer) as response:
        assert await problem_of(response) == (415, "unsupported-type")
    assert await problem_of(await post(client, path, offer=b"\xff")) == (400, "bad-sdp")
    assert await problem_of(await post(client, path, offer=b"a" * 32_769)) == (400, "bad-sdp")
    for method, at, allowed in (("PATCH", f"{path}/x", "DELETE"), ("GET", path, "POST"), ("PUT", path, "POST")):
        async with client.request(method, at, headers=bearer) as response:
            assert (response.status, response.headers["Allow"]) == (405, allowed)
    async with client.options(path) as response:
        assert (response.status, response.headers["Accept-Post"]) == (204, "application/sdp")
        assert "Access-Control-Allow-Origin" not in response.headers
    assert session.id not in world.server.meetings.meetings


async def test_guessed_tokens_lock_their_address(world: World) -> None:
    _, device = await described(world, NHA_TRANG)
    await world.session(NHA_TRANG)
    client = world.client()
    assert [(await post(client, f"/whip/{device}", f"a token that is guess {n}")).status for n in range(21)] == [
        *[401] * 20,
        429,
    ]
    assert (await post(client, f"/whip/{device}")).status == 429
    assert (await world.audited(1))[0].action == "token-locked"


@pytest.mark.parametrize(
    ("facts", "status"),
    [({}, 200), ({"password": "fifteen letters"}, 422), ({"password": None}, 422), ({"dial_out": True}, 422)],
)
async def test_a_token_has_sixteen_characters(world: World, facts: dict[str, Any], status: int) -> None:
    assert (await described(world, NHA_TRANG, **facts))[0] == status
