"""A media worker that dials several servers serves the one with the latest lease, and no earlier one again."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from loadtest.server.ports import free_port
from mediaserver.rpc.websocket import PATH, SUPERSEDED, receive, send
from mediaserver.worker import remote_worker
from mediaserver.worker.engine import LocalEngine
from mediaserver.worker.remote_worker import RemoteWorker

PATIENCE_S = 30.0


@dataclass
class ScriptedServer:
    """Greets workers with an epoch, welcomes those that let it lead, and notes what they said."""

    epoch: int
    relayed: bool = False
    port: int = field(default_factory=free_port)
    answers: list[str] = field(default_factory=list)
    serving: list[web.WebSocketResponse] = field(default_factory=list)
    results: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    starting: bool = False
    """Whether workers are answered 503, each of which counts in `refused`."""
    refused: int = 0

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one worker. Raises HTTPServiceUnavailable."""
        if self.starting:
            self.refused += 1
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        greeting = {"version": "v", "marker": "", "owner": "province", "epoch": self.epoch, "relayed": self.relayed}
        await send(socket, greeting)
        answer = await receive(socket)
        assert answer is not None
        said = next((f"{name}={answer[name]}" for name in ("waits", "superseded") if name in answer), "serves")
        if said == "serves":
            await send(socket, {"welcome": "media/1"})
            self.serving.append(socket)
        self._note(said)
        while (message := await receive(socket)) is not None:
            self.results.put_nowait(message)
        self._note("left" if socket.close_code == SUPERSEDED else "gone")
        return socket

    async def held(self) -> Any:
        """Ask the worker what it holds, as a server does first."""
        await send(self.serving[-1], {"id": 1, "call": "held", "arguments": {}})
        return await self.results.get()

    async def said(self, *answers: str) -> None:
        """Wait until workers have said exactly this."""
        async with asyncio.timeout(PATIENCE_S):
            while self.answers != list(answers):
                self.changed.clear()
                await self.changed.wait()

    def _note(self, said: str) -> None:
        self.answers.append(said)
        self.changed.set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen on a port, at another time on the same one."""
        app = web.Application()
        app.add_routes([web.get(PATH, self.handle)])
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self.port).start()
            yield
        finally:
            await runner.cleanup()


@asynccontextmanager
async def dialling(*servers: ScriptedServer) -> AsyncIterator[None]:
    """Run a worker that dials these servers."""
    urls = [f"http://127.0.0.1:{each.port}/" for each in servers]
    worker = RemoteWorker(urls, "key", ssl.create_default_context(), lambda: LocalEngine(["127.0.0.1"], 0))
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await running


@pytest.fixture
async def first() -> AsyncIterator[ScriptedServer]:
    """Yield a server that leads with epoch 1."""
    server = ScriptedServer(1)
    async with server.listening():
        yield server


async def test_a_worker_serves_one_of_several_ways_to_the_server_that_leads(first: ScriptedServer) -> None:
    relayed = ScriptedServer(1)
    async with relayed.listening(), dialling(first, relayed):
        async with asyncio.timeout(PATIENCE_S):
            while not (first.answers and relayed.answers):
                await asyncio.sleep(0.01)
        assert sorted(first.answers + relayed.answers) == ["serves", "waits=True"]
        (serving,) = first.serving + relayed.serving
        leading = first if first.serving else relayed
        assert await leading.held() == {"id": 1, "result": {"rooms": [], "writing": {}, "ended": [], "kept": {}}}
        await serving.close()  # that way is cut: the worker comes by the other one, or again
        async with asyncio.timeout(PATIENCE_S):
            while len(first.serving + relayed.serving) < 2:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(("other_first", "said"), [(True, "waits=True"), (False, "serves")])
async def test_a_direct_way_is_preferred_to_a_relayed_one(
    first: ScriptedServer, monkeypatch: pytest.MonkeyPatch, other_first: bool, said: str
) -> None:
    """A server that relays cuts it when it begins to lead, and the one before takes the worker for lost."""
    monkeypatch.setattr(remote_worker, "DIRECT_S", 2.0 if other_first else 0.0)
    relayed = ScriptedServer(1, relayed=True)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(relayed.listening())
        if not other_first:  # no direct way is there
            await stack.enter_async_context(dialling(relayed, ScriptedServer(1)))
        else:
            await stack.enter_async_context(dialling(relayed, first))
            await first.said("serves")
        await relayed.said(said)


async def test_a_way_that_failed_often_is_tried_at_once_when_the_server_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remote_worker, "BACKOFF_S", (3600.0,))
    first, second = ScriptedServer(1), ScriptedServer(2)
    async with AsyncExitStack() as stack:
        async with first.listening():
            await stack.enter_async_context(dialling(first, second))
            await first.said("serves")
            await asyncio.sleep(0.1)  # the other way has failed, and is paused
        async with second.listening():
            await second.said("serves")


async def test_a_way_that_waits_is_tried_again_at_once_when_it_is_cut(
    first: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server at its end begins to lead: pages come there, and would make media anew without their worker."""
    monkeypatch.setattr(remote_worker, "BACKOFF_S", (3600.0,))
    second = ScriptedServer(1, relayed=True)
    async with AsyncExitStack() as stack:
        async with second.listening():
            await stack.enter_async_context(dialling(first, second))
            await second.said("waits=True")
        second.epoch, second.answers = 2, []
        async with second.listening():
            await second.said("serves")
    assert first.answers[:2] == ["serves", "left"]


async def test_a_fault_is_logged_when_it_begins_and_not_at_each_attempt(
    first: ScriptedServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(attempts: int) -> int:
        """Let the worker try so often in vain; return how often the log has said so by then."""
        first.starting, first.refused = True, 0
        async with asyncio.timeout(PATIENCE_S):
            while first.refused < attempts:
                await asyncio.sleep(0.01)
        first.starting = False
        return sum("503" in each.getMessage() for each in caplog.records)

    monkeypatch.setattr(remote_worker, "BACKOFF_S", (0.01,))
    first.starting = True
    async with dialling(first):
        said = [await refuse(4)]
        await first.said("serves")
        first.starting = True
        await first.serving[-1].close()
        said.append(await refuse(4))
    assert said == [1, 2]


async def test_a_later_server_is_served_at_once_and_an_earlier_one_never_again(first: ScriptedServer) -> None:
    second = ScriptedServer(2)
    async with dialling(first, second):
        await first.said("serves")
        async with second.listening():
            await second.said("serves")
            assert (await second.held())["result"]["rooms"] == []
            async with asyncio.timeout(PATIENCE_S):
                while "superseded=2" not in first.answers:
                    await asyncio.sleep(0.01)
            assert (first.answers[:3], len(first.serving)) == (["serves", "left", "superseded=2"], 1)
