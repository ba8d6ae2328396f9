"""Tests of the client: an engine in another process behaves like one in this process."""

import asyncio
from pathlib import Path

import pytest

from loadtest.endpoint.sdp_offer import OfferOptions
from mediaserver import errors
from mediaserver.api import EngineLost, Layout, PeerDown, PeerUp, RoomOptions, SeatOptions
from mediaserver.rpc.client import RemoteEngine
from tests.mediaserver.meeting import ROOM, Meeting
from tests.mediaserver.offers import CHROMIUM
from tests.mediaserver.worker_process import ended, worker


async def test_a_meeting_in_another_process(tmp_path: Path) -> None:
    async with worker(tmp_path) as (process, engine):
        meeting = Meeting(engine)
        await meeting.open()
        a = await meeting.join("a", "red", 440, floor=True)
        b = await meeting.join("b", "green", 660, floor=True, offered=OfferOptions(("VP8",), 1))
        await engine.start_recording(ROOM, str(tmp_path / "r.mp4"))
        await meeting.all_seen()
        await a.watch.until(lambda: a.watch.tones() == {660})
        await engine.set_layout(ROOM, Layout("single", "a"))
        await b.watch.until(lambda: b.watch.colour(0.2, 0.2) == b.watch.colour(0.8, 0.2) == "red")
        await a.watch.more(40)  # a key frame comes at most twice a second, and the recording begins with one
        await engine.stop_recording(ROOM)
        ending = await meeting.recorded()
        assert (ending.path, ending.error) == (str(tmp_path / "r.mp4"), None)
        assert ending.seconds > 0.2
        await b.endpoint.close()
        await meeting.happened(PeerDown(ROOM, "b", "closed"))
        assert [event for event in meeting.events if isinstance(event, PeerUp)] == [
            PeerUp(ROOM, "a"),
            PeerUp(ROOM, "b"),
        ]
        lines = await engine.lines(ROOM)
        assert lines.keys() == {"a"} and (lines["a"].up, lines["a"].down) == (0.0, 0.0)
        assert lines["a"].camera == 720 and 0 <= lines["a"].late < 1
        stats = await engine.stats()
        assert (stats["rooms"], stats["seats"], stats["peers"]) == (1, 2, 1)
        await meeting.close()
        process.terminate()
        assert await ended(process) == (0, b"")


async def test_answers_and_errors_come_as_they_are_meant(tmp_path: Path) -> None:
    async with worker(tmp_path) as (_, engine):
        await engine.open_room("r", RoomOptions())
        await engine.add_seat("r", SeatOptions("a", "A"))
        await engine.start_recording("r", str(tmp_path / "r.mp4"))
        for kind, words, call in (
            (errors.UnknownRoom, "no room 'x'", engine.set_floor("x", "a", True)),
            (errors.UnknownSeat, "no seat 'x' in room 'r'", engine.connect("r", "x", CHROMIUM)),
            (errors.BadOffer, "SDP without m-lines", engine.connect("r", "a", "v=0\r\n")),
            (errors.BadOffer, "SDP larger than 128 KiB", engine.connect("r", "a", "\x01" * 131_073)),
            (errors.AlreadyRecording, "room 'r' records already", engine.start_recording("r", "x")),
        ):
            with pytest.raises(errors.MediaError) as caught:
                await call
            assert (type(caught.value), str(caught.value)) == (kind, words)
        assert (await engine.connect("r", "a", CHROMIUM)).startswith("v=0\r\n")
        await asyncio.gather(*(engine.open_room(f"r{i}", RoomOptions(64, 64, 1)) for i in range(10)))
        calls = (engine.add_seat(f"r{i}", SeatOptions("a", "A")) for i in range(20))
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert [str(answer) for answer in answers] == ["None"] * 10 + [f"no room 'r{i}'" for i in range(10, 20)]


async def test_a_killed_worker_is_an_error_for_calls_that_wait_and_later_ones(tmp_path: Path) -> None:
    async with worker(tmp_path) as (process, engine):
        await engine.open_room("r", RoomOptions())
        process.send_signal(19)  # stopped: what is asked now is not answered any more
        waiting = asyncio.ensure_future(engine.stats())
        await asyncio.sleep(0)
        process.kill()
        with pytest.raises(errors.EngineGone, match="gone"):
            await waiting
        assert [event async for event in engine.events()] == [EngineLost()]
        with pytest.raises(errors.EngineGone, match="gone"):
            await engine.open_room("r", RoomOptions())


async def test_dialling_nobody_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await RemoteEngine.dial(str(tmp_path / "nobody"))
