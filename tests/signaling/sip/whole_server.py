"""A whole server with real media and real SIP, for room systems that are processes of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from aiohttp.test_utils import TestServer

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.sdp_offer import OfferOptions
from mediaserver.api import CONTENT, SeatOptions
from mediaserver.worker.engine import LocalEngine
from signaling.app.application import application
from signaling.app.lifecycle import running
from signaling.app.services import open_services
from signaling.app.settings import Settings
from signaling.h323.agent.context import H323Settings
from signaling.h323.gatekeeper.client import GatekeeperSettings
from signaling.sip.agent.agent import Agent, Call, IncomingCall, SipSettings
from signaling.workers.pool import WorkerPool
from tests.fakes import FakeClock, FakeDisk
from tests.mediaserver.meeting import CERTIFICATE, WatchingDecoder, material
from tests.mediaserver.slides_system import SlidesSystem
from tests.signaling.sip.agents import RecordingHandler
from tests.signaling.world import NOW, Socket, World

LOOPBACK = "127.0.0.1"


@asynccontextmanager
async def served(
    settings: Settings,
    ring_s: float = 30.0,
    tls: Path | None = None,
    *,
    h323: bool = False,
    gatekeeper: GatekeeperSettings | None = None,
    held: LocalEngine | WorkerPool | None = None,
) -> AsyncIterator[World]:
    """Yield a world whose engine and SIP bridge are real; a device is rung for `ring_s` seconds. `tls` is the folder of
    a certificate, `h323` says whether H.323 is spoken, too, and `gatekeeper` with which one. A `held` engine is left to
    the next server."""
    sip = SipSettings(LOOPBACK, 0, ring_s=ring_s, tls=tls, tls_port=0)
    own = replace(
        settings, sip=sip, h323=H323Settings(LOOPBACK, 0, ring_s=ring_s, gatekeeper=gatekeeper) if h323 else None
    )
    own_engine, clock, disk = LocalEngine([LOOPBACK], 0), FakeClock(NOW), FakeDisk()
    engine = held or own_engine
    if held is None:
        own_engine.start()
    try:
        async with (
            open_services(own) as services,
            running(own, services, engine, clock, disk) as built,
            TestServer(application(built)) as server,
            World(services, built, engine, clock, disk, server) as world,  # type: ignore[arg-type]
        ):
            yield world
            if held is None:
                await built.meetings.stop()
            else:
                await built.sip_bridge.leave()
                await built.meetings.leave()
    finally:
        if held is None:
            await own_engine.close()


@asynccontextmanager
async def viewer(world: World, session: str) -> AsyncIterator[WatchingDecoder]:
    """Somebody who sees the composed picture of a meeting, and is not seen."""
    engine, watch = world.server.meetings.engine, WatchingDecoder()
    endpoint = Endpoint(CERTIFICATE, material("red", 440), OfferOptions(layers=1), watch)
    await engine.add_seat(session, SeatOptions("viewer", "Người xem", visible=False))
    try:
        await endpoint.connect(await engine.connect(session, "viewer", endpoint.offer()))
        yield watch
    finally:
        await endpoint.close()


@asynccontextmanager
async def line(system: SlidesSystem, host: str) -> AsyncIterator[Agent]:
    """Give a room system an agent, which takes calls."""

    async def take(incoming: IncomingCall) -> Call:
        system.set_destinations(incoming.offer)
        call = await incoming.accept(system.sdp())
        system.begin()
        return call

    await system.open(host)
    agent = Agent(SipSettings(host, 0), RecordingHandler(take))
    await agent.start()
    try:
        yield agent
    finally:
        await agent.close()
        await system.close()


@asynccontextmanager
async def reader(world: World, session: str) -> AsyncIterator[WatchingDecoder]:
    """Let somebody view the shared screen alone, who is not seen."""
    engine, watch = world.server.meetings.engine, WatchingDecoder()
    endpoint = Endpoint(CERTIFICATE, material("red", 440), OfferOptions(layers=1), watch)
    await engine.add_seat(session, SeatOptions("reader", "Người xem", visible=False, view=CONTENT))
    try:
        await endpoint.connect(await engine.connect(session, "reader", endpoint.offer()))
        yield watch
    finally:
        await endpoint.close()


async def give_floor(world: World, session: str, host: Socket, point: str) -> None:
    """Give a room system the floor once its media are there."""
    seat = world.server.meetings.meetings[session].state.roster.holder(f"{point}.01")
    assert seat is not None
    await host.send(type="floor", seat=seat.id, open=True)
    await host.seat(seat.id, floor=True)
