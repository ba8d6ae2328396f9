"""Valkey ends, hangs, is lost and comes back: it is restarted, clients still join, and meetings notice nothing.

Also tests `redis_keys.py`.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import RedisError

from loadtest.server.sentinels import replicated
from signaling.accounts.throttle import LOGIN_PAIR
from signaling.app.settings import Settings
from signaling.core import redis_keys, valkey
from tests.signaling.fake_room_systems import register, tick, use_fake_agent, wait_for_calls
from tests.signaling.world import CAM_RANH, NHA_TRANG, PASSWORD, PATIENCE_S, World, open_world

VCS = "10.79.6.20"
SENTINELS_S = 90.0
"""Bounds a failover: Sentinels that got no core for two seconds do nothing for thirty (their TILT mode)."""


async def soon(done: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_S) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not await done():
            await asyncio.sleep(0.01)


async def responds(client: Redis) -> bool:
    """Return whether Valkey responds to a request now."""
    try:
        return bool(await client.ping())
    except RedisError:
        return False


async def pid(client: Redis) -> int:
    """Return the process id of the server."""
    return int((await client.info("server"))["process_id"])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
async def test_an_embedded_valkey_that_ends_or_hangs_is_started_again(
    tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    if number is signal.SIGSTOP:  # others are missed at once
        monkeypatch.setattr(valkey, "LATE_SECONDS", 1.0)
    async with valkey.connect(None, tmp_path) as client:
        first = await pid(client)
        await client.set("a", "b")
        os.kill(first, number)
        if number is not signal.SIGSTOP:
            await soon(lambda: _gone(first))
        await soon(lambda: responds(client))
        assert (await pid(client) != first, await client.get("a")) == (True, None)
    assert await _gone(first)


async def _gone(process: int) -> bool:
    return not Path(f"/proc/{process}").exists()


async def test_requests_fail_at_once_while_valkey_is_away(tmp_path: Path) -> None:
    async with valkey.connect(f"unix://{tmp_path}/nobody", tmp_path) as client:

        async def away() -> bool:
            with pytest.raises(Unreachable) as raised:
                await client.ping()
            return str(raised.value) == "Valkey is away"

        await soon(away)


def test_valkey_is_started_at_once_and_after_growing_delays_when_it_keeps_ending() -> None:
    delays, delay = [], 0.0
    for lived in (60, 1, 1, 1, 1, 1, 1, 60, 1):
        delay = valkey.next_delay(delay, lived)
        delays.append(delay)
    assert delays == [0, 0.25, 0.5, 1, 2, 4, 5, 0, 0.25]


class ExternalValkey:
    """A Valkey that a test starts and stops."""

    def __init__(self, directory: Path) -> None:
        self._server = valkey.EmbeddedValkey(directory / "v.sock", directory)
        self.url = self._server.url

    async def come(self) -> None:
        """Start it, empty."""
        async with Redis.from_url(self.url) as pinging:
            assert await self._server.start(pinging)

    async def go(self) -> None:
        """Stop it."""
        await self._server.stop()


@pytest.fixture
async def external(tmp_path: Path) -> AsyncIterator[ExternalValkey]:
    """Yield a Valkey of this test's own."""
    made = ExternalValkey(tmp_path)
    await made.come()
    yield made
    await made.go()


@pytest.fixture
async def world(settings: Settings, external: ExternalValkey) -> AsyncIterator[World]:
    """Yield a server whose Valkey is lost and comes back."""
    async with open_world(replace(settings, redis_url=external.url)) as opened:
        yield opened


async def sign_in(world: World, password: str = PASSWORD) -> int:
    """Sign in; return the status."""
    async with world.client().post("/api/v1/login", json={"account": "camranh", "password": password}) as response:
        return response.status


async def test_meetings_go_on_without_valkey_and_others_come_in_by_the_same_limits(
    world: World, external: ExternalValkey, caplog: pytest.LogCaptureFixture
) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    await world.services.scheduler.set_devices(CAM_RANH, 9)
    host, _ = await world.join("host", session)
    guest, joined = await world.join("nhatrang", session)
    await guest.ask(type="offer", sdp="v=0")
    late, again, second = [await world.socket(name) for name in ("camranh", "nhatrang", "camranh")]
    await external.go()

    assert [await sign_in(world, "wrong") for _ in range(LOGIN_PAIR.limit + 1)] == [401] * LOGIN_PAIR.limit + [429]
    join = {"type": "join", "code": session.code, "accepted": True}
    assert (await late.ask(**join | {"code": "0000000000"}))["error"] == "code-unknown"
    assert (await late.ask(**join))["type"] == "joined"
    assert (await second.ask(**join))["error"] == "full"
    async with world.client().get("/readyz") as response:
        assert (response.status, (await response.json())["valkey"]) == (200, False)

    await host.send(type="floor", seat=joined["seat"], open=True)
    await host.seat(joined["seat"], floor=True)
    await guest.socket.close()
    await host.seat(joined["seat"], media="lost")
    await world.tick(12)
    await host.seat(joined["seat"], here=False)  # its leg is given back, without anybody to give it to
    assert (await again.ask(**join, resume=joined["resume"]))["seat"] == joined["seat"]
    await host.seat(joined["seat"], here=True, floor=True)
    await world.tick(10)
    assert [each for each in caplog.records if each.name == "signaling.meeting.manager"] == []

    await external.come()
    await soon(lambda: _counted(world, 3))
    assert await world.server.meetings.dependencies.connected_devices.connected(session.id) == [3]
    assert await sign_in(world) == 429  # Valkey counts what was wrong meanwhile


async def _counted(world: World, legs: int) -> bool:
    try:
        return int(await world.server.redis.zcard(redis_keys.LEGS_ALL)) == legs
    except RedisError:
        return False


async def test_a_meeting_waits_for_no_valkey_that_hangs(
    settings: Settings, external: ExternalValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TIMEOUT_SECONDS", "LATE_SECONDS"):  # who waited for it would do so for ever
        monkeypatch.setattr(valkey, name, 3600.0)
    async with open_world(replace(settings, redis_url=external.url)) as world:
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        guest, joined = await world.join("nhatrang", session)
        await host.seat(joined["seat"])
        server = await pid(world.server.redis)
        os.kill(server, signal.SIGSTOP)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await guest.ask(type="leave")
                await host.until(lambda got: got["type"] == "seats" and joined["seat"] in got["gone"])
                await world.tick(10)
        finally:
            os.kill(server, signal.SIGCONT)
        await soon(lambda: _counted(world, 1))


async def test_room_systems_are_called_without_valkey(world: World, external: ExternalValkey) -> None:
    agent = use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await external.go()
    await tick(world, 60)
    await wait_for_calls(host, "connected")
    assert len(agent.called) == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_the_replica_that_sentinels_make_the_primary_is_used(
    tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    if number is signal.SIGSTOP:  # others are missed at once
        monkeypatch.setattr(valkey, "LATE_SECONDS", 1.0)
    async with replicated(tmp_path) as servers, valkey.connect(servers.url, tmp_path) as client:
        first, second = servers.servers
        await client.set("a", "b")
        assert await client.wait(1, 5000) == 1  # the replica has it
        servers.signal(first, number)
        async with Redis(port=second, decode_responses=True) as replica:
            await soon(lambda: _primary(replica), SENTINELS_S)
            await soon(lambda: responds(client))
            await client.set("c", "d")
            assert await replica.mget("a", "c") == ["b", "d"]
            if number is signal.SIGSTOP:  # what hung believes that it is the primary still
                servers.signal(first, signal.SIGCONT)
                await asyncio.gather(*(client.incr("n") for _ in range(20)))
                assert await replica.get("n") == "20"


async def _primary(client: Redis) -> bool:
    return bool((await client.role())[0] == "master")
