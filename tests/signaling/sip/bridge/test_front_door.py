"""Room systems that call without a code: they enter it by their keys, wait where it is early, and come in."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mediaserver.api import ConnectionQuality, DigitPressed
from mediaserver.errors import EngineGone
from scheduler.directory.model import SipSecret
from signaling.sip.agent.agent import CallUnanswered, RemoteParty
from signaling.sip.bridge.front_door import IDLE, MOST, REPEAT, ROOM
from signaling.sip.bridge.front_door_texts import DOT
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.errors import OfferRefused
from tests.signaling.fake_room_systems import FakeIncoming, register, tick, use_fake_agent
from tests.signaling.world import CAM_RANH, NHA_TRANG, World, wait_until

VCS = "10.79.6.20"
SEAT = "visitor-1"


async def ring(world: World, address: str = VCS, user: str = "", **fields: str) -> FakeIncoming:
    incoming = FakeIncoming(user, RemoteParty(address, "", "room", "Fake VCS 1.0"), **fields)  # type: ignore[arg-type]
    await world.server.sip_bridge.called(incoming)
    return incoming


async def arrived(world: World, **fields: str) -> FakeIncoming:
    """Register a device of Nha Trang and let it call; return its call."""
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS, dial_out=False)
    incoming = await ring(world, **fields)
    if ROOM in world.engine.rooms:
        world.engine.rooms[ROOM].lines[SEAT] = ConnectionQuality(0, 0, 0, 0)
    return incoming


async def press(world: World, digits: str | None, seat: str = SEAT) -> None:
    for digit in digits or "":
        world.engine.emit(DigitPressed(ROOM, seat, digit))


def shown(world: World) -> str:
    return [str(call[3]) for call in world.engine.calls if call[0] == "show_overlay" and call[1] == ROOM][-1]


def prompts(world: World) -> list[object]:
    return [call[3] for call in world.engine.calls if call[0] == "play_prompt"]


@pytest.mark.parametrize("user", ["", "diemcau"])
async def test_a_code_that_is_keyed_in_moves_the_call_into_its_session(world: World, user: str) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    incoming = await arrived(world, user=user)
    assert incoming.answer == "answer to offer of a room" and prompts(world) == ["enter-code"]
    assert (ROOM, SEAT in world.engine.rooms[ROOM].seats, world.server.meetings.meetings[session.id].legs()) == (
        *(ROOM, True),
        ["ubnd.khanh-hoa.01"],
    )
    await press(world, "123*")
    await press(world, (session.code or "")[:3])
    await wait_until(lambda: " ".join(DOT * 3) in shown(world))
    assert (session.code or "")[:3] not in shown(world)
    await press(world, (session.code or "")[3:] + "#")
    await wait_until(lambda: ROOM not in world.engine.rooms)
    member = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert member is not None and incoming.call is not None
    await host.seat(member.id, here=True, media="connected", floor=False)
    assert incoming.call.offers == [f"offer of {member.id} that moves in"]
    assert ("accept", session.id, member.id, f"answer to offer of {member.id} that moves in") in world.engine.calls
    noted = [entry.action for entry in await world.audited(50) if entry.actor.startswith("vcs:")]
    assert noted == ["enter"] and not incoming.call.hung_up
    await press(world, "1#")  # is nobody's any more
    await world.server.meetings.cancelled(session.id)
    await incoming.call.ended.wait()


async def test_the_offer_that_moves_a_call_is_authenticated_when_the_device_asks(world: World) -> None:
    session, account = await world.session(NHA_TRANG), Credentials("kh", "bí mật")
    await world.join("host", session)
    use_fake_agent(world)
    await register(world, NHA_TRANG, VCS, dial_out=False, kind="LINK")
    (device,) = await world.services.equipment.devices(NHA_TRANG)
    secret: dict[SipSecret, str] = {"password": account.password}
    await world.services.equipment.describe(replace(device, auth_user=account.user), world.clock.now, secret)
    incoming = await ring(world)
    await press(world, f"{session.code}#")
    await wait_until(lambda: ROOM not in world.engine.rooms)
    assert incoming.call is not None and (incoming.call.credentials, incoming.traced_as) == (account, device.id)


async def test_a_caller_without_an_offer_and_by_info(world: World) -> None:
    session = await world.session(NHA_TRANG)
    await world.join("host", session)
    incoming = await arrived(world, offer="")
    assert incoming.answer == f"offer of {SEAT}" and ("accept", ROOM, SEAT, "answer of a room") in world.engine.calls
    for digit in f"{session.code}#":
        world.server.sip_bridge.digit_pressed(incoming.call, digit)  # type: ignore[arg-type]
    await wait_until(lambda: ROOM not in world.engine.rooms)
    assert world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01") is not None


async def test_offers_and_requests_of_who_waits_there_change_its_media(world: World) -> None:
    """A room may wait for an hour, and refreshes its session meanwhile by offers."""
    incoming = await arrived(world)
    bridge, call = world.server.sip_bridge, incoming.call
    assert call is not None
    assert await bridge.reoffered(call, "refresh") == "answer to refresh"
    assert await bridge.reoffer(call) == f"offer of {SEAT} again"
    await bridge.reanswered(call, "agreed")
    bridge.keyframe_requested(call)
    await wait_until(lambda: world.engine.calls[-1] == ("refresh_picture", ROOM, SEAT))
    assert world.engine.calls[-4:-1] == [
        ("renegotiate", ROOM, SEAT, "refresh"),
        ("reoffer", ROOM, SEAT),
        ("accept", ROOM, SEAT, "agreed"),
    ]
    world.server.sip_bridge.inbound.front_door.visitors[SEAT].judged = True
    with pytest.raises(OfferRefused) as refused:  # it may be moving on
        await bridge.reoffer(call)
    assert refused.value.status == 491


async def test_three_wrong_codes_end_the_call_and_are_guesses(world: World) -> None:
    incoming = await arrived(world)
    session = await world.session(CAM_RANH)
    for number, code in enumerate(("1", "0000000000", session.code or "")):
        await press(world, f"#{code}#")
        if number < 2:
            await wait_until(lambda number=number: len(prompts(world)) == number + 2)  # type: ignore[misc]
            assert f"{2 - number} left" in shown(world)
    assert incoming.call is not None
    await incoming.call.ended.wait()
    assert incoming.call.hung_up and prompts(world) == ["enter-code", "wrong-code", "wrong-code"]
    noted = [entry.action for entry in await world.audited(50) if entry.actor.startswith("vcs:")]
    assert noted == ["code-wrong"] * 3 and ROOM not in world.engine.rooms


async def test_who_comes_early_waits_until_the_lobby_opens(world: World) -> None:
    session = await world.session(NHA_TRANG, start=timedelta(minutes=45))
    incoming = await arrived(world)
    await press(world, f"{session.code}#")
    await wait_until(lambda: prompts(world) == ["enter-code", "not-open"])
    assert "08:15" in shown(world) and "06/04/2026" in shown(world)
    await press(world, "1")
    await tick(world, 14 * 60)
    assert SEAT in world.engine.rooms[ROOM].seats
    await tick(world, 61)
    await wait_until(lambda: ROOM not in world.engine.rooms)
    member = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
    assert member is not None and incoming.call is not None and not incoming.call.hung_up


async def test_who_comes_hours_early_is_told_when_and_hung_up(world: World) -> None:
    session = await world.session(NHA_TRANG, start=timedelta(hours=5))
    incoming = await arrived(world)
    await press(world, f"{session.code}#")
    await wait_until(lambda: prompts(world) == ["enter-code", "not-open"])
    await tick(world, REPEAT.total_seconds() + 1)
    assert incoming.call is not None and incoming.call.hung_up


async def test_the_prompt_is_repeated_and_who_is_idle_is_hung_up(world: World) -> None:
    incoming = await arrived(world)
    for _ in range(2):
        await tick(world, REPEAT.total_seconds())
    assert prompts(world) == ["enter-code"] * 3
    await tick(world, (IDLE - 2 * REPEAT).total_seconds())
    assert incoming.call is not None and incoming.call.hung_up and ROOM not in world.engine.rooms


async def test_who_hangs_up_or_loses_its_media_is_gone(world: World) -> None:
    for end in ("bye", "media"):
        incoming = await (ring(world) if end == "media" else arrived(world))
        assert incoming.call is not None
        if end == "bye":
            incoming.call.end("bye")
        else:
            world.engine.failing["lines"] = EngineGone()
        await tick(world, 1)
        assert (ROOM in world.engine.rooms, incoming.call.hung_up) == (False, end == "media")


async def test_strangers_and_too_many_are_refused(world: World) -> None:
    await arrived(world)
    assert (await ring(world, "10.66.6.6")).refused == 403
    others = [await ring(world) for _ in range(MOST)]
    assert [each.refused for each in others] == [None] * (MOST - 1) + [486]


async def test_media_that_fail_refuse_or_end_the_call(world: World) -> None:
    world.engine.failing["connect"] = EngineGone()
    assert (await arrived(world)).refused == 503
    del world.engine.failing["connect"]
    session = await world.session(NHA_TRANG)
    incoming = await ring(world)
    assert incoming.call is not None
    incoming.call.failing = CallUnanswered("no answer to an offer")
    await press(world, f"{session.code}#", "visitor-2")
    await incoming.call.ended.wait()
    assert incoming.call.hung_up
    assert world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01") is None
