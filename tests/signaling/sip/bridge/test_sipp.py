"""Scripted room systems (sipp) that call a whole server in."""

from pathlib import Path

import pytest

from signaling.app.settings import Settings
from signaling.sip.bridge import bridge
from tests.signaling.fake_room_systems import register
from tests.signaling.sip.sipp import sipp
from tests.signaling.sip.whole_server import LOOPBACK, served
from tests.signaling.world import NHA_TRANG


@pytest.fixture(autouse=True)
def _time_passes_when_we_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the bridge's timer off: tests say when time passes."""
    monkeypatch.setattr(bridge, "TICK_SECONDS", 3600.0)


async def test_a_room_system_that_requires_100rel_is_taken(settings: Settings, tmp_path: Path) -> None:
    async with served(settings) as world:
        await register(world, NHA_TRANG, LOOPBACK, dial_out=False)
        session = await world.session(NHA_TRANG)
        assert session.code is not None
        agent = world.server.sip_bridge.agent
        assert agent is not None
        remote = "{}:{}".format(*agent.address)
        async with sipp(tmp_path, "caller_100rel.xml", "udp", remote, "-s", session.code, "-m", "1"):
            pass  # it hears 180, is answered in both transactions and hangs up, or fails
