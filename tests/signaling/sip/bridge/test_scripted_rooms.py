"""Scripted room systems in meetings of a real server with real media: they see and are seen, show slides, move."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from loadtest.media.perception import Colour, sees
from loadtest.rooms import scripts
from loadtest.rooms.descriptions import polycom
from loadtest.rooms.h323_room import H323Room, h323_room
from loadtest.rooms.plain_media import PlainMedia
from loadtest.rooms.sipp_room import Script, SippRoom, offering, sipp_room, slides_room
from signaling.app.settings import Settings
from signaling.h323.combined_agent import CombinedAgent
from signaling.sip.agent.agent import Agent
from signaling.sip.bridge import bridge
from tests.loadtest.rooms.waiting import until
from tests.mediaserver.meeting import WatchingDecoder
from tests.signaling.fake_room_systems import register, tick
from tests.signaling.sip.whole_server import served, viewer
from tests.signaling.world import CAM_RANH, NHA_TRANG, Socket, World, wait_until

ADDRESS = "127.0.1.1"
SHARE = 0.1
"""Least share of a picture that one of two tiles covers."""
BLUE, GREEN, YELLOW = (0, 0, 255), (0, 255, 0), (255, 255, 0)
ScriptedRoom = SippRoom | H323Room


@pytest.fixture(autouse=True)
def _time_passes_when_we_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the bridge's timer off: tests say when time passes."""
    monkeypatch.setattr(bridge, "TICK_SECONDS", 3600.0)


def media() -> PlainMedia:
    return PlainMedia(ADDRESS, 880, BLUE, GREEN)


@asynccontextmanager
async def in_meeting(
    world: World, room: ScriptedRoom, protocol: str = "SIP", *, called: bool = False
) -> AsyncIterator[WatchingDecoder]:
    """Have a room call or be called, and give it the floor; yield what others see. Then it hangs up."""
    transport = "UDP" if called else ""
    port = room.address[1]
    await register(world, NHA_TRANG, ADDRESS, port=port, protocol=protocol, transport=transport, dial_out=called)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    if called:
        await room.expect()
        await tick(world, 0)
    else:
        await room.dial("sip:{}@{}:{};transport=udp".format(session.code, *gateway(world, protocol)))
    await room.established()
    await given_floor(world, host, session.id, NHA_TRANG)
    async with viewer(world, session.id) as watch:
        await watch.until(lambda: sees(watch.picture, BLUE))
        await until(lambda: sees(room.media.seen(), BLUE))
        assert await room.media.keyframe_ms() is not None
        yield watch
    await room.hang_up()
    await wait_until(lambda: not seated(world, session.id))


async def given_floor(world: World, host: Socket, session: str, point: str) -> None:
    """Give a point's room system the floor, and wait until it is heard."""
    await wait_until(lambda: seated(world, session, point))
    seat = seated(world, session, point)
    await host.send(type="floor", seat=seat, open=True)
    await host.until(lambda message: message["type"] == "levels" and message["levels"].get(seat, -127) > -40)


def gateway(world: World, protocol: str) -> tuple[str, int]:
    """Return where the server takes calls by a protocol."""
    agent = world.server.sip_bridge.outbound.agent
    if protocol == "H323":
        assert isinstance(agent, CombinedAgent)
        return agent.h323.address
    assert isinstance(agent, Agent)
    return agent.address


def seated(world: World, session: str, point: str = NHA_TRANG) -> str:
    """Return the seat of a point's room system once its media are connected, else an empty text."""
    seat = world.server.meetings.meetings[session].state.roster.holder(f"{point}.01")
    return seat.id if seat is not None and seat.up else ""


CALLED = [scripts.redirecting, scripts.refusing("488 Not Acceptable Here")]


@pytest.mark.parametrize("script", [scripts.late_offer, *CALLED], ids=["late offer", "redirect", "simple"])
async def test_a_room_of_sipp_sees_and_is_seen(settings: Settings, tmp_path: Path, script: Script) -> None:
    async with (
        sipp_room(tmp_path, media(), script) as room,
        served(settings) as world,
        in_meeting(world, room, called=script in CALLED) as watch,
    ):
        room.media.show(YELLOW)
        await watch.until(lambda: sees(watch.picture, YELLOW))


async def test_a_room_of_sipp_moves_its_ports_and_sees_and_is_seen(settings: Settings, tmp_path: Path) -> None:
    async with (
        sipp_room(tmp_path, media(), scripts.moving) as room,
        served(settings) as world,
        in_meeting(world, room) as watch,
    ):
        room.media.stop()
        await room.move()
        await until(lambda: room.media.seen() is not None)
        room.media.show(YELLOW)
        await watch.until(lambda: sees(watch.picture, YELLOW))


async def test_a_room_with_an_offer_of_polycom_shows_slides(settings: Settings, tmp_path: Path) -> None:
    async with (
        slides_room(tmp_path, media(), 1, offering(polycom)) as room,
        served(settings) as world,
        in_meeting(world, room) as watch,
    ):
        assert not sees(watch.picture, GREEN)
        await room.ask_for_floor()
        await watch.until(lambda: sees(watch.picture, GREEN))


async def test_a_room_of_h323_sees_and_is_seen(settings: Settings) -> None:
    async with (
        h323_room(media()) as room,
        served(settings, h323=True) as world,
        in_meeting(world, room, "H323") as watch,
    ):
        room.media.show(YELLOW)
        await watch.until(lambda: sees(watch.picture, YELLOW))


def gets(mcu: H323Room, tone: int, colour: Colour) -> bool:
    """Return whether an MCU hears a tone, and sees a colour in a tile."""
    return mcu.hears(tone) and sees(mcu.media.seen(), colour, SHARE)


async def test_two_other_mcus_get_each_other_and_nothing_of_their_own(settings: Settings) -> None:
    points, tones, colours = (NHA_TRANG, CAM_RANH), (880, 1500), (BLUE, YELLOW)
    async with AsyncExitStack() as stack:
        mcus = [
            await stack.enter_async_context(h323_room(PlainMedia(f"127.0.1.{number}", tone, colour, GREEN)))
            for number, (tone, colour) in enumerate(zip(tones, colours, strict=True), 1)
        ]
        world = await stack.enter_async_context(served(settings, h323=True))
        for point, mcu in zip(points, mcus, strict=True):
            address, port = mcu.address
            await register(world, point, address, port=port, protocol="H323", kind="LINK")
            await mcu.expect()
        session = await world.session(*points)
        host, _ = await world.join("host", session)
        await tick(world, 0)
        for point, mcu in zip(points, mcus, strict=True):
            await mcu.established()
            await given_floor(world, host, session.id, point)
        for mcu, tone, colour in zip(mcus, reversed(tones), reversed(colours), strict=True):
            await until(partial(gets, mcu, tone, colour))
        for _ in range(30):
            await asyncio.sleep(0.05)
            for mcu, tone, colour in zip(mcus, tones, colours, strict=True):
                assert not sees(mcu.media.seen(), colour, SHARE)
                assert not mcu.hears(tone)
        for mcu in mcus:
            await mcu.hang_up()
