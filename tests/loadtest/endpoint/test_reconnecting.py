"""A simulated point takes its seat again: over a WebSocket of a scripted server, with a scripted endpoint.

Also tests `participant.py` and `loadtest/drills/page_endpoint.py`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from loadtest.drills.page_endpoint import PageParticipant
from loadtest.endpoint import participant
from loadtest.endpoint.endpoint import Endpoint, Sending
from loadtest.endpoint.participant import Participant
from loadtest.endpoint.receive_counters import ReceiveCounters
from loadtest.endpoint.reconnecting import FIRST_TRIES, SEAT_POLL_S, ReconnectingParticipant
from loadtest.endpoint.transport import TransportFailed
from loadtest.server.rest_client import Client

SEAT = {"seat": "s1", "point": "p1", "name": "Vạn Phú", "here": True, "hand": 0, "floor": False, "media": "connected"}


@dataclass
class FakeEndpoint:
    """An endpoint whose transport a test drops, or never lets connect."""

    fails: bool = False
    watched: bool = True
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    sending: Sending = field(default_factory=Sending)
    counters: ReceiveCounters = field(default_factory=ReceiveCounters)

    def offer(self) -> str:
        return "offer"

    async def connect(self, _answer: str) -> None:
        if self.fails:
            raise TransportFailed("nobody answers")

    async def close(self) -> None:
        self.closed.set()


@dataclass
class ScriptedServer:
    """Seats every participant, unless `refusals` has an error."""

    joins: list[dict[str, Any]] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    malformed: int = 0
    """So many joins are answered without a seat."""
    moving: int = 0
    """So many rooms move between a message and its reply: an offer, or that of the type `moving_at`."""
    moving_at: str = "offer"
    requests: list[str] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def serve(self, http_request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(http_request)
        async for message in socket:
            request = json.loads(message.data)
            if request["type"] == self.moving_at and self.moving:
                self.moving -= 1
                await socket.send_json({"type": "renew", "keep": True})
            await socket.send_json({**self._reply(request), "ref": request.get("ref")})
            if request["type"] == "media":
                self.sockets.append(socket)
                async with self.arrived:
                    self.arrived.notify_all()
        return socket

    def _reply(self, message: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(message["type"])
        if message["type"] == "join":
            self.joins.append(message)
            if self.refusals:
                return {"type": "error", "error": self.refusals.pop(0), "text": "no"}
            if self.malformed:
                self.malformed -= 1
                return {"type": "joined"}
            seated = {"seat": "s1", "resume": f"token-{len(self.joins)}", "role": "component", "controller": False}
            return {"type": "joined", **seated, "recording": {"on": False}, "seats": [SEAT], "layout": {}}
        return {"type": "answer", "sdp": "answer"} if message["type"] == "offer" else {"type": "done"}

    async def seated(self, times: int) -> web.WebSocketResponse:
        """Wait until somebody has sat so many times; return the last socket."""
        async with asyncio.timeout(20), self.arrived:
            await self.arrived.wait_for(lambda: len(self.sockets) >= times)
        return self.sockets[-1]


@dataclass
class PointFixture:
    """One point at the scripted server, and what it printed and waited for."""

    server: ScriptedServer
    point: ReconnectingParticipant
    endpoints: list[FakeEndpoint]
    printed: list[str]
    delays: list[float]
    client: Client
    make_endpoint: Callable[[], Endpoint]
    tasks: "list[asyncio.Task[str]]" = field(default_factory=list)

    def stay(self) -> "asyncio.Task[str]":
        self.tasks.append(asyncio.ensure_future(self.point.stay()))
        return self.tasks[-1]


MakePoint = Callable[..., Awaitable[PointFixture]]


@pytest.fixture
async def make_point(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MakePoint]:
    """Yield a function that makes a seated point.

    The endpoints numbered in `fails` never connect; `taken` are results of the seat checks.
    """
    monkeypatch.setattr(participant, "GRACE_S", 0.05)
    app, server = web.Application(), ScriptedServer()
    app.router.add_get("/ws", server.serve)
    http_server = TestServer(app)
    await http_server.start_server()
    client = Client(str(http_server.make_url("/")))
    points: list[PointFixture] = []

    async def make(fails: tuple[int, ...] = (), taken: tuple[bool, ...] = ()) -> PointFixture:
        endpoints: list[FakeEndpoint] = []
        printed: list[str] = []
        delays: list[float] = []
        checks = iter(taken)

        def endpoint() -> Endpoint:
            endpoints.append(FakeEndpoint(fails=len(endpoints) + 1 in fails))
            return cast("Endpoint", endpoints[-1])

        async def pause(seconds: float) -> None:
            delays.append(seconds)

        def new_participant() -> Participant:
            return Participant(client, endpoint)

        point = ReconnectingParticipant("Vạn Phú", new_participant, printed.append, lambda: next(checks), pause)
        points.append(PointFixture(server, point, endpoints, printed, delays, client, endpoint))
        await point.sit("1234567890")
        return points[-1]

    yield make
    for point in points:
        for task in point.tasks:
            task.cancel()
        await asyncio.gather(*point.tasks, return_exceptions=True)
        await point.point.leave()
    await client.close()
    await http_server.close()


async def test_a_lost_socket_is_opened_again_for_the_same_seat(make_point: MakePoint) -> None:
    point = await make_point()
    staying = point.stay()
    socket = await point.server.seated(1)
    transport = socket._req.transport if socket._req else None
    assert transport is not None
    transport.abort()
    await point.server.seated(2)
    assert [join.get("resume") for join in point.server.joins] == [None, "token-1"]
    assert point.endpoints[0].closed.is_set() and not point.endpoints[1].closed.is_set()
    assert "leave" not in point.server.requests
    await point.server.sockets[-1].send_json({"type": "bye", "reason": "ended"})
    await point.server.sockets[-1].close()
    assert await staying == "ended"
    assert point.printed == ["Vạn Phú lost its line (lost) and comes back …", "Vạn Phú is back."]
    assert point.delays == [1]


async def test_a_dropped_transport_is_made_anew_over_a_new_socket(make_point: MakePoint) -> None:
    point = await make_point()
    point.stay()
    await point.server.seated(1)
    point.endpoints[0].closed.set()
    await point.server.seated(2)
    assert [join.get("resume") for join in point.server.joins] == [None, "token-1"]
    assert point.printed[0] == "Vạn Phú lost its line (media) and comes back …"


async def test_it_tries_until_it_has_the_seat(make_point: MakePoint) -> None:
    point = await make_point(fails=(2, 4))
    point.stay()
    point.server.refusals = ["unavailable"]
    point.endpoints[0].closed.set()
    await point.server.seated(2)
    assert [join.get("resume") for join in point.server.joins] == [None, *["token-1"] * 3]
    assert point.delays == [1, 2, 4]
    assert [each.closed.is_set() for each in point.endpoints] == [True, True, False]


async def test_renewed_media_is_no_lost_connection(make_point: MakePoint) -> None:
    point = await make_point()
    staying = point.stay()
    socket = await point.server.seated(1)
    await socket.send_json({"type": "renew"})
    async with asyncio.timeout(20):
        while len(point.endpoints) < 2:
            await asyncio.sleep(0)
        await point.endpoints[0].closed.wait()
    await socket.send_json({"type": "bye", "reason": "cancelled"})
    await socket.close()
    assert await staying == "cancelled"
    assert (len(point.server.joins), point.printed) == (1, [])


@pytest.mark.parametrize("fails", [0, 1, participant.RENEWALS])
async def test_while_a_room_moves_the_endpoint_before_goes_on_until_everybody_is_there(
    make_point: MakePoint, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    """Also one that cannot connect there: it connects anew once everybody else is there."""
    monkeypatch.setattr(participant, "RENEWAL_S", 0.0)
    point = await make_point(fails=tuple(range(2, 2 + fails)))
    point.stay()
    socket = await point.server.seated(1)
    await socket.send_json({"type": "renew", "keep": True})
    async with asyncio.timeout(20):
        while len(point.endpoints) < 1 + min(1 + fails, participant.RENEWALS):
            await asyncio.sleep(0)
    before = point.endpoints[0]
    assert (before.closed.is_set(), before.watched, point.endpoints[-1].watched) == (False, True, False)
    await socket.send_json({"type": "moved"})
    async with asyncio.timeout(20):
        await before.closed.wait()
        while len(point.endpoints) < 2 + fails:
            await asyncio.sleep(0)
    after = point.endpoints[-1]
    assert (after.closed.is_set(), after.watched, len(point.server.joins)) == (False, True, 1)


async def test_a_page_whose_media_could_not_be_renewed_connects_with_its_next_socket(
    make_point: MakePoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(participant, "RENEWAL_S", 0.0)
    point = await make_point(fails=tuple(range(3, 3 + participant.RENEWALS)))
    page = PageParticipant(point.client, point.make_endpoint)
    await page.join("1234567890")
    socket = await point.server.seated(2)
    await socket.send_json({"type": "renew"})
    async with asyncio.timeout(20):
        while len(point.endpoints) < 2 + participant.RENEWALS or not point.endpoints[-1].closed.is_set():
            await asyncio.sleep(0)
        assert page.endpoint is None
        transport = socket._req.transport if socket._req else None
        assert transport is not None
        transport.abort()
        while page.endpoint is None:
            await asyncio.sleep(0)
    assert (len(point.server.joins), point.endpoints[-1].closed.is_set()) == (3, False)
    await page.leave()


@pytest.mark.parametrize("times", [1, 2])
async def test_a_point_that_connects_while_its_room_moves_connects_anew_afterwards_and_leaves_no_endpoint_open(
    make_point: MakePoint, times: int
) -> None:
    point = await make_point()
    joining = point.point.participant
    assert joining is not None
    await joining.leave()
    point.server.moving = times
    await joining.join("1234567890")
    async with asyncio.timeout(20):
        while cast("FakeEndpoint", joining.endpoint) is not point.endpoints[-1] or len(point.endpoints) < 2 + times:
            await asyncio.sleep(0)
    assert [each.closed.is_set() for each in point.endpoints] == [True, False, *[True] * (times - 1), False]
    await point.server.sockets[-1].send_json({"type": "moved"})
    async with asyncio.timeout(20):
        await point.endpoints[1].closed.wait()
    assert (cast("FakeEndpoint", joining.endpoint), point.endpoints[-1].watched) == (point.endpoints[-1], True)
    await joining.leave()
    assert all(each.closed.is_set() for each in point.endpoints)


async def test_a_point_that_leaves_while_its_room_moves_connects_no_more(make_point: MakePoint) -> None:
    point = await make_point()
    leaving = point.point.participant
    assert leaving is not None
    point.server.moving, point.server.moving_at = 1, "leave"
    await leaving.leave()
    assert ([each.closed.is_set() for each in point.endpoints], leaving.renewals) == ([True], 1)
    await leaving.join("1234567890")
    assert [each.closed.is_set() for each in point.endpoints] == [True, False]


@pytest.mark.parametrize("word", ["ended", "cancelled", "revoked", "removed", "turned-away"])
async def test_a_point_that_is_removed_stays_away(make_point: MakePoint, word: str) -> None:
    point = await make_point()
    socket = await point.server.seated(1)
    await socket.send_json({"type": "bye", "reason": word})
    await socket.close()
    assert await point.point.stay() == word
    assert (len(point.server.joins), point.point.participant, point.delays) == (1, None, [])


async def test_a_session_that_ended_meanwhile_is_not_asked_for_again(make_point: MakePoint) -> None:
    point = await make_point()
    point.server.refusals = ["ended"]
    point.endpoints[0].closed.set()
    assert await point.point.stay() == "ended"
    assert (len(point.server.joins), point.delays) == (2, [1])


async def test_a_visitor_who_takes_the_seat_keeps_it_until_it_leaves(make_point: MakePoint) -> None:
    point = await make_point(taken=(True, True, False))
    point.stay()
    socket = await point.server.seated(1)
    await socket.send_json({"type": "bye", "reason": "replaced"})
    await socket.close()
    await point.server.seated(2)
    assert point.delays == [SEAT_POLL_S, SEAT_POLL_S, SEAT_POLL_S, 1]
    assert [join.get("resume") for join in point.server.joins] == [None, None]


async def test_a_point_whose_first_joins_all_failed_comes_later(make_point: MakePoint) -> None:
    point = await make_point(fails=(1, 2, 3, 4))
    assert (point.point.participant, len(point.printed)) == (None, FIRST_TRIES)
    staying = point.stay()
    await point.server.seated(1)
    await point.server.sockets[-1].send_json({"type": "bye", "reason": "ended"})
    await point.server.sockets[-1].close()
    assert await staying == "ended"


async def test_a_session_that_ended_before_the_first_seat_ends_the_tries(make_point: MakePoint) -> None:
    point = await make_point(fails=(1, 2, 3, 4))
    point.server.refusals = ["code-unknown"]
    assert await point.point.stay() == "code-unknown"


async def test_whatever_goes_wrong_with_a_point_it_tries_again(make_point: MakePoint) -> None:
    point = await make_point()
    point.server.malformed = 1
    staying = point.stay()
    point.endpoints[0].closed.set()
    await point.server.seated(2)
    assert (staying.done(), point.delays) == (False, [1, 2])


async def test_the_first_join_is_tried_again(make_point: MakePoint) -> None:
    point = await make_point(fails=(1, 2))
    assert point.delays == [1, 2]
    assert point.printed == ["Vạn Phú cannot take its seat yet (nobody answers) …"] * 2
    assert point.point.participant is not None


async def test_a_refusal_names_its_word(make_point: MakePoint) -> None:
    point = await make_point()
    point.server.refusals = ["full"] * FIRST_TRIES
    await point.point.sit("1234567890")
    assert point.printed == ["Vạn Phú cannot take its seat yet (full: no) …"] * FIRST_TRIES
