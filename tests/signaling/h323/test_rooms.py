"""An H.323 room system in a meeting of a real server with real media: called, calling, seen, heard, on hold."""

from collections.abc import AsyncIterator

import pytest

from signaling.app.settings import Settings
from signaling.h323.combined_agent import CombinedAgent
from signaling.sip.bridge import bridge
from signaling.sip.protocol.errors import CallRefused
from tests.signaling.fake_room_systems import register, tick, wait_for_calls
from tests.signaling.h323.agents import OURS, target
from tests.signaling.h323.room import RoomProcess, room_process
from tests.signaling.h323.scripted_gatekeeper import scripted_gatekeeper
from tests.signaling.sip.whole_server import LOOPBACK, served, viewer
from tests.signaling.world import NHA_TRANG, World, wait_until


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
        host.patience = 20.0  # what is real takes its time on a busy machine
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
            await watch.until(lambda: watch.colour(0.75) == "blue")
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


async def test_a_room_system_that_dials_our_address_alone_keys_the_code_in_and_comes_in(
    settings: Settings, room: RoomProcess
) -> None:
    async with served(settings, h323=True) as world:
        await register(world, NHA_TRANG, LOOPBACK, dial_out=False)
        session = await world.session(NHA_TRANG)
        agents = world.server.sip_bridge.agent
        assert isinstance(agents, CombinedAgent)
        await room.command("dial {} {}".format(*agents.h323.address))
        await room.until(lambda each: each.get("size") == [1280, 720])
        await room.command(f"press {session.code}#")
        await wait_until(lambda: seated(world, session.id))
        host, _ = await world.join("host", session)
        host.patience = 20.0  # what is real takes its time on a busy machine
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
        host.patience = 20.0  # what is real takes its time on a busy machine
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
        agents = world.server.sip_bridge.agent
        assert isinstance(agents, CombinedAgent)
        gatekeeper.known["9000"] = agents.h323.address
        await room.command("dial {} {} 9000 2001".format(*gatekeeper.route_to("9000")))
        await room.until(lambda each: each.get("size") == [1280, 720])  # the front door: our own number is no code
        await room.command(f"press {session.code}#")
        await wait_until(lambda: seated(world, session.id))
        await room.command("hang-up")
        assert (await gatekeeper.until("disengageRequest"))["answeredCall"]


async def test_a_stranger_that_calls_by_h323_is_refused(settings: Settings) -> None:
    async with served(settings, h323=True) as world:
        session = await world.session(NHA_TRANG)
        agents = world.server.sip_bridge.agent
        assert isinstance(agents, CombinedAgent)
        with pytest.raises(CallRefused, match="603"):
            await agents.h323.invite(target(agents.h323, session.code or ""), OURS, name="Stranger")
        assert [entry.address for entry in await world.audited(50) if entry.action == "call-refused"] == [LOOPBACK]
