"""Scripted room systems (sipp) that call a whole server in."""

from pathlib import Path

import pytest

from signaling.app.settings import Settings
from signaling.sip.agent.agent import Agent
from signaling.sip.bridge import bridge
from tests.signaling.fake_room_systems import register
from tests.signaling.sip.sipp import sipp
from tests.signaling.sip.whole_server import LOOPBACK, served
from tests.signaling.world import NHA_TRANG


@pytest.fixture(autouse=True)
def _time_passes_when_we_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the bridge's timer off: tests say when time passes."""
    monkeypatch.setattr(bridge, "TICK_SECONDS", 3600.0)


async def test_a_room_system_that_requires_100rel_is_taken_and_its_messages_are_seen(
    settings: Settings, tmp_path: Path
) -> None:
    """Also tests `signaling/directory/sip_trace.py`."""
    async with served(settings) as world:
        await register(world, NHA_TRANG, LOOPBACK, dial_out=False)
        session = await world.session(NHA_TRANG)
        assert session.code is not None
        agent = world.server.sip_bridge.outbound.agent
        assert isinstance(agent, Agent)
        remote = "{}:{}".format(*agent.address)
        async with sipp(tmp_path, "caller_100rel.xml", "udp", remote, "-s", session.code, "-m", "1"):
            pass  # it hears 180, is answered in both transactions and hangs up, or fails
        (device,) = await world.services.equipment.devices(NHA_TRANG)
        central = await world.signed_in("central")
        async with central.get(f"/api/v1/directory/devices/{device.id}/trace") as response:
            (call,) = await response.json()
        lines = [message["text"].split("\n")[0].partition("@")[0] for message in call["messages"]]
        assert lines[:3] == ["INVITE sip:••••••••••", "SIP/2.0 100 Trying", "SIP/2.0 180 Ringing"]
        assert [message["sent"] for message in call["messages"][:3]] == [False, True, True]
        assert not any(session.code in message["text"] for message in call["messages"])
        assert (await world.audited(1))[0].action == "see-trace"
    async with served(settings) as world:  # which was started again
        central = await world.signed_in("central")
        async with central.get(f"/api/v1/directory/devices/{device.id}/trace") as response:
            assert await response.json() == [call]
