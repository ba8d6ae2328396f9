"""Test calls with room systems that are in no session.

Also tests `signaling/directory/call_test.py`.
"""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from mediaserver.api import CallReport
from signaling.sip.agent.agent import Target
from signaling.sip.bridge import call_tester
from tests.signaling.calls.measured import EARLY, LATE
from tests.signaling.fake_room_systems import FakeAgent, register, tick, use_fake_agent, wait_for_calls
from tests.signaling.sip.agents import ANSWER
from tests.signaling.world import NHA_TRANG, PATIENCE_S, World, problem_of, wait_until

VCS = "10.79.6.20"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WARM_S", "MEASURE_S"):
        monkeypatch.setattr(call_tester, name, 0.0)


async def begun(world: World, device: str) -> tuple[int, str]:
    async with (await world.signed_in("central")).post(
        f"/api/v1/directory/devices/{device}/test-call", json={}
    ) as response:
        return (202, "") if response.status == 202 else await problem_of(response)


async def done(world: World, device: str) -> dict[str, Any]:
    """Return the result of a test call once it is over."""
    client = await world.signed_in("central")
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with client.get(f"/api/v1/directory/devices/{device}/test-call") as response:
                assert response.status == 200
                found: dict[str, Any] = await response.json()
            if found["state"] == "done":
                return found
            await asyncio.sleep(0.01)


def room_system(world: World) -> FakeAgent:
    agent = use_fake_agent(world)
    agent.sdps[VCS] = ANSWER
    world.engine.reports = [EARLY, LATE]
    return agent


async def test_a_device_is_called_without_a_session_and_the_report_kept_with_its_record(world: World) -> None:
    agent = room_system(world)
    device = await register(world, NHA_TRANG, VCS, transport="TCP")
    client = await world.signed_in("central")
    async with client.get(f"/api/v1/directory/devices/{device}/test-call") as response:
        assert response.status == 404  # none was made
    assert await begun(world, device) == (202, "")
    result = await done(world, device)
    assert (agent.called, agent.names) == ([Target(VCS, 5060, "tcp")], ["Gọi thử"])
    assert {key: result[key] for key in ("target", "outcome", "status", "protection")} == {
        "target": f"{VCS}:5060",
        "outcome": "hung-up",
        "status": 0,
        "protection": "clear",
    }
    report = result["report"]
    assert (report["findings"], report["picture_rate"], report["picture"]["width"]) == ([], 25.0, 1280)
    assert (report["sent_rate"], *(report["picture"][f"sent_{side}"] for side in ("width", "height"))) == (
        *(30.0, 1920, 1080),
    )
    room = f"call-test-{device}"
    made = [call[0] for call in world.engine.calls if call[1:2] == (room,)]
    assert made[-6:] == ["show_overlay", "play_prompt", "call_report", "try_keyframe", "call_report", "close_room"]
    assert [call.reason for call in agent.calls] == ["hung-up"]
    async with asyncio.timeout(PATIENCE_S):
        while await world.services.call_records.open_ids():
            await asyncio.sleep(0.01)
    async with client.get("/api/v1/calls") as response:
        (record,) = await response.json()
    assert (record["purpose"], record["outcome"], record["sound"], record["report"]) == (
        *("test", "hung-up", "G722", report),
    )
    noted = [(e.action, e.subject) for e in await world.audited(50) if e.action == "call-test"]
    assert noted == [("call-test", NHA_TRANG)]


async def test_a_device_may_offer_within_a_test_call(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_tester, "WARM_S", 30.0)
    agent = room_system(world)
    device = await register(world, NHA_TRANG, VCS)
    await begun(world, device)
    await wait_until(lambda: world.server.sip_bridge.call_tester.calls != {})
    assert await world.server.sip_bridge.reoffered(agent.calls[0], "refresh") == "answer to refresh"
    assert ("renegotiate", f"call-test-{device}", "device", "refresh") in world.engine.calls
    agent.calls[0].end("bye")
    assert (await done(world, device))["outcome"] == "bye"


@pytest.mark.parametrize(("reply", "outcome"), [(486, ("refused", 486)), (None, ("unanswered", 0))])
async def test_a_device_that_does_not_take_the_call(world: World, reply: int | None, outcome: tuple[str, int]) -> None:
    agent = room_system(world)
    agent.replies[VCS] = [reply]
    device = await register(world, NHA_TRANG, VCS)
    await begun(world, device)
    result = await done(world, device)
    assert (result["outcome"], result["status"], result["report"]) == (*outcome, None)
    async with (await world.signed_in("central")).get("/api/v1/calls") as response:
        (record,) = await response.json()
    assert (record["purpose"], record["outcome"], record["status"]) == ("test", *outcome)


async def test_a_device_that_rings_too_long_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_tester, "RING_S", 0.05)
    agent = room_system(world)
    agent.ringing = asyncio.Event()
    device = await register(world, NHA_TRANG, VCS)
    await begun(world, device)
    assert (await done(world, device))["outcome"] == "unanswered"
    assert len(await world.services.call_records.open_ids()) == 0


async def test_a_call_that_the_device_ends_early_is_reported_as_far_as_it_went(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_tester, "MEASURE_S", 60.0)
    agent = room_system(world)
    world.engine.reports = [CallReport(1.0, None, None, None)]
    device = await register(world, NHA_TRANG, VCS)
    await begun(world, device)
    await wait_until(lambda: any(call[0] == "try_keyframe" for call in world.engine.calls))
    agent.calls[-1].end("bye")
    result = await done(world, device)
    assert (result["outcome"], result["report"]["findings"][0]) == ("bye", "no-sound-from")


async def test_a_device_whose_session_is_due_or_that_is_in_a_call_is_left_alone(world: World) -> None:
    room_system(world)
    device = await register(world, NHA_TRANG, VCS)
    session = await world.session(NHA_TRANG, start=timedelta(minutes=4))
    assert await begun(world, device) == (409, "session-due")
    world.server.sip_bridge.call_tester._tasks[device] = asyncio.create_task(asyncio.sleep(60))
    await tick(world, 240)
    host, _ = await world.join("host", session)
    await wait_for_calls(host, "elsewhere")  # it is dialled when the test call is over
    world.server.sip_bridge.call_tester._tasks.pop(device).cancel()
    await tick(world, 10)
    await wait_for_calls(host, "connected")
    assert await begun(world, device) == (409, "device-in-call")
    world.server.sip_bridge.outbound.agent = None
    assert await begun(world, device) == (409, "no-gateway")


async def test_only_so_many_are_tried_at_once(world: World) -> None:
    room_system(world)
    device = await register(world, NHA_TRANG, VCS)
    tester = world.server.sip_bridge.call_tester
    tester._tasks = {str(number): asyncio.create_task(asyncio.sleep(60)) for number in range(call_tester.MOST)}
    assert await begun(world, device) == (409, "too-many-tests")
    await tester.stop()
