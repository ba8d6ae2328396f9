"""A simulated point takes its seat again: over a WebSocket of a scripted server, with a scripted endpoint."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from loadtest.endpoint import participant
from loadtest.endpoint.endpoint import Endpoint, Sending
from loadtest.endpoint.participant import Participant, Rejected
from loadtest.endpoint.receive_counters import ReceiveCounters
from loadtest.endpoint.reconnecting import FIRST_TRIES, SEAT_POLL_S, ReconnectingParticipant
from loadtest.endpoint.transport import TransportFailed
from loadtest.server.rest_client import Client

SEAT = {"seat": "s1", "point": "p1", "name": "Vạn Phú", "here": True, "hand": 0, "floor": False}


@dataclass
class FakeEndpoint:
    """An endpoint whose transport a test drops, or never lets connect."""

    fails: bool = False
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
    """Seats every participant, unless it is told to refuse."""

    joins: list[dict[str, Any]] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            told = json.loads(message.data)
            await socket.send_json({**self._answer(told), "ref": told.get("ref")})
            if told["type"] == "media":
                self.sockets.append(socket)
                async with self.arrived:
                    self.arrived.notify_all()
        return socket

    def _answer(self, told: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(told["type"])
        if told["type"] == "join":
            self.joins.append(told)
            if self.refusals:
                return {"type": "error", "error": self.refusals.pop(0), "text": "no"}
            seated = {"seat": "s1", "resume": f"token-{len(self.joins)}", "role": "component", "controller": False}
            return {"type": "joined", **seated, "recording": {"on": False}, "seats": [SEAT]}
        return {"type": "answer", "sdp": "answer"} if told["type"] == "offer" else {"type": "done"}

    async def seated(self, times: int) -> web.WebSocketResponse:
        """Wait until somebody has sat so many times; return the last socket."""
        async with asyncio.timeout(20), self.arrived:
            await self.arrived.wait_for(lambda: len(self.sockets) >= times)
        return self.sockets[-1]


@dataclass
class ReconnectingPoint:
    """One point at the scripted server, with everything it did."""

    door: ScriptedServer
    point: ReconnectingParticipant
    endpoints: list[FakeEndpoint]
    said: list[str]
    pauses: list[float]
    tasks: "list[asyncio.Task[str]]" = field(default_factory=list)

    def stay(self) -> "asyncio.Task[str]":
        self.tasks.append(asyncio.ensure_future(self.point.stay()))
        return self.tasks[-1]


Call = Callable[..., Awaitable[ReconnectingPoint]]


@pytest.fixture
async def call(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Call]:
    """Seats a point; `fails` lists the endpoints by number that never connect, `taken` the results of the looks."""
    monkeypatch.setattr(participant, "GRACE_S", 0.05)
    app, door = web.Application(), ScriptedServer()
    app.router.add_get("/ws", door.serve)
    server = TestServer(app)
    await server.start_server()
    client = Client(str(server.make_url("/")))
    lines: list[ReconnectingPoint] = []

    async def make(fails: tuple[int, ...] = (), taken: tuple[bool, ...] = ()) -> ReconnectingPoint:
        endpoints: list[FakeEndpoint] = []
        said: list[str] = []
        pauses: list[float] = []
        looks = iter(taken)

        def endpoint() -> Endpoint:
            endpoints.append(FakeEndpoint(fails=len(endpoints) + 1 in fails))
            return cast("Endpoint", endpoints[-1])

        async def pause(seconds: float) -> None:
            pauses.append(seconds)

        def person() -> Participant:
            return Participant(client, endpoint)

        point = ReconnectingParticipant("Vạn Phú", person, said.append, lambda: next(looks), pause)
        lines.append(ReconnectingPoint(door, point, endpoints, said, pauses))
        await point.sit("1234567890")
        return lines[-1]

    yield make
    for line in lines:
        for task in line.tasks:
            task.cancel()
        await asyncio.gather(*line.tasks, return_exceptions=True)
        await line.point.leave()
    await client.close()
    await server.close()


async def test_a_lost_socket_is_opened_again_for_the_same_seat(call: Call) -> None:
    line = await call()
    staying = line.stay()
    socket = await line.door.seated(1)
    transport = socket._req.transport if socket._req else None
    assert transport is not None
    transport.abort()
    await line.door.seated(2)
    assert [join.get("resume") for join in line.door.joins] == [None, "token-1"]
    assert line.endpoints[0].closed.is_set() and not line.endpoints[1].closed.is_set()
    assert "leave" not in line.door.asked
    await line.door.sockets[-1].send_json({"type": "bye", "reason": "ended"})
    await line.door.sockets[-1].close()
    assert await staying == "ended"
    assert line.said == ["Vạn Phú lost its line (lost) and comes back …", "Vạn Phú is back."]
    assert line.pauses == [1]


async def test_a_dropped_transport_is_made_anew_over_a_new_socket(call: Call) -> None:
    line = await call()
    line.stay()
    await line.door.seated(1)
    line.endpoints[0].closed.set()
    await line.door.seated(2)
    assert [join.get("resume") for join in line.door.joins] == [None, "token-1"]
    assert line.said[0] == "Vạn Phú lost its line (media) and comes back …"


async def test_it_tries_until_it_sits(call: Call) -> None:
    line = await call(fails=(2, 4))
    line.stay()
    line.door.refusals = ["unavailable"]
    line.endpoints[0].closed.set()
    await line.door.seated(2)
    assert [join.get("resume") for join in line.door.joins] == [None, *["token-1"] * 3]
    assert line.pauses == [1, 2, 4]
    assert [each.closed.is_set() for each in line.endpoints] == [True, True, False]


async def test_new_media_that_the_server_asks_for_are_no_loss(call: Call) -> None:
    line = await call()
    staying = line.stay()
    socket = await line.door.seated(1)
    await socket.send_json({"type": "renew"})
    async with asyncio.timeout(20):
        while len(line.endpoints) < 2:
            await asyncio.sleep(0)
        await line.endpoints[0].closed.wait()
    await socket.send_json({"type": "bye", "reason": "cancelled"})
    await socket.close()
    assert await staying == "cancelled"
    assert (len(line.door.joins), line.said) == (1, [])


@pytest.mark.parametrize("word", ["ended", "cancelled", "revoked", "removed", "turned-away"])
async def test_who_is_sent_away_stays_away(call: Call, word: str) -> None:
    line = await call()
    socket = await line.door.seated(1)
    await socket.send_json({"type": "bye", "reason": word})
    await socket.close()
    assert await line.point.stay() == word
    assert (len(line.door.joins), line.point.participant, line.pauses) == (1, None, [])


async def test_a_session_that_ended_meanwhile_is_not_asked_for_again(call: Call) -> None:
    line = await call()
    line.door.refusals = ["ended"]
    line.endpoints[0].closed.set()
    assert await line.point.stay() == "ended"
    assert (len(line.door.joins), line.pauses) == (2, [1])


async def test_a_visitor_who_takes_the_seat_keeps_it_until_it_leaves(call: Call) -> None:
    line = await call(taken=(True, True, False))
    line.stay()
    socket = await line.door.seated(1)
    await socket.send_json({"type": "bye", "reason": "replaced"})
    await socket.close()
    await line.door.seated(2)
    assert line.pauses == [SEAT_POLL_S, SEAT_POLL_S, SEAT_POLL_S, 1]
    assert [join.get("resume") for join in line.door.joins] == [None, None]


async def test_the_first_seat_must_be_had(call: Call) -> None:
    with pytest.raises(TransportFailed):
        await call(fails=(1, 2, 3, 4))


async def test_the_first_seat_is_had_in_a_few_tries(call: Call) -> None:
    line = await call(fails=(1, 2))
    assert line.pauses == [1, 2]
    assert line.said == ["Vạn Phú cannot take its seat yet (nobody answers) …"] * 2
    assert line.point.participant is not None


async def test_a_refusal_names_its_word(call: Call) -> None:
    line = await call()
    line.door.refusals = ["full"] * FIRST_TRIES
    with pytest.raises(Rejected, match="full"):
        await line.point.sit("1234567890")
