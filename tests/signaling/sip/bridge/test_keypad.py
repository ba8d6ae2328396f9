"""Tests of the keys of room systems: what their digits make, and what a key does in a meeting."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mediaserver.api import DigitPressed
from signaling.meeting.state.roster import Seated
from signaling.sip.bridge.keypad import PAUSE, Keypad, Way, next_view
from tests.signaling.fake_room_systems import register, tick, use_fake_agent, wait_for_calls
from tests.signaling.world import NHA_TRANG, World, wait_until

NOW = datetime(2026, 4, 6, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def keys(digits: str, way: Way = "rtp", keypad: Keypad | None = None) -> list[str]:
    keypad = keypad or Keypad()
    found = (keypad.press(digit, way, NOW) for digit in digits)
    return [key for key in found if key is not None]


def test_a_star_and_a_digit_are_a_key() -> None:
    assert keys("*3*6**8*1") == ["*3", "*6", "*8", "*1"]
    assert keys("3*#3*93*A6") == []


def test_a_star_waits_five_seconds() -> None:
    for waited, key in ((PAUSE, "*3"), (PAUSE + SECOND, None)):
        keypad = Keypad()
        keypad.press("*", "rtp", NOW)
        assert keypad.press("3", "rtp", NOW + waited) == key


def test_a_device_that_sends_each_digit_in_both_ways_is_heard_once() -> None:
    keypad = Keypad()
    pressed = [keypad.press(digit, way, NOW) for digit in "*6*6" for way in ("info", "rtp")]
    assert [key for key in pressed if key is not None] == ["*6", "*6"]


def test_views_go_round() -> None:
    views = ["composed"]
    while len(views) < 5:
        views.append(next_view(views[-1]))
    assert views == ["composed", "composed:grid", "composed:speaker", "composed:single", "composed"]
    assert next_view("camera:x") == "composed"


async def test_a_room_system_acts_by_its_keys_and_the_host_decides(world: World) -> None:
    agent = use_fake_agent(world)
    await register(world, NHA_TRANG, "10.79.6.20")
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "connected")
    meeting = world.server.meetings.meetings[session.id]
    room = world.engine.rooms[session.id]
    holder = meeting.state.roster.holder(f"{NHA_TRANG}.01")
    assert holder is not None
    seat: Seated = holder

    async def press(digits: str) -> None:
        for digit in digits:
            world.engine.emit(DigitPressed(session.id, seat.id, digit))

    await press("*3")
    await host.seat(seat.id, hand=1)
    await press("*3")
    await host.seat(seat.id, hand=0)
    await press("*6")  # without the floor it asks
    await host.seat(seat.id, hand=1, floor=False)
    await wait_until(lambda: seat.id not in room.floors)
    await host.send(type="floor", seat=seat.id, open=True)
    await host.seat(seat.id, hand=0, floor=True, mic=True)
    await wait_until(lambda: seat.id in room.floors)
    await press("*6")
    await host.seat(seat.id, floor=True, mic=False)
    await wait_until(lambda: seat.id not in room.floors)
    await press("*6")
    await host.seat(seat.id, floor=True, mic=True)
    await wait_until(lambda: seat.id in room.floors)
    await press("*6")
    await host.seat(seat.id, mic=False)
    await host.send(type="floor", seat=seat.id, open=False)
    await host.seat(seat.id, floor=False, mic=True)
    await host.send(type="floor", seat=seat.id, open=True)  # who gets the floor anew is heard
    await host.seat(seat.id, floor=True, mic=True)
    await wait_until(lambda: seat.id in room.floors)
    await press("*8")
    await wait_until(lambda: seat.view == "composed:grid")
    await wait_until(lambda: room.views[seat.id] == "composed:grid" and room.layouts["grid"].kind == "grid")
    await host.send(type="lock", room=False, hands=True)
    await host.until(lambda message: message["type"] == "locks" and message["hands"])
    await host.send(type="floor", seat=seat.id, open=False)
    await host.seat(seat.id, floor=False)
    world.server.sip_bridge.digit_pressed(agent.calls[0], "*")
    await press("*3*8")  # hands are locked, and it sends no INFO
    await wait_until(lambda: seat.view == "composed:speaker")
    assert meeting.state.roster.hands == []
    await press("*1")
    told = "Press *1|number 1|Hand lowered|number 1|Microphone off|Microphone on|Microphone off|all alike|no requests"
    outcomes = [*told.split("|"), "speaker large", "Raise or lower the hand"]
    await wait_until(lambda: len(_overlays(world, seat.id)) == len(outcomes))
    for overlay, outcome in zip(_overlays(world, seat.id), outcomes, strict=True):
        assert outcome in overlay


def _overlays(world: World, seat: str) -> list[str]:
    """Return the overlays that a seat was shown."""
    return [str(call[3]) for call in world.engine.calls if call[0] == "show_overlay" and call[2] == seat]


async def test_a_device_without_telephone_events_acts_by_info(world: World) -> None:
    agent = use_fake_agent(world)
    await register(world, NHA_TRANG, "10.79.6.20")
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "connected")
    for digit in "*3":
        world.server.sip_bridge.digit_pressed(agent.calls[0], digit)
    await host.until(lambda m: m["type"] == "seats" and any(each["hand"] == 1 for each in m["changed"]))


@pytest.mark.parametrize(
    ("user", "pin", "digits"), [("2001", "1234", ",,1234#"), ("", "12#", ",,12#"), ("2001**{PIN}", "12", None)]
)
@pytest.mark.parametrize("events", [True, False])
async def test_a_pin_is_sent_after_the_answer_where_the_number_has_no_place_for_it(
    world: World, user: str, pin: str, digits: str | None, events: bool
) -> None:
    agent, world.engine.takes_events = use_fake_agent(world), events
    device = (await world.services.equipment.devices(NHA_TRANG))[0]
    about = {"kind": "LINK", "protocol": "SIP", "address": "10.79.6.20", "dial_out": True, "sip_user": user}
    await world.services.equipment.describe(replace(device, **about), world.clock.now, {"pin": pin})  # type: ignore[arg-type]
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    await wait_for_calls(host, "connected")
    assert len(agent.calls) == 1
    if digits is not None:
        await wait_until(lambda: any(call[0] == "send_digits" for call in world.engine.calls))
        await wait_until(lambda: events or agent.calls[0].digits == digits)
    sent = [call[3] for call in world.engine.calls if call[0] == "send_digits"]
    assert sent == ([] if digits is None else [digits])
    assert agent.calls[0].digits == ("" if events or digits is None else digits)
