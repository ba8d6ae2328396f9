"""Room systems that call in (Điều 11.7, R-051, R-057).

Also tests `inbound_calls.py`, `admission.py` and `caller_identity.py`.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mediaserver.errors import BadOffer, EngineGone
from scheduler.core.errors import InvalidRequest, LostKey
from signaling.sip.agent.agent import RemoteParty
from signaling.sip.protocol.digest import Credentials
from tests.mediaserver.room_offers import BARESIP, POLYCOM
from tests.signaling.fake_room_systems import FakeIncoming, register, tick, use_fake_agent, wait_for_calls
from tests.signaling.world import CAM_RANH, NHA_TRANG, NOW, World, counted_elsewhere, older, wait_until

VCS = "10.79.6.20"


async def ring(
    world: World, code: str | None, address: str = VCS, user: str = "room", contact: str = "", **fields: Any
) -> FakeIncoming:
    """Let a room system call in; return its call once it is accepted or refused."""
    incoming = FakeIncoming(code or "", RemoteParty(address, "", user, "Fake VCS 1.0", contact), **fields)
    await world.server.sip_bridge.called(incoming)
    return incoming


async def test_a_call_without_the_encryption_that_is_demanded_is_never_seen_in_the_meeting(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS, dial_out=False, encryption="demanded")
    session = await world.session(NHA_TRANG)
    _, joined = await world.join("host", session)
    incoming = FakeIncoming(session.code or "", RemoteParty(VCS, "", "room", "", transport="tls"), offer=BARESIP)
    await world.server.sip_bridge.called(incoming)
    added = [call[2] for call in world.engine.calls if call[0] == "add_seat"]
    assert (incoming.refused, added) == (488, [joined["seat"]])
    assert [entry.action for entry in await world.audited(50) if entry.subject == NHA_TRANG][:1] == ["call-refused"]


async def test_r057_a_registered_device_with_the_right_code_is_let_in_as_its_point(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS, dial_out=False)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    incoming = await ring(world, session.code)
    assert (incoming.answer, incoming.refused) == ("answer to offer of a room", None)
    member = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert member is not None
    assert (member.name, member.role, member.floor) == ("UBND.Nha Trang", "component", False)
    await host.seat(member.id, here=True, media="connected")
    noted = [(e.action, e.subject, e.address) for e in await world.audited(50) if e.actor.startswith("vcs:")]
    assert noted == [("enter", session.id, VCS)]
    assert incoming.call is not None
    await world.server.meetings.cancelled(session.id)
    await incoming.call.ended.wait()
    assert incoming.call.hung_up


async def test_a_caller_without_an_offer_answers_ours(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS, dial_out=False)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    incoming = await ring(world, session.code, offer="")
    member = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert member is not None and incoming.answer == f"offer of {member.id}"
    await host.seat(member.id, here=True, media="connected")
    assert ("accept", session.id, member.id, "answer of a room") in world.engine.calls


async def test_a_call_that_comes_while_the_server_ends_is_refused(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS, dial_out=False)
    session = await world.session(NHA_TRANG)
    world.server.meetings.stopping = True
    assert (await ring(world, session.code)).refused == 503
    assert world.server.meetings.meetings == {}


async def test_a_device_whose_secrets_cannot_be_read_any_more_still_calls_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(_device: str) -> dict[str, str]:
        raise LostKey

    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    monkeypatch.setattr(world.services.equipment, "sip_secrets", lost)
    assert (await ring(world, session.code)).refused is None


async def test_r055_codecs_that_a_room_system_offers_are_compared_with_the_register(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS, codecs="G722, H264, PCMA")
    session = await world.session(NHA_TRANG)
    assert (await ring(world, session.code, offer=POLYCOM)).refused is None
    (change,) = await world.services.equipment.changes(NHA_TRANG)
    assert (change.field, change.old, change.new) == (
        *("codecs", "G722, H264, PCMA"),
        "G722, G7221, H263, H263-1998, H264, PCMA, PCMU, SIRENLPR",
    )
    assert (await ring(world, session.code, offer="m=audio 9 RTP/AVP\r\n")).refused == 488


async def test_an_unregistered_device_gets_403_whatever_the_code(world: World) -> None:
    use_fake_agent(world)
    session = await world.session(NHA_TRANG)
    assert [(await ring(world, code)).refused for code in (session.code, "0000000000", "x")] == [403, 403, 403]
    noted = [(e.actor, e.action, e.subject, e.detail, e.address) for e in await world.audited(3)]
    assert noted == [("", "call-refused", VCS, "Fake VCS 1.0", VCS)] * 3


async def test_wrong_codes_and_codes_of_others_get_the_same_response(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    others = await world.session(CAM_RANH)
    (device,) = await world.services.equipment.devices(NHA_TRANG)
    rung = [await ring(world, code) for code in (others.code, "0000000000", "x")]
    assert [(each.refused, each.traced_as) for each in rung] == [(404, device.id)] * 3
    assert {(e.action, e.subject) for e in await world.audited(3)} == {("code-wrong", NHA_TRANG)}
    assert world.engine.rooms == {}


async def test_devices_behind_one_address_are_told_apart_by_their_names(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS, sip_user="1001")
    await register(world, CAM_RANH, VCS, sip_user="1002")
    session = await world.session(NHA_TRANG, CAM_RANH)
    assert (await ring(world, session.code, user="1003")).refused == 403
    for said, seats in (({"user": "1001"}, [True, False]), ({"user": "1001", "contact": "1002"}, [True, True])):
        assert (await ring(world, session.code, **said)).refused is None
        roster = world.server.meetings.meetings[session.id].state.roster
        assert [roster.holder(f"{point}.01") is not None for point in (NHA_TRANG, CAM_RANH)] == seats
    await register(world, CAM_RANH, VCS, sip_user="")  # has no name: it is whoever gives none of the others'
    assert (await ring(world, session.code, user="1003")).refused is None
    with pytest.raises(InvalidRequest):
        await register(world, CAM_RANH, VCS, sip_user="1001")


async def test_a_room_whose_code_is_dialled_wrongly_locks_out_no_other_behind_its_sbc(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS, sip_user="1001")
    await register(world, CAM_RANH, VCS, sip_user="1002")
    session = await world.session(NHA_TRANG, CAM_RANH)
    assert [(await ring(world, "0000000000", user="1001")).refused for _ in range(21)] == [404] * 20 + [403]
    refused = [(await ring(world, session.code, user=user)).refused for user in ("1001", "1002")]
    assert refused == [403, None]


async def test_a_device_with_a_password_is_known_by_it_wherever_it_calls_from(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    (device,) = await world.services.equipment.devices(NHA_TRANG)
    account = Credentials("p.hop", "rat-bi-mat")
    await world.services.equipment.describe(
        replace(device, auth_user=account.user), world.clock.now, {"password": account.password}
    )
    await register(world, CAM_RANH, "10.79.6.21")
    (other,) = await world.services.equipment.devices(CAM_RANH)
    camera = replace(other, protocol="RTSP", dial_out=False, auth_user=account.user)  # by chance: cameras call nobody
    await world.services.equipment.describe(camera, world.clock.now, {"password": "khac"})
    session = await world.session(NHA_TRANG)
    for _ in range(21):  # who is asked has guessed nothing
        assert [(await ring(world, session.code, address)).refused for address in (VCS, "10.66.6.6")] == [401, 401]
    wrong = Credentials(account.user, "bi-mật")
    for _ in range(11):
        assert (await ring(world, session.code, account=wrong)).refused == 403
    noted = [(each.action, each.subject) for each in await world.audited(11)]
    assert noted == [("password-locked", account.user), *[("call-refused", account.user)] * 10]
    assert (await ring(world, session.code, account=account)).refused == 403
    let_in = await ring(world, session.code, "10.66.6.6", account=account)  # guesses came from elsewhere
    assert let_in.refused is None and let_in.call is not None and let_in.call.credentials == account
    assert let_in.traced_as == device.id
    await world.server.meetings.cancelled(session.id)


async def test_another_system_with_an_account_for_us_calls_in_by_its_address(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS, kind="LINK")
    (device,) = await world.services.equipment.devices(NHA_TRANG)
    await world.services.equipment.describe(replace(device, auth_user="kh"), world.clock.now, {"password": "x"})
    session = await world.session(NHA_TRANG)
    assert (await ring(world, session.code)).refused is None
    assert (await ring(world, session.code, "10.66.6.6")).refused == 403


async def test_r051_forged_datagrams_lock_no_device_out(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    for _ in range(30):
        forged = await ring(world, "0000000000", from_its_address=False, heard=False)
        assert (forged.refused, forged.traced_as) == (404, "")
    assert "code-wrong" not in {each.action for each in await world.audited(5)}
    for _ in range(20):  # who acknowledges is there
        assert (await ring(world, "0000000000", from_its_address=False)).refused == 404
    assert [each.action for each in await world.audited(2)] == ["code-locked", "code-wrong"]
    assert (await ring(world, session.code, from_its_address=False)).refused == 403


@pytest.mark.parametrize("from_its_address", [True, False])
async def test_r051_strangers_lock_out_no_device_at_their_address(world: World, from_its_address: bool) -> None:
    """Two rooms behind one SBC, and calls from there by a name that nobody has."""
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS, sip_user="1001")
    await register(world, CAM_RANH, VCS, sip_user="1002")
    session = await world.session(NHA_TRANG)
    for _ in range(21):
        assert (await ring(world, "0", user="mallory", from_its_address=from_its_address)).refused == 403
    assert (await ring(world, session.code, user="1001", from_its_address=from_its_address)).refused is None


async def test_calls_of_strangers_by_datagrams_that_may_be_forged_are_not_audited(world: World) -> None:
    use_fake_agent(world)
    for _ in range(2):
        assert (await ring(world, "0", from_its_address=False)).refused == 403
    assert (await ring(world, "0", "10.79.6.21")).refused == 403
    refused = [each.address for each in await world.audited(3) if each.action == "call-refused"]
    assert refused == ["10.79.6.21"]


async def test_attempts_that_may_be_forged_count_as_none_while_they_are_judged(world: World) -> None:
    """Many datagrams at once lock out nobody for as long as their codes are looked up."""
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    forged = [ring(world, "0", from_its_address=False, heard=False) for _ in range(60)]
    refused = await asyncio.gather(*forged, ring(world, session.code))
    assert [each.refused for each in refused] == [*[404] * 60, None]


async def test_r051_calls_are_throttled_as_codes_are(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    for _ in range(20):
        assert (await ring(world, "0000000000")).refused == 404
    assert [e.action for e in await world.audited(2)] == ["code-locked", "code-wrong"]
    assert (await ring(world, session.code)).refused == 403
    assert (await world.audited(1))[0].action == "code-locked"  # what is locked out fills no log
    await older(world.server.redis, 900)
    assert (await ring(world, session.code)).refused is None


async def test_r051_right_codes_are_no_guesses(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    early = await world.session(NHA_TRANG, start=timedelta(hours=5))
    now = await world.session(NHA_TRANG)
    for session, status in ((early, 403), (now, None)):
        for _ in range(21):
            assert (await ring(world, session.code)).refused == status


async def test_a_session_that_is_not_open_takes_no_calls(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    early = await world.session(NHA_TRANG, start=timedelta(hours=5))
    assert (await ring(world, early.code)).refused == 403
    world.clock.now = NOW + timedelta(hours=10)
    assert (await ring(world, early.code)).refused == 403
    assert world.engine.rooms == {}


async def test_a_call_finds_the_session_full(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    others = [f"other.{number}" for number in range(session.legs)]
    await counted_elsewhere(world, session, others)
    assert (await ring(world, session.code)).refused == 486


async def test_offers_without_an_answer_leave_nothing(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    for error, status in ((BadOffer("no codec"), 488), (EngineGone(), 503)):
        world.engine.failing = {"connect": error}
        assert (await ring(world, session.code)).refused == status
    world.engine.failing = {}
    gone = await ring(world, session.code, gone=True)
    assert (gone.refused, gone.answer) == (None, None)
    assert world.server.meetings.meetings[session.id].state.empty
    assert world.engine.rooms == {}
    assert await world.server.meetings.dependencies.connected_devices.connected(session.id) == [0]


async def test_a_device_that_loses_its_place_before_the_ack_is_hung_up(world: World) -> None:
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    acknowledged = asyncio.Event()
    task = asyncio.create_task(ring(world, session.code, acknowledgement=acknowledged))
    await wait_until(lambda: session.id in world.server.meetings.meetings)
    roster = world.server.meetings.meetings[session.id].state.roster
    await wait_until(
        lambda: ("connect", session.id, "plain") in [(*call[:2], *call[3:]) for call in world.engine.calls]
    )
    _browser = await world.join("nhatrang", session)
    acknowledged.set()
    incoming = await task
    assert incoming.call is not None
    await incoming.call.ended.wait()
    assert incoming.call.hung_up
    holder = roster.holder(f"{NHA_TRANG}.01")
    assert holder is not None and holder.account == "nhatrang"


async def test_a_device_that_calls_in_while_it_is_called_is_in_once(world: World) -> None:
    agent = use_fake_agent(world)
    agent.ringing = asyncio.Event()
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_until(lambda: agent.called)
    first = await ring(world, session.code)
    await wait_for_calls(host, "connected")
    second = await ring(world, session.code)
    assert first.call is not None and second.call is not None
    await first.call.ended.wait()
    assert (first.call.hung_up, second.call.ended.is_set(), agent.calls) == (True, False, [])
    await tick(world, 60)
    assert len(agent.called) == 1
    (seat,) = [key for key, each in world.engine.rooms[session.id].seats.items() if "Nha Trang" in each.label]
    assert world.server.meetings.meetings[session.id].state.roster.seats[seat].up


@pytest.mark.parametrize(
    ("fields", "error", "refused"),
    [({"gone": True}, None, None), ({}, BadOffer("no codec"), 488), ({}, EngineGone(), 503)],
)
async def test_a_device_that_calls_in_vain_while_it_is_called_is_called_again(
    world: World, fields: dict[str, Any], error: Exception | None, refused: int | None
) -> None:
    agent = use_fake_agent(world)
    agent.ringing = asyncio.Event()
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_until(lambda: agent.called)
    world.engine.failing = {} if error is None else {"connect": error}
    assert (await ring(world, session.code, **fields)).refused == refused
    (row,) = await wait_for_calls(host, "waiting")
    assert row["at"] == "2026-04-06T01:00:10Z"
    agent.ringing.set()
    await tick(world, 10)
    await wait_for_calls(host, "connected")
    assert len(agent.called) == 2


async def test_a_device_that_finds_the_session_full_while_it_is_called_is_called_again(world: World) -> None:
    agent = use_fake_agent(world)
    agent.ringing = asyncio.Event()
    device = await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_until(lambda: agent.called)
    others = [f"other.{number}" for number in range(session.legs)]
    elsewhere = await counted_elsewhere(world, session, others)
    assert (await ring(world, session.code)).refused == 486
    await wait_for_calls(host, "waiting")
    for each in others:
        elsewhere.leave(session.id, each)
    await elsewhere.write()
    agent.ringing.set()
    await host.send(type="redial", device=device)
    await wait_for_calls(host, "connected")


async def test_a_device_that_is_kept_out_while_it_is_called_is_not_called_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = use_fake_agent(world)
    agent.ringing = asyncio.Event()
    await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_until(lambda: agent.called)

    async def wrong_line(*_: object) -> bool:
        return False

    with monkeypatch.context() as patch:
        patch.setattr(world.server.sip_bridge._admission, "compare", wrong_line)
        assert (await ring(world, session.code)).refused == 403
    await tick(world, 10)
    agent.ringing.set()
    await wait_for_calls(host, "connected")
    assert len(agent.called) == 1


async def test_controllers_see_how_a_device_that_only_calls_in_is_connected(world: World) -> None:
    agent = use_fake_agent(world)
    device = await register(world, NHA_TRANG, VCS, dial_out=False)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    incoming = await ring(world, session.code)
    (row,) = await wait_for_calls(host, "connected")
    assert (row["device"], row["protection"]) == (device, "clear")
    assert incoming.call is not None
    incoming.call.end("unreachable")
    await wait_for_calls(host, "left")
    await tick(world, 60)
    assert agent.called == []  # it calls again itself, or a controller has it called
    await host.send(type="redial", device=device)
    await wait_for_calls(host, "connected")
    assert len(agent.called) == 1
