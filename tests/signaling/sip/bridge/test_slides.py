"""Slides of room systems on a whole server: asked for by BFCP, read by a browser and by another room (R-057).

SIP, the decoders and one of the two floor control clients are ours; the other is libre's, and the slides are encoded
and cut into packets by ffmpeg.
"""

from pathlib import Path
from statistics import median

import pytest

from loadtest.rooms.bfcp_client import bfcp_client
from mediaserver.rtp.payload import VIDEO_CLOCK
from signaling.app.settings import Settings
from signaling.sip.agent.agent import Agent, Target
from signaling.sip.bridge import bridge
from tests.mediaserver.slides_system import CONFID, FLOOR, USER, SlidesSystem
from tests.signaling.fake_room_systems import register, tick, wait_for_calls
from tests.signaling.sip.screens import READ, draw, likeness, read, shown_by_ffmpeg
from tests.signaling.sip.whole_server import LOOPBACK, give_floor, line, reader, served
from tests.signaling.world import CAM_RANH, NHA_TRANG

ELSEWHERE = "127.0.0.2"
LEAST_HZ = 5
"""Pictures a second of slides in 1080 lines (R-057)."""


@pytest.fixture(autouse=True)
def _time_passes_when_we_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the bridge's timer off: tests say when time passes."""
    monkeypatch.setattr(bridge, "TICK_SECONDS", 3600.0)


async def test_r057_text_on_slides_is_read_by_browsers_and_by_a_room_whose_own_slides_come_back(
    settings: Settings, tmp_path: Path
) -> None:
    inbound, called = SlidesSystem(1, 2, "", "green"), SlidesSystem(1, 1, "", "green")
    inbound.bandwidth = 1_500_000  # five pictures a second
    called.number = 98
    decision, plan = draw("Quyết định số 2119 về họp trực tuyến"), draw("Kế hoạch phòng chống lũ, bão")
    async with (
        bfcp_client(tmp_path, LOOPBACK, version=2, confid=CONFID, user=USER, floor=FLOOR) as (libre, port),
        line(inbound, LOOPBACK) as dialling,
        line(called, ELSEWHERE) as answering,
        served(settings) as world,
    ):
        agent = world.server.sip_bridge.outbound.agent
        assert isinstance(agent, Agent)
        inbound.floor_client_port = port
        await register(world, NHA_TRANG, LOOPBACK, dial_out=False)
        await register(world, CAM_RANH, ELSEWHERE, port=answering.address[1])
        session = await world.session(NHA_TRANG, CAM_RANH)
        host, _ = await world.join("host", session)
        await tick(world, 0)
        await wait_for_calls(host, "connected")
        call = await dialling.invite(Target(*agent.address, user=session.code or ""), inbound.sdp(), name="Phòng họp")
        inbound.set_destinations(call.sdp)
        inbound.begin()

        await libre.say(str(inbound.floor_server[1]))
        await libre.say("ask", "FloorRequestStatus Pending 1", "FloorRequestStatus Denied 1")
        for point in (NHA_TRANG, CAM_RANH):  # now: while slides are read, nobody answers the pings of the host's socket
            await give_floor(world, session.id, host, point)
        await libre.say("ask", "FloorRequestStatus Pending 2", "FloorRequestStatus Granted 2")
        async with shown_by_ffmpeg(tmp_path, decision, inbound), reader(world, session.id) as browser:
            await read(browser, decision)
            await read(called.slides, decision)
            assert likeness(called.slides.picture, plan) < READ / 2
            called.slide_times.clear()
            await called.slides.more(20)
        assert VIDEO_CLOCK / median(called.slide_intervals) >= LEAST_HZ
        await libre.say("release 2", "FloorRequestStatus Released 2")

        await called.connect()
        await called.granted()
        async with shown_by_ffmpeg(tmp_path, plan, called):
            await read(inbound.slides, plan)
        await call.hang_up()
