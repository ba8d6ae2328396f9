"""Several engines as one: placement of rooms, and the rooms and files of a lost worker."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mediaserver.api import (
    EngineLost,
    Event,
    Held,
    Layout,
    PeerUp,
    RecordingEnded,
    RecordingFailed,
    RoomOptions,
    RoomState,
    SeatOptions,
)
from mediaserver.errors import (
    AlreadyRecording,
    CannotRecord,
    EngineGone,
    EngineLate,
    UnknownCall,
    UnknownRoom,
)
from mediaserver.rpc import protocol
from mediaserver.rpc.client import RemoteEngine
from mediaserver.worker.server import EngineServer
from signaling.app.settings import Settings
from signaling.core.errors import NoPlaceElsewhere, NotFound
from signaling.workers.pool import RecordingLost, RoomBack, RoomHeld, RoomLost, WorkerPool
from tests.fakes import FakeEngine, FakeRoom
from tests.signaling.world import CAM_RANH, DIEN_KHANH, NHA_TRANG, PATIENCE_S, open_world, wait_until


class PoolFixture:
    """A worker pool with two fake engines, which a test starts and loses."""

    def __init__(self) -> None:
        self.workers = WorkerPool()
        self.engines = [FakeEngine(), FakeEngine()]
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.seen = self.workers.events()

    async def start(self, index: int, records: bool = True) -> None:
        await self.workers.take(str(index), self.engines[index], records)
        self.tasks[index] = asyncio.create_task(self.workers.serve(str(index)))

    async def lose(self, index: int) -> None:
        self.engines[index].emit(EngineLost())
        await self.tasks[index]
        self.engines[index].lose_everything()

    async def events(self, number: int) -> list[Event]:
        async with asyncio.timeout(PATIENCE_S):
            return [await anext(self.seen) for _ in range(number)]


@pytest.fixture
async def pool() -> AsyncIterator[PoolFixture]:
    """Yield a pool of two workers."""
    made = PoolFixture()
    await made.start(0)
    await made.start(1)
    yield made
    for task in made.tasks.values():
        task.cancel()
    await asyncio.gather(*made.tasks.values(), return_exceptions=True)


async def test_a_room_goes_to_the_worker_with_the_fewest_seats(pool: PoolFixture) -> None:
    for room in ("a", "b"):
        await pool.workers.open_room(room, RoomOptions())
    for seat in ("1", "2"):
        await pool.workers.add_seat("a", SeatOptions(seat, seat))
    await pool.workers.add_seat("b", SeatOptions("1", "1"))
    await pool.workers.open_room("c", RoomOptions())
    await pool.workers.open_room("a", RoomOptions())
    assert [pool.workers.place(room) for room in "abcd"] == ["0", "1", "1", None]
    assert [sorted(engine.rooms) for engine in pool.engines] == [["a"], ["b", "c"]]


async def test_seats_that_are_booked_count_before_they_are_taken(pool: PoolFixture) -> None:
    pool.workers.reserved = {"a": 5, "b": 3, "c": 1}.__getitem__
    for room in "abc":
        await pool.workers.open_room(room, RoomOptions())
    assert [pool.workers.place(room) for room in "abc"] == ["0", "1", "1"]
    for seat in range(7):
        await pool.workers.add_seat("b", SeatOptions(str(seat), str(seat)))
    assert pool.workers.without_place("", 20) is None
    assert [pool.workers.without_place("media-2", most) for most in (20, 30)] == [0, 0]
    await pool.workers.take("media-2/1", FakeEngine())
    assert [pool.workers.without_place(machine, 27) for machine in ("", "media-2")] == [5, 0]
    pool.workers.drain("media-2")
    assert pool.workers.without_place("", 27) is None


async def test_connectivity_checks_go_to_the_worker_that_takes_the_next_room(
    pool: PoolFixture, settings: Settings
) -> None:
    async with open_world(settings, pool.workers) as world:
        await pool.workers.open_room("a", RoomOptions())
        async with world.client().get("/api/v1/media-probe") as response:
            addresses = [{"host": "10.0.0.1", "port": 40000}, {"host": "fd00::1", "port": 40000}]
            credentials = {"fragment": "fragment", "password": "password"}
            assert await response.json() == {**credentials, "addresses": addresses, "tcp": addresses[:1]}
        assert pool.engines[1].calls == [("probe",)]
        for index in (0, 1):
            await pool.lose(index)
        async with world.client().get("/api/v1/media-probe") as refused:
            assert (refused.status, "Retry-After" in refused.headers) == (503, True)


async def test_every_call_reaches_the_worker_of_its_room(pool: PoolFixture) -> None:
    w = pool.workers
    await w.open_room("a", RoomOptions())
    await w.add_seat("a", SeatOptions("1", "1"))
    assert await w.connect("a", "1", "offer") == "answer to offer"
    await w.set_floor("a", "1", True)
    await w.set_layout("a", Layout("single"))
    await w.set_view("a", "1", "camera:1")
    await w.start_recording("a", "/x")
    await w.pause_recording("a", True)
    await w.record_voices("a", True)
    assert await w.recorded("a") == 0.0
    await w.stop_recording("a")
    await w.remove_seat("a", "1")
    await w.close_room("a")
    await w.close_room("a")
    assert [call[0] for call in pool.engines[0].calls] == [
        "open_room",
        "add_seat",
        "connect",
        "set_floor",
        "set_layout",
        "set_view",
        "start_recording",
        "pause_recording",
        "record_voices",
        "recorded",
        "stop_recording",
        "remove_seat",
        "close_room",
    ]
    assert await pool.events(1) == [PeerUp("a", "1")]
    with pytest.raises(UnknownRoom):
        await w.set_floor("a", "1", True)


class SlowToTell(FakeEngine):
    """A media engine that tells what a room holds once all have been asked."""

    def __init__(self, asked: asyncio.Barrier) -> None:
        super().__init__()
        self._asked = asked

    async def room_state(self, room: str) -> RoomState:
        async with asyncio.timeout(PATIENCE_S):
            await self._asked.wait()
        return await super().room_state(room)


@pytest.mark.parametrize(
    ("connected", "kept", "together"),
    [((2, 1), 0, True), ((2, 1), 0, False), ((0, 2), 1, True), ((0, 2), 1, False), ((1, 1), 0, False)],
)
async def test_a_room_that_two_workers_hold_since_their_server_died_while_it_moved_is_kept_by_one(
    connected: tuple[int, int], kept: int, together: bool
) -> None:
    """It stays where more are connected, whichever worker comes first."""
    workers, asked = WorkerPool(), asyncio.Barrier(2 if together else 1)
    engines = [SlowToTell(asked), SlowToTell(asked)]
    for engine, number in zip(engines, connected, strict=True):
        await engine.open_room("a", RoomOptions())
        for seat in ("1", "2"):
            await engine.add_seat("a", SeatOptions(seat, seat))
        for seat in ("1", "2")[:number]:
            await engine.connect("a", seat, "offer")
    takes = [workers.take(str(index), engine) for index, engine in enumerate(engines)]
    if together:
        await asyncio.gather(*takes)
    else:
        for take in takes:
            await take
    assert [list(engine.rooms) for engine in engines] == [["a"] if index == kept else [] for index in range(2)]
    assert workers.place("a") == str(kept)
    events = workers.events()
    assert {await anext(events), await anext(events)} == {RoomHeld("a"), RoomHeld("a", doubled=True)}


async def test_a_room_about_which_something_was_asked_stays_where_it_was_found() -> None:
    workers, engines = WorkerPool(), [FakeEngine(), FakeEngine()]
    for engine, seats in zip(engines, ((), ("1",)), strict=True):
        await engine.open_room("a", RoomOptions())
        await engine.add_seat("a", SeatOptions("1", "1"))
        for seat in seats:
            await engine.connect("a", seat, "offer")
    await workers.take("0", engines[0])
    await workers.room_state("a")
    await workers.take("1", engines[1])
    assert ([list(engine.rooms) for engine in engines], workers.place("a")) == ([["a"], []], "0")


async def test_a_lost_worker_takes_only_its_rooms_and_another_takes_them(pool: PoolFixture) -> None:
    for room in ("a", "b"):
        await pool.workers.open_room(room, RoomOptions())
    await pool.lose(0)
    assert await pool.events(2) == [RoomLost("a"), RoomBack("a")]
    with pytest.raises(EngineGone):
        await pool.workers.connect("a", "1", "offer")
    await pool.workers.open_room("a", RoomOptions())
    assert [pool.workers.place(room) for room in "ab"] == ["1", "1"]


async def test_rooms_left_to_another_server_are_not_told_as_lost(pool: PoolFixture) -> None:
    await pool.workers.open_room("a", RoomOptions())
    await pool.workers.open_room("b", RoomOptions())
    pool.workers.leave()
    await pool.lose(0)
    pool.engines[1].emit(PeerUp("b", "1"))
    assert await pool.events(1) == [PeerUp("b", "1")]


async def test_without_workers_rooms_wait_for_one(pool: PoolFixture) -> None:
    await pool.workers.open_room("a", RoomOptions())
    await pool.lose(1)
    await pool.lose(0)
    with pytest.raises(EngineGone):
        await pool.workers.open_room("b", RoomOptions())
    assert await pool.events(1) == [RoomLost("a")]
    await pool.start(1)
    assert sorted(map(repr, await pool.events(2))) == sorted(map(repr, [RoomBack("a"), RoomBack("b")]))


async def test_a_room_that_is_open_again_is_not_told_back_by_the_next_worker_that_comes(
    pool: PoolFixture,
) -> None:
    await pool.workers.open_room("a", RoomOptions())
    await pool.lose(0)
    await pool.start(0)  # before the server got to open it again
    assert await pool.events(2) == [RoomLost("a"), RoomBack("a")]
    await pool.workers.open_room("a", RoomOptions())
    pool.engines[0].emit(PeerUp("a", "1"))
    assert await pool.events(1) == [PeerUp("a", "1")]


async def test_a_room_that_is_lost_again_is_told_back_after_that_and_not_before(pool: PoolFixture) -> None:
    await pool.workers.open_room("a", RoomOptions())
    await pool.lose(0)
    await pool.start(0)
    assert await pool.events(2) == [RoomLost("a"), RoomBack("a")]
    await pool.workers.open_room("a", RoomOptions())
    await pool.lose(0)
    assert await pool.events(2) == [RoomLost("a"), RoomBack("a")]


async def test_i07_a_recorded_room_goes_to_a_worker_that_sees_the_folder(pool: PoolFixture) -> None:
    await pool.lose(0)
    await pool.start(0, records=False)
    for room, options in (("a", RoomOptions()), ("b", RoomOptions(recorded=True)), ("c", RoomOptions(recorded=True))):
        await pool.workers.open_room(room, options)
    assert [pool.workers.place(room) for room in "abc"] == ["0", "1", "1"]
    await pool.workers.start_recording("b", "/x")
    with pytest.raises(CannotRecord, match="not seen on the machine"):
        await pool.workers.start_recording("a", "/x")
    await pool.lose(1)
    with pytest.raises(EngineGone):
        await pool.workers.open_room("b", RoomOptions(recorded=True))
    assert [call[0] for call in pool.engines[0].calls] == ["open_room"]
    assert await pool.events(3) == [RecordingLost("b", "/x"), RoomLost("b"), RoomLost("c")]
    pool.engines.append(FakeEngine())
    await pool.start(2, records=False)
    await pool.start(1)
    assert await pool.events(2) == [RoomBack("b"), RoomBack("c")]
    await pool.workers.open_room("b", RoomOptions(recorded=True))
    assert pool.workers.place("b") == "1"


async def test_i07_a_worker_tells_nothing_of_rooms_that_live_elsewhere(pool: PoolFixture) -> None:
    for room in ("a", "b"):
        await pool.workers.open_room(room, RoomOptions())
    for engine in pool.engines:
        for room in ("a", "b", "nowhere"):
            engine.emit(PeerUp(room, "1"))
    seen = await pool.events(4)
    assert seen == [PeerUp("a", "1"), PeerUp("nowhere", "1"), PeerUp("b", "1"), PeerUp("nowhere", "1")]


@pytest.mark.parametrize(
    ("report", "elsewhere"),
    [
        [RecordingEnded(room, "/1.mp4", 1.0, None) for room in ("a", "nowhere")],
        [RecordingFailed(room, "/1.mp4", "disk-full") for room in ("a", "nowhere")],
    ],
)
async def test_only_who_records_into_a_file_is_believed_about_it(
    pool: PoolFixture, report: Event, elsewhere: Event
) -> None:
    await pool.workers.open_room("a", RoomOptions())
    await pool.workers.start_recording("a", "/1.mp4")
    after = PeerUp("nowhere", "1")
    for engine, expected in ((pool.engines[1], [after]), (pool.engines[0], [report, after])):
        for event in (report, elsewhere, after):
            engine.emit(event)
        assert await pool.events(len(expected)) == expected


async def test_the_end_of_a_file_is_told_once_wherever_its_room_lives_now(pool: PoolFixture) -> None:
    await pool.workers.open_room("a", RoomOptions())
    await pool.workers.start_recording("a", "/1.mp4")
    await pool.workers.close_room("a")
    end, after = RecordingEnded("a", "/1.mp4", 1.0, "disk-slow"), PeerUp("nowhere", "1")
    for event in (end, end, after):
        pool.engines[0].emit(event)
    assert await pool.events(2) == [end, after]


async def test_a_file_that_could_not_be_begun_has_no_end_and_one_that_may_be_has(pool: PoolFixture) -> None:
    await pool.workers.open_room("a", RoomOptions())
    ends = [RecordingEnded("a", f"/{part}.mp4", 1.0, None) for part in (1, 2)]
    for path, error in (("/1.mp4", AlreadyRecording("a")), ("/2.mp4", EngineLate("a"))):
        pool.engines[0].failing["start_recording"] = error
        with pytest.raises(type(error)):
            await pool.workers.start_recording("a", path)
    for end in ends:
        pool.engines[0].emit(end)
    assert await pool.events(1) == ends[1:]


async def test_a_lost_worker_takes_its_files_along_also_those_of_rooms_that_have_moved(
    pool: PoolFixture,
) -> None:
    for room in ("a", "b"):
        await pool.workers.open_room(room, RoomOptions())
        await pool.workers.start_recording(room, f"/{room}.mp4")
    await pool.workers.close_room("a")
    await pool.workers.add_seat("b", SeatOptions("1", "1"))
    await pool.workers.open_room("c", RoomOptions())
    await pool.workers.start_recording("c", "/c.mp4")
    await pool.lose(0)
    assert await pool.events(4) == [
        RecordingLost("a", "/a.mp4"),
        RecordingLost("c", "/c.mp4"),
        RoomLost("c"),
        RoomBack("c"),
    ]


async def test_a_file_that_is_let_go_of_after_its_room_has_moved_is_closed(
    pool: PoolFixture, settings: Settings
) -> None:
    async with open_world(settings, pool.workers) as world:
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        await host.ask(type="record", on=True)
        await wait_until(lambda: pool.engines[0].rooms[session.id].recording)
        path = pool.engines[0].rooms[session.id].recording
        assert path is not None
        pool.engines[0].emit(RecordingFailed(session.id, path, "disk-slow"))
        await host.until(lambda message: message["type"] == "recording" and message["error"] == "disk-slow")
        pool.engines[0].rooms[session.id].recording = None
        await host.ask(type="leave")
        await wait_until(lambda: pool.workers.place(session.id) is None)
        await world.join("dienkhanh", await world.session(CAM_RANH, host=DIEN_KHANH))
        await world.join("host", session)
        assert pool.workers.place(session.id) == "1"
        pool.engines[0].emit(RecordingEnded(session.id, path, 60.0, "disk-slow"))
        await wait_until(lambda: world.server.recordings.running == 0)
        assert [(part.part, part.state, part.reason) for part in await world.recording_store.parts(session.id)] == [
            (1, "broken", "disk-slow")
        ]


async def test_a_lost_worker_ends_no_file_that_another_one_still_writes(pool: PoolFixture, settings: Settings) -> None:
    async with open_world(settings, pool.workers) as world:
        await world.server.remux_queue.stop()
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        await host.ask(type="record", on=True)
        await wait_until(lambda: pool.engines[0].rooms[session.id].recording)
        slow = pool.engines[0].rooms[session.id].recording
        assert slow is not None
        pool.engines[0].emit(RecordingFailed(session.id, slow, "disk-slow"))
        await host.until(lambda message: message["type"] == "recording" and message["error"] == "disk-slow")
        pool.engines[0].rooms[session.id].recording = None
        await host.ask(type="leave")
        await wait_until(lambda: pool.workers.place(session.id) is None)
        await world.join("dienkhanh", await world.session(CAM_RANH, host=DIEN_KHANH))
        host, _ = await world.join("host", session)
        await host.ask(type="record", on=True)
        await wait_until(lambda: pool.engines[1].rooms[session.id].recording)
        await pool.lose(1)
        await host.type("renew")
        states = [(part.part, part.state) for part in await world.recording_store.parts(session.id)]
        assert states == [(0, "recording"), (1, "recording"), (2, "broken"), (3, "recording")]
        pool.engines[0].emit(RecordingEnded(session.id, slow, 60.0, "disk-slow"))
        await wait_until(lambda: world.server.recordings.running == 1)
        [ended] = [part for part in await world.recording_store.parts(session.id) if part.part == 1]
        assert (ended.state, ended.reason) == ("broken", "disk-slow")


async def test_i07_a_recording_begun_by_hand_goes_on_where_the_folder_is_seen(
    pool: PoolFixture, settings: Settings
) -> None:
    pool.engines.append(FakeEngine())
    await pool.start(2, records=False)
    async with open_world(settings, pool.workers) as world:
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        await host.ask(type="record", on=True)
        await world.join("dienkhanh", await world.session(CAM_RANH, host=DIEN_KHANH))
        await pool.lose(0)
        await host.type("renew")
        assert pool.workers.place(session.id) == "1"  # the other one has fewer seats
        parts = [(part.part, part.state) for part in await world.recording_store.parts(session.id)]
        assert parts == [(0, "recording"), (1, "broken"), (2, "recording")]


async def test_stats_are_by_worker(pool: PoolFixture) -> None:
    pool.engines[1].failing["stats"] = EngineGone("dead")
    assert await pool.workers.stats() == {"0": {"0": {"rooms": 0, "codec": "h264"}, "records": True, "drained": False}}
    await pool.workers.close()
    assert [engine.closed for engine in pool.engines] == [True, True]


class FastClock(FakeEngine):
    """An engine on a machine whose clock is five minutes fast."""

    async def stats(self) -> dict[str, object]:
        return {"time": time.time() + 300}


async def test_by_how_much_the_clock_of_a_worker_is_ahead_is_told() -> None:
    pool = WorkerPool()
    await pool.take("media-1/1", FastClock())
    assert (await pool.stats())["media-1/1"]["clock_offset_s"] == 300.0  # type: ignore[index]


async def test_the_clock_of_the_worker_that_has_a_room_is_known(pool: PoolFixture) -> None:
    """It may have been read at any moment between question and answer."""
    await pool.workers.open_room("a", RoomOptions())
    (worker,) = [str(index) for index, engine in enumerate(pool.engines) if engine.rooms]
    found = []
    for theirs in (1000.0, 1030.0, 1330.0, 700.0):
        pool.workers.clock_read(worker, theirs, 1000.0, 1030.0)
        found.append(pool.workers.clock_ahead("a"))
    pool.workers.clock_read(worker, None, 1000.0, 1030.0)  # of an earlier release
    assert found == [0.0, 0.0, 300.0, -300.0]
    assert [pool.workers.clock_ahead(room) for room in ("a", "elsewhere")] == [-300.0, 0.0]
    await pool.lose(int(worker))
    await pool.start(int(worker))
    await pool.workers.open_room("b", RoomOptions())
    assert pool.workers.clock_ahead("b") == 0.0


async def test_a_worker_that_cannot_write_records_no_more_if_another_one_can(pool: PoolFixture) -> None:
    await pool.workers.open_room("a", RoomOptions(recorded=True))
    await pool.workers.start_recording("a", "/r/a/1.mp4")
    assert (pool.workers.leave_recorder("a", "/r/a/1.mp4"), pool.workers.rooms_to_move()) == (True, ["a"])
    await pool.workers.move_room("a", RoomOptions())
    await pool.workers.start_recording("a", "/r/a/2.mp4")
    assert (pool.workers.place("a"), pool.workers.rooms_to_move()) == ("1", [])
    assert (pool.workers.leave_recorder("a", "/r/a/2.mp4"), pool.workers.rooms_to_move()) == (False, [])
    assert pool.workers.leave_recorder("a", "/r/a/unknown.mp4") is False


async def test_a_worker_that_dies_while_it_is_taken_in_holds_nothing(pool: PoolFixture) -> None:
    await pool.workers.open_room("a", RoomOptions())
    third = FakeEngine()
    await third.open_room("b", RoomOptions())
    await third.open_room("a", RoomOptions())  # which lives elsewhere
    third.failing["close_room"] = EngineGone("the media worker is gone")
    with pytest.raises(EngineGone):
        await pool.workers.take("2", third)
    assert (pool.workers.alive, pool.workers.place("a"), pool.workers.place("b")) == (
        2,
        "0",
        None,
    )
    assert await pool.events(3) == [RoomHeld("b"), RoomLost("b"), RoomBack("b")]
    await pool.workers.open_room("b", RoomOptions())
    assert pool.workers.place("b") == "1"


async def test_a_worker_s_reports_of_ends_and_files_are_passed_on_once(pool: PoolFixture) -> None:
    await pool.workers.open_room("a", RoomOptions())
    await pool.workers.start_recording("a", "/a/2.mp4")
    third = FakeEngine()
    third.writing = {"/a/2.mp4": "a", "/b/1.mp4": "b", "/b/2.mp4": "a"}
    third.ended = [RecordingEnded("a", f"/a/{part}.mp4", 1.0, "disk-full") for part in (1, 2)]
    third.ended.append(RecordingEnded("a", "/elsewhere/1.mp4", 1.0, None))
    own, *others = third.ended
    pool.engines.append(third)
    await pool.start(2)
    for event in (own, PeerUp("nowhere", "1")):
        third.emit(event)
    assert await pool.events(2) == [own, PeerUp("nowhere", "1")]
    assert await pool.workers.held() == Held(("a",), {"/a/2.mp4": "a", "/b/1.mp4": "b"}, (own,))
    for end in third.ended:
        await pool.workers.noted(end.path)
    assert (third.ended, (await pool.workers.held()).ended) == (others, ())
    await pool.lose(2)
    assert await pool.events(1) == [RecordingLost("b", "/b/1.mp4")]


async def test_a_worker_that_does_not_see_the_folder_reports_no_files(pool: PoolFixture) -> None:
    third = FakeEngine()
    third.writing, third.ended = {"/b/1.mp4": "b"}, [RecordingEnded("a", "/a/1.mp4", 1.0, None)]
    await pool.workers.take("2", third, records=False)
    assert await pool.workers.held() == Held()


class LinkedPair:
    """Two ends of a link in memory; reading a message that is too large raises ValueError, as a socket does."""

    def __init__(self) -> None:
        ways: list[asyncio.Queue[str | None]] = [asyncio.Queue(), asyncio.Queue()]
        self.near, self.far = LinkEnd(ways[0], ways[1]), LinkEnd(ways[1], ways[0])


class LinkEnd:
    """One end: what it writes, the other end reads."""

    def __init__(self, out: asyncio.Queue[str | None], into: asyncio.Queue[str | None]) -> None:
        self._out = out
        self._into = into

    async def read(self) -> dict[str, Any] | None:
        text = await self._into.get()
        if text is not None and len(text) > protocol.MAX_MESSAGE_BYTES:
            raise ValueError("message too large")
        return None if text is None else protocol.decode(text)

    def write(self, message: dict[str, Any]) -> None:
        self._out.put_nowait(protocol.encode(message))

    def close(self) -> None:
        for way in (self._out, self._into):
            way.put_nowait(None)


ROOMS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 1000)), max_size=40)
"""Of each room: seats, and letters of their names."""


@given(ROOMS)
@example([(250, 60)] * 40)
@example([(250, 60), (400, 1000), (250, 60)])
@examples(max_examples=10, deadline=None)
async def test_any_number_of_rooms_of_any_size_is_taken_in_but_those_that_no_message_holds(
    rooms: list[tuple[int, int]],
) -> None:
    wire, engine, workers = LinkedPair(), FakeEngine(), WorkerPool()
    for number, (seats, letters) in enumerate(rooms):
        names = {f"{seat}": SeatOptions(f"{seat}", "đ" * letters) for seat in range(seats)}
        engine.rooms[f"{number}"] = FakeRoom(seats=names, views=dict.fromkeys(names, "composed"))
    before = {room: await engine.room_state(room) for room in engine.rooms}
    serving = asyncio.create_task(EngineServer(engine).serve(wire.far))  # type: ignore[arg-type]
    remote = RemoteEngine(wire.near)
    await workers.take("0", remote)
    sizes = {room: len(json.dumps({"id": 1000, "result": asdict(state)})) for room, state in before.items()}
    fit = {room for room, size in sizes.items() if size <= protocol.MAX_MESSAGE_BYTES}
    assert set((await workers.held()).rooms) == engine.rooms.keys() == fit
    assert {room: await workers.room_state(room) for room in fit} == {room: before[room] for room in fit}
    await remote.close()
    await serving


async def test_a_drained_worker_takes_no_more_rooms_until_it_is_taken_back(pool: PoolFixture) -> None:
    w = pool.workers
    w.drain("0")
    for room in ("a", "b"):
        await w.open_room(room, RoomOptions())
    assert ([w.place(room) for room in "ab"], w.alive) == (["1", "1"], 1)
    assert pool.engines[0].calls == []
    await w.probe()
    assert pool.engines[1].calls[-1] == ("probe",)
    await w.undrain("0")
    await w.open_room("c", RoomOptions())
    assert w.place("c") == "0"
    with pytest.raises(NotFound):
        w.drain("nowhere")


async def test_a_worker_without_which_nothing_would_take_rooms_or_record_is_not_drained(pool: PoolFixture) -> None:
    await pool.lose(0)
    await pool.start(0, records=False)
    with pytest.raises(NoPlaceElsewhere, match="recorder"):
        pool.workers.drain("1")
    pool.workers.drain("0")
    with pytest.raises(NoPlaceElsewhere, match="worker"):
        pool.workers.drain("1")
    assert not pool.workers.is_drained("1")


async def test_a_machine_is_drained_with_all_its_workers(pool: PoolFixture) -> None:
    for name in ("media/1", "media/2"):
        await pool.workers.take(name, FakeEngine())
    pool.workers.drain("media")
    assert [pool.workers.is_drained(name) for name in ("0", "media/1", "media/2", "media/3")] == [False, *3 * [True]]


async def test_rooms_that_wait_are_told_of_a_worker_that_is_taken_back(pool: PoolFixture) -> None:
    pool.workers.drain("0")
    await pool.workers.open_room("a", RoomOptions())
    await pool.lose(1)
    with pytest.raises(EngineGone):
        await pool.workers.open_room("a", RoomOptions())
    await pool.workers.undrain("0")
    assert await pool.events(2) == [RoomLost("a"), RoomBack("a")]


async def test_a_room_that_moves_is_open_on_both_workers_until_it_is_left(pool: PoolFixture) -> None:
    w, (old, new) = pool.workers, pool.engines
    await w.open_room("a", RoomOptions())
    await w.add_seat("a", SeatOptions("1", "1"))
    w.drain("0")
    assert w.rooms_to_move() == ["a"]
    await w.move_room("a", RoomOptions())
    assert (w.place("a"), w.rooms_to_move(), sorted(old.rooms), sorted(new.rooms)) == ("1", [], ["a"], ["a"])
    await w.add_seat("a", SeatOptions("1", "1"))
    await w.connect("a", "1", "offer")
    old.emit(PeerUp("a", "1"))  # of no interest any more
    assert await pool.events(1) == [PeerUp("a", "1")]
    await w.set_floor("a", "1", False)
    await w.set_layout("a", Layout("single"))
    await w.remove_seat("a", "1")
    assert [call[0] for call in old.calls] == ["open_room", "add_seat", "set_floor", "remove_seat"]
    with pytest.raises(EngineGone):
        await w.move_room("a", RoomOptions())
    await w.leave_room("a")
    assert (sorted(old.rooms), sorted(new.rooms)) == ([], ["a"])


async def test_a_room_that_moves_is_recorded_where_it_was_until_it_is_where_it_goes(pool: PoolFixture) -> None:
    w, (old, new) = pool.workers, pool.engines
    await w.open_room("a", RoomOptions(recorded=True))
    await w.start_recording("a", "/a/1.mp4")
    w.drain("0")
    await w.move_room("a", RoomOptions())
    await w.pause_recording("a", True)
    await w.start_recording("a", "/a/2.mp4")
    assert [call[0] for call in old.calls][-2:] == ["pause_recording", "stop_recording"]
    await w.pause_recording("a", False)
    assert [call[0] for call in new.calls][-2:] == ["start_recording", "pause_recording"]


async def test_a_room_does_not_move_without_a_place_and_stays_whole(pool: PoolFixture) -> None:
    await pool.workers.open_room("a", RoomOptions())
    pool.engines[1].failing["open_room"] = EngineGone("dead")
    with pytest.raises(EngineGone, match="dead"):
        await pool.workers.move_room("a", RoomOptions())
    await pool.lose(1)
    with pytest.raises(EngineGone, match="no other media worker"):
        await pool.workers.move_room("a", RoomOptions())
    assert pool.workers.place("a") == "0"


@pytest.mark.parametrize("index", [0, 1])
async def test_a_worker_that_dies_while_a_room_moves_is_the_end_of_no_meeting(pool: PoolFixture, index: int) -> None:
    await pool.workers.open_room("a", RoomOptions())
    await pool.workers.move_room("a", RoomOptions())
    await pool.lose(index)
    await pool.workers.leave_room("a")
    if index == 0:
        await pool.workers.set_layout("a", Layout("single"))
    else:
        assert await pool.events(2) == [RoomLost("a"), RoomBack("a")]


async def test_a_room_that_is_closed_while_it_moves_is_closed_on_both(pool: PoolFixture) -> None:
    await pool.workers.open_room("a", RoomOptions())
    await pool.workers.move_room("a", RoomOptions())
    await pool.workers.close_room("a")
    assert [engine.rooms for engine in pool.engines] == [{}, {}]


async def test_what_is_kept_for_the_next_server_is_with_all_workers_and_comes_from_each(pool: PoolFixture) -> None:
    await pool.workers.keep("vote 1", "key")
    late = FakeEngine()
    late.kept = {"vote 1": "another", "vote 0": "earlier"}
    await pool.workers.take("late", late)
    assert (await pool.workers.held()).kept == {"vote 1": "key", "vote 0": "earlier"}
    later = FakeEngine()
    await pool.workers.take("later", later)
    assert later.kept == {"vote 1": "key", "vote 0": "earlier"}
    await pool.workers.keep("vote 1", "")
    assert [engine.kept for engine in (*pool.engines, later)] == [{}, {}, {"vote 0": "earlier"}]


class OlderEngine(FakeEngine):
    """A worker of a release that keeps nothing for later servers."""

    async def keep(self, name: str, text: str) -> None:
        raise UnknownCall("keep")


async def test_a_worker_of_an_earlier_release_keeps_nothing_and_takes_rooms(pool: PoolFixture) -> None:
    await pool.workers.keep("vote 1", "key")
    await pool.workers.take("older", OlderEngine())
    await pool.workers.keep("vote 2", "key")
    assert [pool.engines[0].kept, pool.workers.alive] == [{"vote 1": "key", "vote 2": "key"}, 3]
