"""The link of a cascade: dialled by the code from below, picture and tone both ways, a lost one is dialled again."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.rooms.certificates import Authority
from mediaserver.api import PeerDown, SeatOptions
from signaling.app.settings import Settings
from signaling.meeting.state.roster import Seated
from signaling.sip.agent.agent import Agent, Target
from signaling.sip.bridge import bridge
from tests.mediaserver.meeting import CERTIFICATE, WatchingDecoder, material
from tests.signaling.cascade.two_systems import TwoSystems, know_each_other, two_systems
from tests.signaling.fake_room_systems import register, tick, use_fake_agent, wait_for_calls
from tests.signaling.sip.whole_server import LOOPBACK, served
from tests.signaling.world import HOST, NHA_TRANG, World, wait_until

VCS = "10.79.6.20"


@pytest.fixture(autouse=True)
def _time_passes_when_we_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the bridge's timer off: tests say when time passes."""
    monkeypatch.setattr(bridge, "TICK_SECONDS", 3600.0)


async def test_a_system_below_is_dialled_by_its_code_once_it_has_accepted_and_again_when_it_is_lost(
    settings: Settings, prepared: Path, tmp_path: Path
) -> None:
    async with two_systems(settings, prepared, tmp_path / "below") as systems:
        above = systems.above
        agent = use_fake_agent(above)
        await register(above, NHA_TRANG, VCS, kind="LINK", sip_user="9000")
        session = await above.session(NHA_TRANG)
        host, _ = await above.join("host", session)
        await tick(above, 0)
        await wait_for_calls(host, "unreserved")
        assert agent.called == []
        await systems.tell()
        await tick(above, 10)
        await wait_for_calls(host, "connected")
        (held,) = await systems.held()
        assert held.code is not None
        assert (agent.called, agent.calls[0].digits) == ([Target(VCS, secret_user=held.code)], "")
        seat = above.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
        assert seat is not None
        above.engine.emit(PeerDown(session.id, seat.id, "silent"))
        await host.seat(seat.id, media="none")
        await tick(above, 1)
        await wait_until(lambda: len(agent.called) == 2)
        assert agent.called == [Target(VCS, secret_user=held.code)] * 2


@asynccontextmanager
async def participant(world: World, session: str, colour: str, hertz: int) -> AsyncIterator[WatchingDecoder]:
    """Somebody who has the floor in a meeting of a system."""
    engine, watch = world.server.meetings.engine, WatchingDecoder()
    endpoint = Endpoint(CERTIFICATE, material(colour, hertz), OfferOptions(layers=1), watch)
    await engine.add_seat(session, SeatOptions("person", "Người nói", floor=True))
    try:
        await endpoint.connect(await engine.connect(session, "person", endpoint.offer()))
        yield watch
    finally:
        await endpoint.close()


def linked(world: World, session: str, point: str) -> Seated | None:
    """Return the seat of the neighbour once its media are connected."""
    meeting = world.server.meetings.meetings.get(session)
    seat = None if meeting is None else meeting.state.roster.holder(f"{point}.01")
    return seat if seat is not None and seat.up else None


@asynccontextmanager
async def real_systems(settings: Settings, prepared: Path, tmp_path: Path) -> AsyncIterator[TwoSystems]:
    """Serve both with real media, and SIP over TLS between them."""
    folder, authority = tmp_path / "below", Authority("CA")
    folder.mkdir()
    shutil.copy(prepared, folder / "diemcau.sqlite3")
    url = f"sqlite:///{folder / 'diemcau.sqlite3'}"
    lower = replace(settings, data=folder, database_url=url, redis_url=None)
    ours, theirs = (authority.folder(tmp_path / name, LOOPBACK, trusts=authority) for name in ("tls-1", "tls-2"))
    async with served(settings, tls=ours) as above, served(lower, tls=theirs) as below:
        await know_each_other(above, below)
        agent = below.server.sip_bridge.outbound.agent
        assert isinstance(agent, Agent)
        safe: dict[str, Any] = {"kind": "LINK", "transport": "TLS", "encryption": "demanded"}
        await register(above, NHA_TRANG, LOOPBACK, port=agent.tls_port, **safe)
        await register(below, HOST, LOOPBACK, dial_out=False, **safe)
        yield TwoSystems(above, below)


async def test_r021_both_meetings_see_and_hear_each_other_over_an_encrypted_link(
    settings: Settings, prepared: Path, tmp_path: Path
) -> None:
    async with real_systems(settings, prepared, tmp_path) as systems:
        above, below = systems.above, systems.below
        session = await above.session(NHA_TRANG)
        await systems.tell()
        (held,) = await systems.held()
        host, _ = await above.join("host", session)
        await tick(above, 0)
        (call,) = await wait_for_calls(host, "connected")
        assert call["protection"] == "encrypted"
        await wait_until(lambda: linked(above, session.id, NHA_TRANG) and linked(below, held.id, HOST))
        up, down = linked(above, session.id, NHA_TRANG), linked(below, held.id, HOST)
        assert up is not None
        assert down is not None
        assert (up.label, up.floor) == ("UBND thành phố Nha Trang", False)
        assert (down.role, down.floor) == ("host", True)
        await host.send(type="floor", seat=up.id, open=True)
        async with (
            participant(above, session.id, "red", 440) as here,
            participant(below, held.id, "green", 660) as there,
        ):
            await there.until(lambda: "red" in colours(there) and 440 in there.tones())
            await here.until(lambda: "green" in colours(here) and 660 in here.tones())


def colours(watch: WatchingDecoder) -> set[str]:
    """Return the colours at many places of the newest picture."""
    return {watch.colour(x / 20, y / 20) for x in range(1, 20) for y in range(1, 20)}
