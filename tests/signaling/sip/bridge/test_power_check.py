"""Room systems that were left on (Điều 11.3; R-053).

Also tests `scheduler/operations/closing/device_shutdown.py`.
"""

from datetime import timedelta

import pytest

from scheduler.notifications.wording import Channels
from scheduler.operations.closing.device_shutdown import DeviceShutdown
from signaling.sip.bridge.power_check import PowerCheck
from tests.signaling.fake_room_systems import register, use_fake_agent
from tests.signaling.world import CAM_RANH, HOST, NHA_TRANG, NOW, World

HALF_AN_HOUR_AFTER = NOW + timedelta(hours=2, minutes=30)
"""The end of the sessions that tests register, and what R-053 grants."""


@pytest.fixture
def standby(world: World) -> PowerCheck:
    return PowerCheck(DeviceShutdown(world.services.database, Channels(mail=True)), world.server.sip_bridge)


async def notified(world: World) -> list[tuple[str, str]]:
    outbox = await world.services.notifications.newest(100)
    return sorted((each.unit or "", each.facts.reason) for each in outbox if each.kind == "power")


async def test_r053_a_device_still_on_half_an_hour_after_the_end_is_reminded_once(
    world: World, standby: PowerCheck
) -> None:
    agent = use_fake_agent(world)
    for number, point in enumerate((HOST, NHA_TRANG, CAM_RANH)):
        await register(world, point, f"10.79.6.{number}", port=5060 + number)
    await world.session(NHA_TRANG, CAM_RANH)
    agent.responding = {"10.79.6.1"}
    await standby.work(HALF_AN_HOUR_AFTER - timedelta(seconds=1))
    assert agent.probed == []
    await standby.work(HALF_AN_HOUR_AFTER)
    assert sorted((each.host, each.port) for each in agent.probed) == [
        ("10.79.6.0", 5060),
        ("10.79.6.1", 5061),
        ("10.79.6.2", 5062),
    ]
    unit = (await world.services.scheduler.point(NHA_TRANG)).unit
    assert await notified(world) == [(unit, "Còn bật: UBND.Nha Trang")]
    await standby.work(HALF_AN_HOUR_AFTER + timedelta(minutes=1))
    await PowerCheck(DeviceShutdown(world.services.database, Channels(mail=True)), world.server.sip_bridge).work(
        HALF_AN_HOUR_AFTER
    )
    assert len(await notified(world)) == 1


async def test_a_device_that_meets_again_soon_may_stay_on(world: World, standby: PowerCheck) -> None:
    agent = use_fake_agent(world)
    for number, point in enumerate((NHA_TRANG, CAM_RANH)):
        await register(world, point, f"10.79.6.{number}")
    await world.session(NHA_TRANG, CAM_RANH)
    await world.session(NHA_TRANG, host=CAM_RANH, start=timedelta(hours=2, minutes=59))
    await standby.work(HALF_AN_HOUR_AFTER)
    assert agent.probed == []


async def test_without_a_sip_bridge_no_device_is_asked(world: World, standby: PowerCheck) -> None:
    await register(world, NHA_TRANG, "10.79.6.0")
    await world.session(NHA_TRANG)
    await standby.work(HALF_AN_HOUR_AFTER)
    assert await notified(world) == []
