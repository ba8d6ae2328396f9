"""Room systems that the centre calls (Điều 11.6, 11.7, 14.3.c).

Also tests `outbound_calls.py`, `call_registry.py` and `signaling/meeting/room_system.py`.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from mediaserver.api import (
    EngineLost,
    EngineReady,
    FloorDecided,
    KeyframeWanted,
    MediaElsewhere,
    PeerDown,
    RoomOptions,
    SeatOptions,
    ShareAsked,
    SipLimits,
)
from mediaserver.errors import BadOffer, EngineGone, NoPortFree
from scheduler.core.model import Session
from scheduler.directory.equipment import sip_profiles
from scheduler.directory.model import Binding, Device, SipSecret
from scheduler.operations.incidents.model import Incident
from signaling.meeting.room_system import target
from signaling.sip.agent.agent import RemoteParty, Target
from signaling.sip.bridge import call_media
from signaling.sip.bridge.call_media import FULL_HD, sip_limits
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.errors import OfferRefused
from signaling.sip.protocol.roster import NOBODY, Inside
from tests.fakes import FakeEngine
from tests.signaling.fake_room_systems import FakeCall, FakeIncoming, register, tick, use_fake_agent, wait_for_calls
from tests.signaling.world import (
    CAM_RANH,
    NHA_TRANG,
    PATIENCE_S,
    Socket,
    World,
    counted_elsewhere,
    wait_for_reconnects,
    wait_until,
)

VCS = "10.79.6.20"


async def called(world: World) -> tuple[Session, Socket]:
    """Register a room system of Nha Trang and open a session of it; it is called. Return session and host."""
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    return session, host


async def test_r057_a_room_system_is_called_when_its_session_opens_and_sits_as_its_point(world: World) -> None:
    agent = use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG, CAM_RANH, start=timedelta(minutes=10))
    await tick(world, 0)
    assert agent.called == []  # it has not begun
    await tick(world, 600)
    host, _ = await world.join("host", session)
    (row,) = await wait_for_calls(host, "connected")
    assert (row["name"], row["point"], row["at"]) == ("UBND.Nha Trang", NHA_TRANG, None)
    assert (agent.called, agent.names, agent.calls[0].roster_told) == ([Target(VCS)], ["UBND.Khanh Hoa"], None)
    room = world.engine.rooms[session.id]
    (id_,) = [key for key, options in room.seats.items() if options.label.startswith("UBND.Nha Trang")]
    assert agent.offers == [f"offer of {id_}"]
    assert (room.seats[id_].visible, room.seats[id_].audience) == (True, "systems")
    assert ("accept", session.id, id_, f"answer of {VCS}") in world.engine.calls
    assert id_ not in room.floors
    (slot,) = await world.services.attendance.slots(session.id, world.clock.now)
    assert [len(stays) for stays, _ in slot.points.values()] == [1, 1, 0]


async def test_r056_a_room_system_speaks_when_the_host_lets_it(world: World) -> None:
    agent = use_fake_agent(world)
    session, host = await called(world)
    await wait_for_calls(host, "connected")
    member = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert member is not None
    assert (member.name, member.role, member.floor, member.controller) == ("UBND.Nha Trang", "component", False, False)
    await host.send(type="floor", seat=member.id, open=True)
    await host.seat(member.id, floor=True, media="connected", camera=True, mic=True)
    assert member.id in world.engine.rooms[session.id].floors
    assert len(agent.called) == 1


async def test_r057_a_room_system_is_called_and_tested_where_it_is_registered_to_take_calls(world: World) -> None:
    agent = use_fake_agent(world)
    device = await register(world, NHA_TRANG, VCS, port=5062, transport="TCP")
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "connected")
    central = await world.signed_in("central")
    async with central.post(f"/api/v1/directory/devices/{device}/test", json={}) as response:
        assert response.status == 200
    where = Target(VCS, 5062, "tcp")
    assert (agent.called, agent.probed) == ([where], [where])
    noted = [(entry.action, entry.address, entry.port) for entry in await world.audited(50)]
    assert ("enter", VCS, 5062) in noted


async def test_a_device_is_dialled_by_its_number_and_pin_which_nobody_reads_back(world: World) -> None:
    agent = use_fake_agent(world)
    device = await register(world, NHA_TRANG, VCS)
    central = await world.signed_in("central")
    account = {"sip_user": "2001**{PIN}", "pin": "1234", "auth_user": "kh", "password": "rat-bi-mat"}
    about = {"kind": "LINK", "protocol": "SIP", "address": VCS, "dial_out": True, **account}
    async with central.post(f"/api/v1/directory/devices/{device}", json=about) as response:
        (row,) = (await response.json())["devices"]
    known = {name: row[name] for name in ("sip_user", "auth_user", "has_pin", "has_password")}
    assert known == {"sip_user": "2001**{PIN}", "auth_user": "kh", "has_pin": True, "has_password": True}
    assert not {"1234", "rat-bi-mat"} & {str(value) for value in row.values()}
    assert (await world.audited(1))[0].detail == f"01 LINK {VCS} password pin"
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "connected")
    assert agent.called == [
        Target(VCS, user="2001", secret_user="2001**1234", credentials=Credentials("kh", "rat-bi-mat"))
    ]


@pytest.mark.parametrize(("secrets", "word"), [({}, "missing"), ({"password": "rat-bi-mat"}, "refused")])
async def test_the_host_is_told_what_is_wrong_with_the_account_of_a_device(
    world: World, secrets: dict[SipSecret, str], word: str
) -> None:
    agent = use_fake_agent(world)
    agent.replies[VCS] = [407, 200]
    await register(world, NHA_TRANG, VCS)
    (device,) = await world.services.equipment.devices(NHA_TRANG)
    user = "kh" if secrets else ""
    await world.services.equipment.describe(replace(device, auth_user=user), world.clock.now, secrets)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    (row,) = await wait_for_calls(host, "waiting")
    assert (row["status"], row["account"]) == (407, word)
    await tick(world, 10)
    (row,) = await wait_for_calls(host, "connected")
    assert (row["status"], row["account"]) == (0, "")


async def test_media_of_another_address_are_told_to_the_host_and_noted(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    (device,) = await world.services.equipment.devices(NHA_TRANG)
    await world.services.equipment.describe(replace(device, media_addresses="10.79.0.1 10.79.0.2"), world.clock.now)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    (row,) = await wait_for_calls(host, "connected")
    assert (row["media"], row["media_from"]) == ("", "")
    seat = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert seat is not None
    assert world.engine.media_hosts[seat.id] == (VCS, "10.79.0.1", "10.79.0.2")
    for source, taken, word in (("10.79.9.9", False, "dropped"), ("10.79.0.1", True, "taken")):
        world.engine.emit(MediaElsewhere(session.id, seat.id, source, VCS, taken))
        (row,) = (await host.until(lambda message: message["type"] == "calls"))["calls"]
        assert (row["state"], row["media"], row["media_from"]) == ("connected", word, source)
        entry = (await world.audited(1))[0]
        assert (entry.action, entry.subject, entry.detail) == (f"media-{word}", NHA_TRANG, f"{VCS} → {source}")
    world.engine.emit(MediaElsewhere(session.id, "nobody", VCS, VCS, False))  # its call has ended
    await host.send(type="redial", device=device.id)
    (row,) = await wait_for_calls(host, "connected")
    assert (row["media"], row["media_from"]) == ("", "")


async def test_media_that_came_before_the_offer_that_names_their_address_are_no_longer_told(world: World) -> None:
    agent = use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "connected")
    seat = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert seat is not None
    world.engine.emit(MediaElsewhere(session.id, seat.id, "10.79.9.9", VCS, False))
    (row,) = (await host.until(lambda message: message["type"] == "calls"))["calls"]
    assert row["media_from"] == "10.79.9.9"
    (call,) = agent.calls
    await world.server.sip_bridge.reoffered(call, "c=IN IP4 10.79.9.8\r\nm=audio 4000 RTP/AVP 8\r\n")
    await world.server.sip_bridge.reoffered(call, "m=audio 4000 RTP/AVP 8\r\nc=IN IP4 10.79.9.9\r\n")
    (row,) = (await host.until(lambda message: message["type"] == "calls"))["calls"]
    assert (row["state"], row["media"], row["media_from"]) == ("connected", "", "")


async def test_r057_no_answer_is_tried_again_after_10_30_and_60_seconds_and_then_by_hand(world: World) -> None:
    agent = use_fake_agent(world)
    agent.replies[VCS] = [None, 486, None, 480, 200]
    device = await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    assert (await wait_for_calls(host, "waiting"))[0]["at"] == "2026-04-06T01:00:10Z"
    async with asyncio.timeout(PATIENCE_S):  # the leg is given back
        while await world.server.meetings.dependencies.connected_devices.connected(session.id) != [1]:
            await asyncio.sleep(0.01)
    await tick(world, 9)
    assert len(agent.called) == 1
    await tick(world, 1)
    (row,) = await wait_for_calls(host, "waiting")
    assert (row["at"], row["status"]) == ("2026-04-06T01:00:40Z", 486)
    await tick(world, 30)
    assert (await wait_for_calls(host, "waiting"))[0]["at"] == "2026-04-06T01:01:40Z"
    await tick(world, 60)
    (row,) = await wait_for_calls(host, "silent")
    assert (row["at"], row["status"]) == (None, 480)
    await tick(world, 300)
    assert len(agent.called) == 4
    assert not [key for key in world.engine.rooms[session.id].seats.values() if "Nha Trang" in key.label]
    await host.send(type="redial", device=device)
    await wait_for_calls(host, "connected")


async def test_r095_the_centre_redials_a_device_that_hangs_and_the_log_shows_it(world: World) -> None:
    agent = use_fake_agent(world)
    device = await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "connected")
    help_ = await host.ask(type="report", kind="help", text=f"thiết bị treo, cần gọi lại VCS {VCS}")
    centre, _ = await world.join("central", session)
    assert (await centre.type("calls"))["calls"][0]["state"] == "connected"
    await centre.ask(type="assist", on=True)
    agent.ringing = asyncio.Event()
    await centre.send(type="redial", device=device)
    await wait_for_calls(centre, "calling")
    agent.ringing.set()
    await wait_for_calls(centre, "connected")
    assert [call.hung_up for call in agent.calls] == [True, False]
    await centre.ask(type="assist", on=False)
    incident: Incident = await world.services.incidents.incident(help_["id"])
    assert [(step.kind, step.by, step.text) for step in incident.steps[-3:]] == [
        ("control", "central", ""),
        ("noted", "central", "Gọi lại UBND.Nha Trang"),
        ("returned", "central", ""),
    ]
    await wait_for_reconnects(world, session.id, ["lost", "back"])
    noted = [(entry.actor, entry.action, entry.detail) for entry in await world.audited(50)]
    assert ("central", "redial", "UBND.Nha Trang") in noted


async def test_only_controllers_have_devices_called_again(world: World) -> None:
    use_fake_agent(world)
    device = await register(world, CAM_RANH, VCS)
    session = await world.session(NHA_TRANG, CAM_RANH)
    point, _ = await world.join("nhatrang", session)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "connected")
    assert (await point.ask(type="redial", device=device))["error"] == "controlled-by"
    assert (await host.ask(type="redial", device="nothing"))["error"] == "unknown-seat"
    assert not [message for message in point.seen if message["type"] == "calls"]


async def test_a_room_system_that_asks_by_sip_gets_a_whole_picture(world: World) -> None:
    agent = use_fake_agent(world)
    session, host = await called(world)
    await wait_for_calls(host, "connected")
    seat = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert seat is not None
    world.server.sip_bridge.keyframe_requested(agent.calls[0])
    await wait_until(lambda: ("refresh_picture", session.id, seat.id) in world.engine.calls)


async def test_a_room_system_of_h323_is_dialled_at_its_port_where_h323_is_spoken(world: World) -> None:
    agent = use_fake_agent(world)
    await register(world, NHA_TRANG, VCS, protocol="H323", transport="TCP", sip_user="2001")
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    (row,) = await wait_for_calls(host, "waiting")
    assert (row["status"], agent.called) == (480, [])
    world.server.sip_bridge.outbound.protocols = ("SIP", "H323")
    await tick(world, 10)
    await wait_for_calls(host, "connected")
    assert agent.called == [Target(VCS, 1720, "h323", "2001")]
    assert next((each.address, each.port) for each in await world.audited(50) if each.action == "enter") == (VCS, 1720)


async def test_a_key_frame_that_rtcp_may_not_bring_is_asked_for_within_the_call(world: World) -> None:
    agent = use_fake_agent(world)
    session, host = await called(world)
    await wait_for_calls(host, "connected")
    seat = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert seat is not None
    world.engine.emit(KeyframeWanted(session.id, "nobody"))
    world.engine.emit(KeyframeWanted(session.id, seat.id))
    await wait_until(lambda: agent.calls[0].keyframes)
    assert agent.calls[0].keyframes == 1


async def test_a_room_system_asks_to_show_its_slides_within_its_call_and_is_told_there(world: World) -> None:
    agent, bridge = use_fake_agent(world), world.server.sip_bridge
    session, host = await called(world)
    await wait_for_calls(host, "connected")
    (call,) = agent.calls
    seat = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert seat is not None
    stranger = FakeCall(call.peer, "v=0")
    bridge.share_asked(stranger, False)
    bridge.share_asked(stranger, True)
    assert stranger.floor == ["refused"]
    bridge.share_asked(call, True)
    await wait_until(lambda: ("refuse_share", session.id, seat.id) in world.engine.calls)
    await host.send(type="floor", seat=seat.id, open=True)
    await host.seat(seat.id, floor=True)
    bridge.share_asked(call, True)
    await wait_until(lambda: ("set_content", session.id, seat.id) in world.engine.calls)
    world.engine.emit(FloorDecided(session.id, "nobody", "other"))
    world.engine.emit(FloorDecided(session.id, seat.id, "granted"))
    await wait_until(lambda: call.floor == ["granted"])
    bridge.share_asked(call, False)
    await wait_until(lambda: ("set_content", session.id, None) in world.engine.calls)
    bridge.keyframe_requested(call, slides=True)
    await wait_until(lambda: ("refresh_picture", session.id, seat.id, "slides") in world.engine.calls)


@pytest.mark.parametrize("way", ["BFCP", "H.239"])
async def test_a_room_system_that_changes_its_mind_without_end_is_hung_up_alone(world: World, way: str) -> None:
    agent, bridge = use_fake_agent(world), world.server.sip_bridge
    await register(world, CAM_RANH, "10.79.6.21")
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "connected", "connected")
    restless, calm = sorted(agent.calls, key=lambda call: call.peer.address)
    roster, seats = world.server.meetings.meetings[session.id].state.roster, {}
    for call, point in ((restless, NHA_TRANG), (calm, CAM_RANH)):
        seat = roster.holder(f"{point}.01")
        assert seat is not None
        seats[call.id] = seat.id
        await host.send(type="floor", seat=seat.id, open=True)
        await host.seat(seat.id, floor=True)

    def ask(call: FakeCall, times: int) -> None:
        for each in range(times):
            if way == "BFCP":
                world.engine.emit(ShareAsked(session.id, seats[call.id], each % 2 == 0))
            else:
                bridge.share_asked(call, each % 2 == 0)

    def changes(call: FakeCall) -> int:
        return world.engine.calls.count(("set_content", session.id, seats[call.id]))

    def told(message: dict[str, Any]) -> bool:
        calls = message["calls"] if message["type"] == "calls" else []
        return sorted(each["state"] for each in calls) == ["connected", "waiting"]

    ask(calm, 20)
    await wait_until(lambda: changes(calm) == 10)
    ask(restless, 100)
    await host.until(told)
    assert (restless.reason, calm.ended.is_set(), 0 < changes(restless) <= 10) == ("too many requests", False, True)


async def test_a_room_system_that_comes_while_another_shares_is_told_so(world: World) -> None:
    agent = use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await host.send(type="share", on=True)
    await host.until(lambda message: message["type"] == "content")
    await tick(world, 0)
    await wait_for_calls(host, "connected")
    assert agent.calls[0].floor == ["other"]


@pytest.mark.parametrize("status", [415, 488, 606])
async def test_a_device_that_refuses_our_description_is_offered_a_simple_one(world: World, status: int) -> None:
    agent = use_fake_agent(world)
    agent.replies[VCS] = [status, 200]
    session, host = await called(world)
    await wait_for_calls(host, "connected")
    holder = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert holder is not None and agent.offers == [f"offer of {holder.id}", f"simple offer of {holder.id}"]


async def test_a_device_is_offered_what_the_profile_of_its_make_says(world: World) -> None:
    agent = use_fake_agent(world)
    agent.replies[VCS] = [488]
    device = await register(world, NHA_TRANG, VCS)
    central = await world.signed_in("central")
    about = {"kind": "VCS", "protocol": "SIP", "address": VCS, "dial_out": True}
    async with central.post(f"/api/v1/directory/devices/{device}", json={**about, "sip_profile": "x"}) as response:
        assert response.status == 422
    described = {**about, "sip_profile": "sony", "camera_control": True, "picture_kbps": 2500}
    async with central.post(f"/api/v1/directory/devices/{device}", json=described) as response:
        stock = await response.json()
    sony = next(each for each in stock["profiles"] if each["id"] == "sony")
    assert (stock["devices"][0]["sip_profile"], sony["modes"], sony["simple"]) == ("sony", [0], True)
    assert stock["devices"][0]["picture_kbps"] == 2500
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    (row,) = await wait_for_calls(host, "waiting")
    assert (row["status"], agent.called) == (488, [Target(VCS, transport="udp")])  # there is no simpler offer
    assert agent.offers[0].startswith("simple offer of ")
    limits = SipLimits(sony["sounds"], sony["modes"], FULL_HD, 2_500_000, 2_500_000, camera_control=True)
    assert world.engine.limits == limits


def test_a_device_has_the_rate_and_the_level_of_its_make_unless_it_has_a_rate_of_its_own() -> None:
    device = Device("d", "p", 1)
    limits = [sip_limits(replace(device, picture_kbps=kbps)) for kbps in (None, 768, 2399, 2400)]
    assert [(each.level, each.bitrate, each.slides) for each in limits] == [
        *((31, 1_100_000, None), (31, 768_000, 768_000), (31, 2_399_000, 2_399_000), (FULL_HD, 2_400_000, 2_400_000)),
    ]


def test_high_is_sent_where_a_profile_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made = sip_profiles.load()["sony"].model_copy(update={"high": True})
    monkeypatch.setitem(cast("dict[str, sip_profiles.SipProfile]", sip_profiles.load()), "sony", made)
    assert [sip_limits(Device("d", "p", 1, sip_profile=word)).high for word in ("sony", "generic")] == [True, False]


@pytest.mark.parametrize("session_s", [1800, None])
async def test_a_profile_says_which_session_timer_calls_have(
    monkeypatch: pytest.MonkeyPatch, session_s: int | None
) -> None:
    made = sip_profiles.load()["sony"].model_copy(update={"session_s": session_s})
    monkeypatch.setitem(cast("dict[str, sip_profiles.SipProfile]", sip_profiles.load()), "sony", made)
    device = Device("d", "p", 1, address=VCS, sip_profile="sony")
    where = [target(device), target(device, Binding("d", f"sip:d@{VCS}", VCS, 5060, "udp", "x", 1, datetime.now(UTC)))]
    assert [None if each is None else each.session_s for each in where] == [session_s, session_s]
    incoming, engine = FakeIncoming("", RemoteParty(VCS, "", "", "")), FakeEngine()
    await engine.open_room("r", RoomOptions())
    await engine.add_seat("r", SeatOptions("s", "s"))
    await call_media.answer(engine, incoming, device, "r", "s")
    assert incoming.session_s == session_s


async def test_a_device_that_takes_no_description_of_ours_is_not_asked_a_third_time(world: World) -> None:
    agent = use_fake_agent(world)
    agent.replies[VCS] = [488]
    _, host = await called(world)
    (row,) = await wait_for_calls(host, "waiting")
    assert (row["status"], len(agent.called)) == (488, 2)


async def test_a_redirection_is_followed_to_where_the_point_has_a_device(world: World) -> None:
    agent = use_fake_agent(world)
    agent.replies[VCS] = [
        ("sip:room@10.66.6.6", "mailto:room@x", f"h323:room@{VCS}", f"sip:room@{VCS};transport=sctp"),
        ("sip:room@10.66.6.6", f"sip:room@{VCS}:5062;transport=tcp"),
        200,
    ]
    _, host = await called(world)
    (row,) = await wait_for_calls(host, "waiting")
    assert (row["status"], agent.called) == (302, [Target(VCS, 5060, "auto")])
    await tick(world, 10)
    await wait_for_calls(host, "connected")
    assert agent.called[2:] == [Target(VCS, 5062, "tcp", "room")]


async def test_offers_within_a_call_change_its_media(world: World) -> None:
    agent = use_fake_agent(world)
    session, host = await called(world)
    await wait_for_calls(host, "connected")
    holder = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert holder is not None
    bridge, seat, (call,) = world.server.sip_bridge, holder.id, agent.calls
    assert await bridge.reoffered(call, "hold") == "answer to hold"
    assert await bridge.reoffer(call) == f"offer of {seat} again"
    await bridge.reanswered(call, "agreed")
    assert world.engine.calls[-3:] == [
        ("renegotiate", session.id, seat, "hold"),
        ("reoffer", session.id, seat),
        ("accept", session.id, seat, "agreed"),
    ]
    for failure, status in ((BadOffer("fewer m-lines"), 488), (NoPortFree("10.0.0.1"), 503)):
        world.engine.failing["renegotiate"] = failure
        with pytest.raises(OfferRefused) as refused:
            await bridge.reoffered(call, "more")
        assert refused.value.status == status
    with pytest.raises(OfferRefused) as refused:  # one that is being seated asks again
        await bridge.reoffer(FakeCall(call.peer, "v=0"))
    assert refused.value.status == 491


async def test_a_media_leg_that_is_gone_is_called_again_at_once(world: World) -> None:
    agent = use_fake_agent(world)
    agent.replies[VCS] = [200, None, 200]
    session, host = await called(world)
    await wait_for_calls(host, "connected")
    await tick(world, 1)
    member = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert member is not None
    world.engine.emit(PeerDown(session.id, member.id, "silent"))
    await host.seat(member.id, media="none")
    await tick(world, 1)
    assert agent.calls[0].hung_up
    assert (await wait_for_calls(host, "waiting"))[0]["at"] == "2026-04-06T01:00:12Z"
    await tick(world, 10)
    await wait_for_calls(host, "connected")
    await wait_for_reconnects(world, session.id, ["lost", "tried", "back"])


async def test_a_room_system_that_hangs_up_has_left_and_one_that_was_cut_off_is_called_again(world: World) -> None:
    agent = use_fake_agent(world)
    session, host = await called(world)
    await wait_for_calls(host, "connected")
    agent.calls[0].end("gone")
    await wait_for_calls(host, "waiting")
    await tick(world, 1)
    await wait_for_calls(host, "connected")
    agent.calls[1].end("bye")
    await wait_for_calls(host, "left")
    await tick(world, 300)
    assert len(agent.called) == 2
    assert world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01") is None
    assert await world.server.meetings.dependencies.connected_devices.connected(session.id) == [1]


async def test_calls_end_with_their_session(world: World) -> None:
    agent = use_fake_agent(world)
    session, host = await called(world)
    await wait_for_calls(host, "connected")
    await world.server.meetings.cancelled(session.id)
    await agent.calls[0].ended.wait()
    assert agent.calls[0].hung_up
    await tick(world, 1)
    assert world.engine.rooms == {}
    assert len(agent.called) == 1


async def test_a_device_invited_to_two_sessions_at_once_is_called_by_one_at_a_time(world: World) -> None:
    agent = use_fake_agent(world)
    device = await register(world, NHA_TRANG, VCS)
    first, second = await world.session(NHA_TRANG), await world.session(NHA_TRANG)
    one, _ = await world.join("host", first)
    await tick(world, 0)
    await wait_for_calls(one, "connected")
    two, _ = await world.join("host", second)
    await wait_for_calls(two, "elsewhere")
    await two.send(type="redial", device=device)
    await tick(world, 10)
    assert (len(agent.called), agent.calls[0].hung_up) == (1, False)
    await world.server.meetings.cancelled(first.id)
    await agent.calls[0].ended.wait()
    await tick(world, 10)
    await wait_for_calls(two, "connected")
    assert len(agent.called) == 2


async def test_a_call_that_rings_when_its_session_ends_rings_no_more(world: World) -> None:
    agent = use_fake_agent(world)
    agent.ringing = asyncio.Event()
    session, host = await called(world)
    await wait_for_calls(host, "calling")
    await world.server.meetings.cancelled(session.id)
    await tick(world, 1)
    agent.ringing.set()
    await asyncio.sleep(0)
    assert agent.calls == []
    assert world.engine.rooms == {}


async def test_a_room_system_that_the_host_removes_is_hung_up_and_stays_out_until_it_is_let_back(world: World) -> None:
    agent = use_fake_agent(world)
    session, host = await called(world)
    (row,) = await wait_for_calls(host, "connected")
    state = world.server.meetings.meetings[session.id].state
    member = state.roster.holder(f"{NHA_TRANG}.01")
    assert member is not None
    assert (await host.ask(type="remove", point=NHA_TRANG, reason="Hú tiếng"))["points"][0]["point"] == NHA_TRANG
    await agent.calls[0].ended.wait()
    await wait_for_calls(host, "left")
    assert (agent.calls[0].hung_up, state.roster.holder(f"{NHA_TRANG}.01")) == (True, None)
    assert member.id not in world.engine.rooms[session.id].seats
    await host.send(type="redial", device=row["device"])
    (refused,) = await wait_for_calls(host, "waiting")
    assert (refused["status"], len(agent.called)) == (403, 1)  # nobody rings a point that is kept out
    await host.ask(type="let-back", point=NHA_TRANG)
    await host.send(type="redial", device=row["device"])
    await wait_for_calls(host, "connected")
    assert len(agent.called) == 2


async def test_a_point_that_is_removed_while_its_room_system_rings_stays_out(world: World) -> None:
    agent = use_fake_agent(world)
    agent.ringing = asyncio.Event()
    await world.services.scheduler.set_devices(NHA_TRANG, 2)
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "calling")
    _, joined = await world.join("nhatrang", session)
    await host.seat(joined["seat"], name="UBND.Nha Trang.02", here=True)  # its second device
    await host.ask(type="remove", point=NHA_TRANG, reason="Hú tiếng")
    agent.ringing.set()
    (refused,) = await wait_for_calls(host, "waiting")
    assert (refused["status"], agent.calls[0].hung_up) == (403, True)
    assert world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01") is None


async def test_nobody_is_put_out_by_a_call_nobody_asked_for(world: World) -> None:
    agent = use_fake_agent(world)
    device = await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    browser, _ = await world.join("nhatrang", session)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "taken")
    assert agent.called == []
    await host.send(type="redial", device=device)
    await wait_for_calls(host, "connected")
    assert (await browser.type("bye"))["reason"] == "replaced"
    again, _ = await world.join("nhatrang", session)
    await wait_for_calls(host, "taken")
    assert agent.calls[0].hung_up
    await again.ask(type="leave")
    await tick(world, 10)
    await wait_for_calls(host, "connected")


async def test_a_browser_takes_the_place_of_a_room_system_last(world: World) -> None:
    use_fake_agent(world)
    await world.services.scheduler.set_devices(NHA_TRANG, 2)
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    await tick(world, 0)
    _, joined = await world.join("nhatrang", session)
    own = next(each for each in joined["seats"] if each["seat"] == joined["seat"])
    assert own["name"] == "UBND.Nha Trang.02"
    host, _ = await world.join("host", session)
    (row,) = await wait_for_calls(host, "connected")
    assert row["name"] == "UBND.Nha Trang.01"


async def test_r021_another_system_is_a_leg_whose_picture_everyone_sees_and_which_hears_the_meeting(
    world: World,
) -> None:
    agent = use_fake_agent(world)
    await register(world, NHA_TRANG, VCS, kind="LINK", model="HNTH Chính phủ")
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "connected")
    roster = world.server.meetings.meetings[session.id].state.roster
    seat = roster.holder(f"{NHA_TRANG}.01")
    assert seat is not None and world.server.meetings.meetings[session.id].legs() == [
        "ubnd.khanh-hoa.01",
        f"{NHA_TRANG}.01",
    ]
    await host.send(type="layout", kind="single", focus=seat.id)
    await host.until(lambda message: message["type"] == "layout" and message["focus"] == seat.id)
    room = world.engine.rooms[session.id]
    assert (room.layouts["everyone"].focus, room.seats[seat.id].visible) == (seat.id, True)
    assert agent.called == [Target(VCS)]


async def test_r021_another_mcu_never_sees_itself_and_is_shown_by_the_name_that_it_announces(world: World) -> None:
    agent = use_fake_agent(world)
    agent.peers[VCS] = RemoteParty(VCS, "Phòng họp  số 1\x07" + "x" * 99, "2001", "MCU 1.0")
    await register(world, NHA_TRANG, VCS, kind="LINK", model="HNTH Chính phủ")
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "connected")
    roster = world.server.meetings.meetings[session.id].state.roster
    seat = roster.holder(f"{NHA_TRANG}.01")
    assert seat is not None and seat.mcu
    tell = agent.calls[0].roster_told
    assert tell is not None
    for inside in (Inside(("Bộ Y tế", "Bộ Công an"), 3), NOBODY, Inside(("Bộ Y tế",))):
        tell(inside)
        (row,) = (await host.until(lambda message: message["type"] == "calls"))["calls"]
        assert (row["state"], row["inside"], row["inside_more"]) == ("connected", list(inside.names), inside.more)
    announced = f"Phòng họp số 1 {'x' * 99}"[:60]
    options = world.engine.rooms[session.id].seats[seat.id]
    assert options.sees_itself is False
    assert options.label == f"UBND.Nha Trang · UBND thành phố Nha Trang ({announced})"
    await host.send(type="rename", point=NHA_TRANG, label="Văn phòng Chính phủ")
    await host.seat(seat.id, label="Văn phòng Chính phủ")
    device = next(iter(world.server.sip_bridge._schedules[session.id].systems))
    await host.send(type="redial", device=device)  # Điều 14.3.c
    await tick(world, 0)
    await wait_until(lambda: len(agent.calls) == 2 and agent.calls[0].hung_up)
    tell(Inside(("quá muộn",)))
    (row,) = await wait_for_calls(host, "connected")
    assert (row["inside"], row["inside_more"]) == ([], 0)
    await wait_until(lambda: (found := roster.holder(f"{NHA_TRANG}.01")) is not None and found.id != seat.id)
    again = roster.holder(f"{NHA_TRANG}.01")
    assert again is not None and (again.mcu, again.label) == (True, "Văn phòng Chính phủ")
    assert not [call for call in world.engine.calls if call[0] == "show_overlay"]
    assert [each.field for each in await world.services.equipment.changes(NHA_TRANG)] == []


async def test_r021_a_link_is_tested_before_it_is_used(world: World) -> None:
    agent = use_fake_agent(world)
    link = await register(world, NHA_TRANG, VCS, kind="LINK")
    bare = (await world.services.equipment.devices(CAM_RANH))[0].id
    central = await world.signed_in("central")

    async def tested(device: str) -> tuple[int, object]:
        async with central.post(f"/api/v1/directory/devices/{device}/test", json={}) as response:
            return response.status, (await response.json(content_type=None)).get("answers")

    assert await tested(link) == (200, False)
    agent.responding.add(VCS)
    assert await tested(link) == (200, True)
    assert (agent.probed, agent.called) == ([Target(VCS), Target(VCS)], [])
    noted = [(entry.subject, entry.detail) for entry in await world.audited(5) if entry.action == "device-test"]
    assert noted == [(NHA_TRANG, f"01 {VCS} answers"), (NHA_TRANG, f"01 {VCS} silent")]
    assert (await tested(bare))[0] == 409
    world.server.sip_bridge.outbound.agent = None
    assert (await tested(link))[0] == 409


async def test_the_join_guard_counts_room_systems_too(world: World) -> None:  # I18
    agent = use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    others = [f"other.{number}" for number in range(session.legs - 1)]
    elsewhere = await counted_elsewhere(world, session, others)
    await tick(world, 0)
    await wait_for_calls(host, "full")
    assert agent.called == []
    elsewhere.leave(session.id, others[0])
    await elsewhere.write()
    await tick(world, 10)
    await wait_for_calls(host, "connected")
    assert await elsewhere.connected(session.id) == [session.legs]


async def test_r034_r055_what_a_room_system_announces_is_compared_with_the_register(world: World) -> None:
    agent = use_fake_agent(world)
    agent.peers[VCS] = RemoteParty(VCS, "P. Xuong Huan - NT", "room", "Poly 4.1")
    await register(world, NHA_TRANG, VCS, user_agent="Poly 3.0")
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    assert (await wait_for_calls(host, "connected"))[0]["name"] == "UBND.Nha Trang"
    changes = await world.services.equipment.changes(NHA_TRANG)
    assert sorted((each.kind, each.field, each.old, each.new) for each in changes) == [
        ("drift", "name", "UBND.Nha Trang", "P. Xuong Huan - NT"),
        ("drift", "user_agent", "Poly 3.0", "Poly 4.1"),
    ]


async def test_r055_a_codec_that_a_room_system_answers_and_is_not_registered_is_flagged(world: World) -> None:
    agent = use_fake_agent(world)
    agent.sdps[VCS] = "m=audio 4000 RTP/AVP 9\r\nm=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    await register(world, NHA_TRANG, VCS, codecs="G722, PCMA")
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "connected")
    (change,) = await world.services.equipment.changes(NHA_TRANG)
    assert (change.field, change.old, change.new) == ("codecs", "G722, PCMA", "G722, H264, PCMA")
    noted = [(entry.action, entry.subject, entry.detail) for entry in await world.audited(50)]
    assert ("drift", NHA_TRANG, "codecs: G722, PCMA → G722, H264, PCMA") in noted


async def test_a_media_worker_that_was_replaced_calls_room_systems_anew(world: World) -> None:
    agent = use_fake_agent(world)
    session, host = await called(world)
    await wait_for_calls(host, "connected")
    await tick(world, 1)
    world.engine.lose_everything()
    world.engine.failing["invite"] = EngineGone()
    host.seen.clear()
    world.engine.emit(EngineLost())
    await host.until(lambda m: m["type"] == "seats" and any(row["media"] == "none" for row in m["changed"]))
    await tick(world, 0)
    (call_row,) = await wait_for_calls(host, "waiting")
    assert (call_row["at"], call_row["status"]) == ("2026-04-06T01:00:02Z", 0)
    world.engine.failing.clear()
    world.engine.emit(EngineReady())
    await host.type("renew")
    await tick(world, 1)
    await wait_for_calls(host, "connected")
    assert [call.hung_up for call in agent.calls] == [True, False]
    (seat,) = [key for key, each in world.engine.rooms[session.id].seats.items() if "Nha Trang" in each.label]
    assert ("accept", session.id, seat, f"answer of {VCS}") in world.engine.calls


async def test_a_room_system_whose_media_is_gone_before_anybody_looks_is_called_again(world: World) -> None:
    agent = use_fake_agent(world)
    _, host = await called(world)
    await wait_for_calls(host, "connected")
    world.engine.lose_everything()
    world.engine.emit(EngineLost())
    world.engine.emit(EngineReady())
    await host.type("renew")
    await tick(world, 1)
    await wait_until(lambda: len(agent.calls) == 2)
    assert [call.hung_up for call in agent.calls] == [True, False]


async def test_a_client_that_takes_the_last_leg_while_a_room_system_rings_has_it(world: World) -> None:
    agent = use_fake_agent(world)
    agent.ringing = asyncio.Event()
    session, host = await called(world)
    await wait_until(lambda: agent.called)
    world.server.meetings.dependencies.connected_devices.leave(
        session.id, f"{NHA_TRANG}.01"
    )  # as if it had rung too long
    await world.server.meetings.dependencies.connected_devices.write()
    others = [f"other.{number}" for number in range(session.legs - 1)]
    await counted_elsewhere(world, session, others)
    agent.ringing.set()
    await wait_for_calls(host, "full")
    assert agent.calls[0].hung_up
    assert world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01") is None


async def test_a_place_that_is_lost_while_the_media_is_connected_ends_the_call(world: World) -> None:
    agent = use_fake_agent(world)
    accept, taken = world.engine.accept, asyncio.Event()

    async def slowly(room: str, seat: str, answer: str) -> None:
        await taken.wait()
        await accept(room, seat, answer)

    world.engine.accept = slowly  # type: ignore[method-assign]
    session, host = await called(world)
    roster = world.server.meetings.meetings[session.id].state.roster
    await wait_until(lambda: roster.holder(f"{NHA_TRANG}.01"))
    _browser = await world.join("nhatrang", session)
    taken.set()
    await wait_for_calls(host, "waiting")
    assert agent.calls[0].hung_up
    await tick(world, 10)
    await wait_for_calls(host, "taken")


async def test_an_answer_without_a_codec_of_ours_ends_the_call(world: World) -> None:
    agent = use_fake_agent(world)
    world.engine.failing["accept"] = BadOffer("no codec")
    session, host = await called(world)
    assert (await wait_for_calls(host, "waiting"))[0]["status"] == 488
    assert agent.calls[0].hung_up
    assert world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01") is None


async def test_a_session_that_only_room_systems_were_called_for_was_not_opened(world: World) -> None:
    agent = use_fake_agent(world)
    agent.replies[VCS] = [None]
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    await tick(world, 0)
    await wait_until(lambda: agent.called)
    await tick(world, 1900)
    await world.services.scheduler.release(session.id, world.clock.now)
