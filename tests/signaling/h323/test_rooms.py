"""An H.323 room system in a meeting of a real server with real media: called, calling, seen, heard, on hold."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from aiohttp import ClientSession

from loadtest.media.perception import Rgb
from loadtest.media.text_card import likeness, text_card
from mediaserver.worker.engine import LocalEngine
from signaling.app.settings import Settings
from signaling.h323.combined_agent import CombinedAgent
from signaling.sip.bridge import bridge, call_tester
from signaling.sip.protocol.errors import CallRefused
from tests.mediaserver.meeting import WatchingDecoder
from tests.mediaserver.slides_system import SlidesSystem
from tests.signaling.fake_room_systems import register, tick, wait_for_calls
from tests.signaling.h323.agents import OURS, target
from tests.signaling.h323.room import OTHERS, OWN, READ, SIZE, RoomProcess, as_slides, room_process
from tests.signaling.h323.scripted_gatekeeper import scripted_gatekeeper
from tests.signaling.sip.whole_server import LOOPBACK, give_floor, line, reader, served, viewer
from tests.signaling.world import CAM_RANH, NHA_TRANG, PATIENCE_S, World, wait_for_reconnects, wait_until

ELSEWHERE = "127.0.0.2"
START_LEFT, STOP_LEFT = (f"0071030000000001c0{action}" for action in ("018000", "0380"))
"""Frames of H.281 that begin and end a movement."""


@pytest.fixture(autouse=True)
def _time_passes_when_we_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the bridge's timer off: tests say when time passes."""
    monkeypatch.setattr(bridge, "TICK_SECONDS", 3600.0)


@pytest.fixture
async def room() -> AsyncIterator[RoomProcess]:
    async with room_process() as held:
        yield held


def seated(world: World, session: str) -> str:
    """Return the seat of the room system once its media are connected, else an empty text."""
    meeting = world.server.meetings.meetings.get(session)
    seat = None if meeting is None else meeting.state.roster.holder(f"{NHA_TRANG}.01")
    return seat.id if seat is not None and seat.up else ""


async def test_r057_a_room_system_is_called_by_h323_sees_is_seen_is_heard_holds_and_is_hung_up(
    settings: Settings, room: RoomProcess
) -> None:
    async with served(settings, h323=True) as world:
        device = await register(world, NHA_TRANG, LOOPBACK, protocol="H323", port=room.port)
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        await tick(world, 0)
        await wait_for_calls(host, "connected")
        assert await room.until(lambda each: "connected" in each) == {"connected": 2}
        assert {"called": "UBND.Khanh Hoa"} in room.seen
        seat = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
        assert seat is not None
        await host.send(type="floor", seat=seat.id, open=True)
        await host.until(lambda message: message["type"] == "levels" and message["levels"].get(seat.id, -127) > -40)
        await room.until(lambda each: each.get("size") == [1280, 720])
        async with viewer(world, session.id) as watch:
            await watch.until(lambda: watch.colour(0.75) == "blue" and watch.tones() == {1000})
            await world.server.meetings.engine.set_floor(session.id, "viewer", True)
            await room.until(lambda each: each.get("hears") == [440])
            await room.command("press *3")
            await host.seat(seat.id, hand=1)
            await room.command("hold")
            await watch.until(lambda: watch.colour(0.75) != "blue")
            await room.command("resume")
            await watch.until(lambda: watch.colour(0.75) == "blue")
        central = await world.signed_in("central")
        async with central.get(f"/api/v1/directory/devices/{device}/trace") as response:
            texts = [each["text"] for call in await response.json() for each in call["messages"]]
        assert texts[0].startswith("H.225.0 setup") and any("H.245 openLogicalChannelAck" in each for each in texts)
        await world.server.meetings.cancelled(session.id)
        await room.until(lambda each: "ended" in each)
        assert {"keyframe": True} in room.seen


async def test_the_console_moves_the_camera_of_a_room_of_h323(settings: Settings, room: RoomProcess) -> None:
    async with served(settings, h323=True) as world:
        await register(world, NHA_TRANG, LOOPBACK, protocol="H323", port=room.port, camera_control=True)
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        await tick(world, 0)
        await wait_for_calls(host, "connected")
        await wait_until(lambda: seated(world, session.id))
        seat = seated(world, session.id)
        await host.seat(seat, control={"axes": ["pan", "tilt", "zoom"], "presets": 0, "sources": [], "source": 0})
        await host.send(type="camera-move", seat=seat, pan=-1)
        for frame in (START_LEFT, STOP_LEFT):
            await room.until(partial(moved, frame))


def moved(frame: str, happened: dict[str, Any]) -> bool:
    """Return whether a frame came that moves the camera."""
    return happened.get("camera") == frame


async def test_text_on_slides_is_read_both_ways_between_a_room_of_h323_one_of_sip_and_browsers(
    settings: Settings, room: RoomProcess
) -> None:
    other = SlidesSystem(1, 2, "", "red")
    other.picture_of_slides = as_slides(OTHERS)
    async with line(other, ELSEWHERE) as answering, served(settings, h323=True) as world:
        await register(world, NHA_TRANG, LOOPBACK, protocol="H323", port=room.port)
        await register(world, CAM_RANH, ELSEWHERE, port=answering.address[1])
        session = await world.session(NHA_TRANG, CAM_RANH)
        host, _ = await world.join("host", session)
        other.number = 98
        await tick(world, 0)
        await wait_for_calls(host, "connected", "connected")
        await wait_until(lambda: seated(world, session.id))
        for point in (NHA_TRANG, CAM_RANH):
            await give_floor(world, session.id, host, point)
        await room.command("present")
        async with reader(world, session.id) as browser:
            await read(browser, OWN)
        await read(other.slides, OWN)
        assert likeness(other.slides.picture, text_card("Kế hoạch phòng chống lũ, bão", (0, 255, 0), SIZE)) < READ / 1.5
        own = seated(world, session.id)
        await host.until(lambda message: message["type"] == "content" and message["seat"] == own)
        await room.command("end")
        await host.until(lambda message: message["type"] == "content" and message["seat"] is None)

        await other.connect()
        await other.granted()
        showing = asyncio.create_task(show(other))
        await room.until(lambda each: each.get("reads") is True)
        await room.command("present")  # a participant does not take the screen from another
        showing.cancel()
        await world.server.meetings.cancelled(session.id)
        await room.until(lambda each: "ended" in each)
        assert {"slides_wanted": True} in room.seen
        assert room.seen.count({"others": True}) == 1


async def read(watch: WatchingDecoder, card: Rgb) -> None:
    """Wait until a decoder sees the text of slides; each picture is looked at once, for that takes its time."""
    looked_at = -1

    def reads() -> bool:
        nonlocal looked_at
        if looked_at == watch.pictures:
            return False
        looked_at = watch.pictures
        return likeness(watch.picture, card) > READ

    await watch.until(reads)


async def show(system: SlidesSystem) -> None:
    """Show slides until it is cancelled."""
    while system.show_slides():
        await asyncio.sleep(0.2)


async def test_a_room_system_that_dials_our_address_alone_keys_the_code_in_and_comes_in(
    settings: Settings, room: RoomProcess
) -> None:
    async with served(settings, h323=True) as world:
        await register(world, NHA_TRANG, LOOPBACK, dial_out=False)
        session = await world.session(NHA_TRANG)
        agents = world.server.sip_bridge.outbound.agent
        assert isinstance(agents, CombinedAgent)
        await room.command("dial {} {}".format(*agents.h323.address))
        await room.until(lambda each: each.get("size") == [1280, 720])
        await room.command(f"press {session.code}#")
        await wait_until(lambda: seated(world, session.id))
        host, _ = await world.join("host", session)
        seat = seated(world, session.id)
        await host.send(type="floor", seat=seat, open=True)
        await host.until(lambda message: message["type"] == "levels" and message["levels"].get(seat, -127) > -40)
        async with viewer(world, session.id) as watch:
            await watch.until(lambda: watch.colour(0.25) == "blue")  # it came before the host
        await room.command("hang-up")
        await host.until(lambda message: message["type"] == "seats" and seat in message["gone"])


async def test_a_room_system_without_an_address_is_called_by_its_number_through_the_gatekeeper(
    settings: Settings, room: RoomProcess
) -> None:
    async with (
        scripted_gatekeeper() as gatekeeper,
        served(settings, h323=True, gatekeeper=gatekeeper.settings("9000")) as world,
    ):
        device = await register(world, NHA_TRANG, None, protocol="H323", sip_user="2001")
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        await tick(world, 0)
        (row,) = await wait_for_calls(host, "waiting")
        assert (row["gatekeeper"], row["status"]) == ("unknown", 404)
        central = await world.signed_in("central")
        async with central.get("/api/v1/calls") as response:
            (record,) = await response.json()
        assert (record["outcome"], record["status"], record["transport"]) == ("gatekeeper-unknown", 404, "ras")
        gatekeeper.known["2001"] = LOOPBACK, room.port
        await host.send(type="redial", device=device)
        await wait_for_calls(host, "connected")
        await host.send(type="redial", device=device)
        await gatekeeper.until("disengageRequest")
        await gatekeeper.until("admissionRequest")
        await world.server.meetings.cancelled(session.id)
        assert (await gatekeeper.until("disengageRequest"))["disengageReason"][0] == "normalDrop"


async def test_a_room_system_whose_call_the_gatekeeper_routes_is_known_by_its_number(
    settings: Settings, room: RoomProcess
) -> None:
    async with (
        scripted_gatekeeper() as gatekeeper,
        served(settings, h323=True, gatekeeper=gatekeeper.settings("9000")) as world,
    ):
        await register(world, NHA_TRANG, None, protocol="H323", sip_user="2001", dial_out=False)
        session = await world.session(NHA_TRANG)
        agents = world.server.sip_bridge.outbound.agent
        assert isinstance(agents, CombinedAgent)
        gatekeeper.known["9000"] = agents.h323.address
        await room.command("dial {} {} 9000 2001".format(*gatekeeper.route_to("9000")))
        await room.until(lambda each: each.get("size") == [1280, 720])  # the front door: our own number is no code
        await room.command(f"press {session.code}#")
        await wait_until(lambda: seated(world, session.id))
        await room.command("hang-up")
        assert (await gatekeeper.until("disengageRequest"))["answeredCall"]


async def calls(world: World) -> list[dict[str, Any]]:
    """Return the records of all calls, the newest first, once those of ended calls are closed."""
    async with (await world.signed_in("central")).get("/api/v1/calls") as response:
        found: list[dict[str, Any]] = await response.json()
    return found


async def _test_call_done(client: ClientSession, path: str) -> dict[str, Any]:
    """Return the result of a test call once it is over here, too."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with client.get(path) as response:
                result: dict[str, Any] = await response.json()
            if result["state"] == "done":
                return result
            await asyncio.sleep(0.01)


async def test_a_test_call_by_h323_is_measured_and_recorded(
    settings: Settings, room: RoomProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_tester, "WARM_S", 2.0)
    monkeypatch.setattr(call_tester, "MEASURE_S", 3.0)
    async with served(settings, h323=True) as world:
        device = await register(world, NHA_TRANG, LOOPBACK, protocol="H323", port=room.port)
        path, client = f"/api/v1/directory/devices/{device}/test-call", await world.signed_in("central")
        async with client.post(path, json={}) as response:
            assert response.status == 202
        assert await room.until(lambda each: "called" in each) == {"called": "Gọi thử"}
        await room.until(lambda each: "ended" in each)
        result = await _test_call_done(client, path)
        report, picture = result["report"], result["report"]["picture"]
        assert (result["outcome"], result["transport"], result["protection"]) == ("hung-up", "h323", "clear")
        assert set(report["findings"]) <= {"few-pictures", "slow-keyframe"}  # as a busy machine has them
        assert (report["sound"]["received_codec"], report["sound"]["sent_codec"]) == ("G722", "G722")
        assert (picture["received_codec"], picture["width"], picture["height"]) == ("H264", 320, 180)
        assert {"keyframe": True} in room.seen
        assert any(each.get("hears") == [440] for each in room.seen)
        (record,) = await calls(world)
        assert (record["purpose"], record["direction"], record["transport"], record["sound"], record["picture"]) == (
            *("test", "out", "h323", "G722", "H264"),
        )


async def test_a_server_that_takes_over_dials_the_calls_of_h323_anew_and_says_so(
    settings: Settings, room: RoomProcess
) -> None:
    engine = LocalEngine([LOOPBACK], 0)
    engine.start()
    try:
        async with served(settings, h323=True, held=engine) as world:
            await register(world, NHA_TRANG, LOOPBACK, protocol="H323", port=room.port)
            session = await world.session(NHA_TRANG)
            host, chair = await world.join("host", session)
            await tick(world, 0)
            await wait_for_calls(host, "connected")
            await room.until(lambda each: "connected" in each)
        assert await room.until(lambda each: "ended" in each) == {"ended": "bye"}
        async with served(settings, h323=True, held=engine) as world:
            host, _ = await world.join("host", session, resume=chair["resume"])
            await tick(world, 0)
            await wait_for_calls(host, "connected")
            await room.until(lambda each: "connected" in each)
            await wait_until(lambda: seated(world, session.id))
            await wait_for_reconnects(world, session.id, ["lost", "back"])
            newest, lost = await calls(world)
            assert (newest["transport"], newest["outcome"], lost["transport"], lost["outcome"]) == (
                *("h323", "", "h323", "unreachable"),
            )
    finally:
        await engine.close()


async def test_a_stranger_that_calls_by_h323_is_refused(settings: Settings) -> None:
    async with served(settings, h323=True) as world:
        session = await world.session(NHA_TRANG)
        agents = world.server.sip_bridge.outbound.agent
        assert isinstance(agents, CombinedAgent)
        with pytest.raises(CallRefused, match="603"):
            await agents.h323.invite(target(agents.h323, session.code or ""), OURS, name="Stranger")
        assert [entry.address for entry in await world.audited(50) if entry.action == "call-refused"] == [LOOPBACK]
