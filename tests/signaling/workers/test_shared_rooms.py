"""Tests of rooms on several media workers: which one takes a seat, who gets a command, and what a lost one costs."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from mediaserver.api import (
    ConnectionQuality,
    EngineLost,
    Event,
    Layout,
    Levels,
    PeerDown,
    PeerUp,
    RoomOptions,
    SeatOptions,
)
from mediaserver.errors import EngineGone
from mediaserver.worker.engine import LocalEngine
from signaling.workers.pool import RoomBack, RoomHeld, RoomLost, SeatsLost, WorkerPool
from tests.fakes import FakeEngine
from tests.mediaserver.meeting import ROOM, Meeting
from tests.signaling.world import PATIENCE_S

OPTIONS = RoomOptions(title="Giao ban")


class SharingPool:
    """A pool of three fake workers that carry two seats each."""

    def __init__(self) -> None:
        self.engines = {name: FakeEngine() for name in ("0", "1", "far/1")}
        for number, (name, engine) in enumerate(self.engines.items()):
            host, engine.id = "10.0.0.2" if name == "far/1" else "10.0.0.1", f"id {name}"
            engine.addresses = ((host, 40000 + number), (f"fd00::{host[-1]}", 40000 + number))
        self.workers = WorkerPool()
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, *names: str) -> None:
        """Let the pool take workers."""
        self.workers.most_seats = 2 * len(self.engines)
        for name in names or self.engines:
            await self.workers.take(name, self.engines[name])
            self.tasks[name] = asyncio.create_task(self.workers.serve(name))
        self.seen = self.workers.events()

    async def succeed(self, *names: str) -> None:
        """Let another server's pool take the workers."""
        await self.stop()
        self.workers = WorkerPool()
        for engine in self.engines.values():
            engine.calls.clear()
        await self.start(*names)

    async def seat(self, *seats: str) -> None:
        """Open the room, if it is not, and add seats to it."""
        await self.workers.open_room("a", OPTIONS)
        for seat in seats:
            await self.workers.add_seat("a", SeatOptions(seat, f"Điểm cầu {seat}"))

    def where(self) -> dict[str, dict[str, str]]:
        """Return which worker each worker of the room takes for that of each seat: its name at the beginning."""
        rooms = {name: engine.rooms["a"] for name, engine in self.engines.items() if "a" in engine.rooms}
        return {
            name: {seat: each.worker.removeprefix("id ") for seat, each in room.seats.items()}
            for name, room in rooms.items()
        }

    def asked(self, name: str) -> list[object]:
        """Return the names of the calls of a worker since this was asked last."""
        calls = [call[0] for call in self.engines[name].calls]
        self.engines[name].calls.clear()
        return calls

    async def lose(self, name: str) -> None:
        """Let a worker die."""
        engine = self.engines.pop(name)
        engine.emit(EngineLost())
        await self.tasks.pop(name)

    async def events(self, number: int) -> list[Event]:
        """Return the next events."""
        async with asyncio.timeout(PATIENCE_S):
            return [await anext(self.seen) for _ in range(number)]

    async def happened(self, *events: Event) -> None:
        """Wait until all of these events have come."""
        missing = {*events}
        while missing:
            missing -= {*await self.events(1)}

    async def stop(self) -> None:
        self.workers.leave()
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


@pytest.fixture
async def pool() -> AsyncIterator[SharingPool]:
    made = SharingPool()
    await made.start()
    yield made
    await made.stop()


SPREAD = {
    "0": {"1": "", "2": "", "3": "1", "4": "1", "5": "far/1"},
    "1": {"1": "0", "2": "0", "3": "", "4": "", "5": "far/1"},
    "far/1": {"1": "0", "2": "0", "3": "1", "4": "1", "5": ""},
}


async def test_seats_that_the_home_of_a_room_does_not_carry_go_to_guests(pool: SharingPool) -> None:
    await pool.seat("1", "2")
    assert pool.where() == {"0": {"1": "", "2": ""}}
    await pool.seat("3", "4", "5")
    assert pool.where() == SPREAD
    rooms = {name: engine.rooms["a"] for name, engine in pool.engines.items()}
    assert {name: (room.options, room.workers, room.home) for name, room in rooms.items()} == {
        "0": (OPTIONS, ("id 1", "id far/1"), ""),
        "1": (OPTIONS, ("id 0", "id far/1"), "id 0"),
        "far/1": (OPTIONS, ("id 0", "id 1"), "id 0"),
    }
    await pool.seat("1", "5")
    assert pool.where() == SPREAD, "a seat that is there stays where it is"


async def test_two_workers_have_one_pipe_whose_ends_fit(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3", "4", "5")
    await pool.workers.open_room("b", OPTIONS)
    assert {name: sorted(engine.pipe_ends) for name, engine in pool.engines.items()} == {
        "0": ["id 1", "id far/1"],
        "1": ["id 0", "id far/1"],
        "far/1": ["id 0", "id 1"],
    }
    near, far = pool.engines["0"].pipe_ends["id far/1"], pool.engines["far/1"].pipe_ends["id 0"]
    assert (near.local, near.host, near.port) == ("10.0.0.1", "10.0.0.2", 40002)
    assert (far.local, far.host, far.port) == ("10.0.0.2", "10.0.0.1", 40000)
    assert (near.sent, near.received) == (far.received, far.sent)
    assert len({near.sent, near.received}) == 2


async def test_each_command_goes_where_it_belongs(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3")
    for name in pool.engines:
        pool.asked(name)
    await pool.workers.connect("a", "3", "offer")
    await pool.workers.set_view("a", "3", "camera:1", 360)
    assert (pool.asked("0"), pool.asked("1")) == (["set_view"], ["connect", "set_view"])
    await pool.workers.connect("a", "1", "offer")
    assert (pool.asked("0"), pool.asked("1")) == (["connect"], [])
    await pool.workers.set_floor("a", "1", True)
    await pool.workers.set_gain("a", "3", 3.0)
    await pool.workers.set_layout("a", Layout("single"))
    await pool.workers.set_content("a", "3")
    await pool.workers.set_names("a", "Họp", {})
    everywhere = ["set_floor", "set_gain", "set_layout", "set_content", "set_names"]
    assert (pool.asked("0"), pool.asked("1")) == (everywhere, everywhere)
    await pool.workers.start_recording("a", "/a/1.mp4")
    await pool.workers.pause_recording("a", True)
    await pool.workers.set_captions("a", "/model")
    assert (pool.asked("0"), pool.asked("1")) == (["start_recording", "pause_recording", "set_captions"], [])
    await pool.workers.remove_seat("a", "3")
    await pool.workers.close_room("a")
    assert (pool.asked("0"), pool.asked("1")) == (["remove_seat", "close_room"],) * 2


async def test_a_guest_that_comes_later_gets_the_room_as_it_is(pool: SharingPool) -> None:
    await pool.seat("1", "2")
    layouts = {"everyone": Layout("1+5"), "host": Layout("single", focus="1")}
    for audience, layout in layouts.items():
        await pool.workers.set_layout("a", layout, audience)
    await pool.workers.set_floor("a", "1", True)
    await pool.workers.set_content("a", "2")
    await pool.seat("3")
    room = pool.engines["1"].rooms["a"]
    assert (room.layouts, room.content, room.floors) == (layouts, "2", {"1"})


async def test_the_state_of_a_room_has_all_seats_as_their_workers_have_them(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3")
    for seat in ("1", "3"):
        await pool.workers.connect("a", seat, "offer")
    await pool.workers.set_view("a", "3", "camera:1")
    quality = ConnectionQuality(0.0, 0.1, 0.0, 0.02)
    for name, seat in (("0", "1"), ("1", "3")):
        pool.engines[name].rooms["a"].lines = {seat: quality}
    state = await pool.workers.room_state("a")
    assert [(each.options.seat, each.up, each.options.view, each.options.worker) for each in state.seats] == [
        ("1", True, "composed", ""),
        ("2", False, "composed", ""),
        ("3", True, "camera:1", ""),
    ]
    assert await pool.workers.lines("a") == {"1": quality, "3": quality}


async def test_only_the_worker_of_a_seat_speaks_of_it_and_only_the_home_of_the_room(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3")
    home, guest = pool.engines["0"], pool.engines["1"]
    guest.emit(Levels("a", {"1": -20}))
    guest.emit(PeerDown("a", "1", "silent"))
    guest.emit(PeerUp("a", "3"))
    assert await pool.events(1) == [PeerUp("a", "3")]
    home.emit(PeerDown("a", "3", "silent"))
    home.emit(Levels("a", {"1": -20}))
    assert await pool.events(1) == [Levels("a", {"1": -20})]


async def test_seats_of_a_guest_that_dies_are_taken_by_others(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3", "4", "5")
    await pool.lose("1")
    assert await pool.events(1) == [SeatsLost("a", ("3", "4"))]
    assert pool.where() == {
        "0": {"1": "", "2": "", "3": "", "4": "far/1", "5": "far/1"},
        "far/1": {"1": "0", "2": "0", "3": "0", "4": "", "5": ""},
    }
    assert pool.engines["0"].rooms["a"].workers == ("id far/1",)
    assert list(pool.engines["0"].pipe_ends) == ["id far/1"]
    pool.asked("far/1")
    await pool.workers.connect("a", "4", "offer")
    assert pool.asked("far/1") == ["connect"]


async def test_the_home_takes_a_room_and_its_guests_with_it(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3")
    await pool.lose("0")
    lost, back = await pool.events(2)
    assert (lost, back) == (RoomLost("a"), RoomBack("a"))
    await pool.seat("1", "2", "3", "4")
    assert pool.where() == {
        "1": {"1": "", "2": "", "3": "", "4": "far/1"},
        "far/1": {"1": "1", "2": "1", "3": "1", "4": ""},
    }, "two workers have a half of the seats each"


async def test_a_guest_that_does_not_take_the_room_leaves_the_seat_at_home(pool: SharingPool) -> None:
    pool.engines["1"].failing["set_layout"] = EngineGone("busy")
    await pool.seat("1", "2", "3")
    assert pool.where() == {"0": {"1": "", "2": "", "3": ""}}
    assert pool.engines["0"].rooms["a"].workers == ()


@pytest.mark.parametrize("why", ["release", "drained", "rated"])
async def test_a_room_stays_on_one_worker_where_no_other_can_take_a_part_of_it(why: str, pool: SharingPool) -> None:
    if why == "release":  # of a time before there were pipes
        await pool.stop()
        for name in ("1", "far/1"):
            pool.engines[name].id = ""
        await pool.succeed()
    elif why == "drained":
        pool.workers.drain("1")
        pool.workers.drain("far")
    else:
        pool.workers.most_seats = 0
    await pool.seat(*"12345")
    assert list(pool.where()) == ["0"]


@pytest.mark.parametrize("order", [("0", "1", "far/1"), ("far/1", "1", "0"), ("1", "0", "far/1")])
async def test_the_next_server_goes_on_with_a_room_on_several_workers(
    order: tuple[str, ...], pool: SharingPool
) -> None:
    await pool.seat("1", "2", "3", "4", "5")
    for seat in ("1", "3", "5"):
        await pool.workers.connect("a", seat, "offer")
    pipes = {name: dict(engine.pipe_ends) for name, engine in pool.engines.items()}
    await pool.succeed(*order)
    assert pool.where() == SPREAD
    await pool.happened(RoomHeld("a"), PeerUp("a", "3"), PeerUp("a", "5"))
    assert [each.up for each in (await pool.workers.room_state("a")).seats] == [True, False, True, False, True]
    await pool.seat("6")
    assert pool.where() == {name: {**seats, "6": "" if name == "far/1" else "far/1"} for name, seats in SPREAD.items()}
    assert {name: dict(engine.pipe_ends) for name, engine in pool.engines.items()} == pipes, "no pipe was opened anew"


async def test_the_next_server_knows_workers_under_other_names(pool: SharingPool) -> None:
    """Two workers of a machine dial in the other order."""
    await pool.seat("1", "2", "3", "4", "5")
    for seat in ("3", "5"):
        await pool.workers.connect("a", seat, "offer")
    before = pool.where()
    engines = pool.engines
    pool.engines = {"0": engines["0"], "1": engines["far/1"], "far/1": engines["1"]}
    await pool.succeed("far/1", "1", "0")
    await pool.happened(RoomHeld("a"), PeerUp("a", "3"), PeerUp("a", "5"))
    assert pool.where() == {"0": before["0"], "1": before["far/1"], "far/1": before["1"]}, (
        "who they are has not changed"
    )
    pool.asked("far/1")
    await pool.workers.connect("a", "3", "offer")
    assert pool.asked("far/1") == ["connect"]


async def test_a_worker_that_comes_anew_under_the_name_of_a_guest_is_none(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3")
    pool.engines["1"] = FakeEngine()
    pool.engines["1"].id, pool.engines["1"].addresses = "another", (("10.0.0.1", 40009),)
    await pool.succeed()
    with pytest.raises(EngineGone):
        await pool.workers.set_view("a", "3", "camera:1")
    await pool.workers.connect("a", "3", "offer")
    assert pool.where() == {"0": {"1": "", "2": "", "3": "another"}, "1": {"1": "0", "2": "0", "3": ""}}


async def test_a_guest_of_an_earlier_server_is_brought_up_to_date(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3", "4")
    await pool.succeed("0")
    await pool.workers.remove_seat("a", "4")
    await pool.workers.set_floor("a", "1", True)
    await pool.workers.set_layout("a", Layout("single"))
    await pool.workers.take("1", pool.engines["1"])
    async with asyncio.timeout(PATIENCE_S):
        while pool.engines["1"].rooms["a"].layouts["everyone"] != Layout("single"):
            await asyncio.sleep(0.01)
    room = pool.engines["1"].rooms["a"]
    assert (sorted(room.seats), room.floors) == (["1", "2", "3"], {"1"})


async def test_a_room_that_ends_while_its_seats_move_ends_no_other(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3")
    pool.workers.drain("1")
    await pool.workers.begin_to_leave("a", "1")
    await pool.workers.close_room("a")
    target = pool.engines["0"]
    target.emit(PeerUp("a", "3"))
    await pool.workers.finish_to_leave("a", "1")
    await pool.workers.open_room("b", OPTIONS)
    target.emit(PeerUp("b", "1"))
    await pool.happened(PeerUp("b", "1"))
    assert not pool.tasks["0"].done()


async def test_a_seat_whose_worker_dies_as_it_is_added_is_taken_by_another(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3")
    pool.engines["1"].failing["add_seat"] = EngineGone("gone")
    with pytest.raises(EngineGone):
        await pool.seat("4")
    await pool.lose("1")
    await pool.happened(SeatsLost("a", ("3", "4")))
    assert [set(seats) for seats in pool.where().values()] == [{"1", "2", "3", "4"}] * len(pool.where())
    await pool.workers.connect("a", "4", "offer")


async def test_a_seat_whose_worker_does_not_come_to_the_next_server_is_taken_by_another(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3", "4", "5")
    await pool.succeed("0", "far/1")
    await pool.workers.set_layout("a", Layout("single"))
    pool.engines.pop("1")
    await pool.workers.connect("a", "3", "offer")
    assert pool.where() == {
        "0": {"1": "", "2": "", "3": "", "4": "1", "5": "far/1"},
        "far/1": {"1": "0", "2": "0", "3": "0", "4": "1", "5": ""},
    }


async def test_a_guest_whose_home_does_not_come_closes_the_room_when_it_is_opened_anew(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3")
    await pool.succeed("1", "far/1")
    pool.engines.pop("0")
    assert list(pool.where()) == ["1"]
    await pool.workers.open_room("a", OPTIONS)
    assert pool.where() == {pool.workers.place("a"): {}}


async def test_a_guest_that_was_given_up_closes_the_room_when_it_is_back(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3")
    guest = pool.engines["1"]
    await pool.lose("1")
    await pool.workers.take("1", guest)
    assert "a" not in guest.rooms


async def test_what_is_left_on_a_worker_counts_its_seats_of_all_rooms(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3", "4", "5")
    assert [pool.workers.left_at(name) for name in ("0", "1", "far")] == [(1, 2), (1, 2), (1, 1)]
    with pytest.raises(EngineGone, match="only parts move"):
        await pool.workers.move_room("a", OPTIONS)


async def test_seats_leave_a_drained_guest_one_by_one_as_they_connect_elsewhere(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3", "4", "5")
    assert pool.workers.parts_to_move() == []
    pool.workers.drain("1")
    assert (pool.workers.rooms_to_move(), pool.workers.parts_to_move()) == ([], [("a", "1")])
    assert pool.workers.seats_at("a", "1") == ["3", "4"]
    assert await pool.workers.begin_to_leave("a", "1") == (["3", "4"], False)
    assert pool.where() == SPREAD, "they are seen from where they are until they are connected elsewhere"
    for name in pool.engines:
        pool.asked(name)
    await pool.workers.connect("a", "3", "offer")
    await pool.workers.set_view("a", "3", "camera:1", 720)
    assert [pool.asked(name) for name in ("0", "1", "far/1")] == [["set_view"], ["set_view"], ["connect"]]
    pool.engines["1"].emit(PeerDown("a", "3", "silent"))
    pool.engines["far/1"].emit(PeerUp("a", "3"))
    assert await pool.events(1) == [PeerUp("a", "3")]
    assert {name: seats["3"] for name, seats in pool.where().items()} == {"0": "far/1", "1": "far/1", "far/1": ""}
    assert pool.engines["far/1"].rooms["a"].seats["3"].view == "camera:1"
    await pool.workers.finish_to_leave("a", "1")
    assert pool.where() == {
        "0": {"1": "", "2": "", "3": "far/1", "4": "", "5": "far/1"},
        "far/1": {"1": "0", "2": "0", "3": "", "4": "0", "5": ""},
    }, "who has not come over is where it is to connect"
    assert pool.workers.left_at("1") == (0, 0)
    assert pool.workers.parts_to_move() == []


async def test_a_drained_home_makes_a_guest_the_home_and_the_recording_goes_on_there(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3")
    await pool.workers.start_recording("a", "/a/1.mp4")
    pool.workers.drain("0")
    assert await pool.workers.begin_to_leave("a", "0") == (["1", "2"], True)
    assert pool.workers.place("a") == "1"
    rooms = {name: pool.engines[name].rooms["a"] for name in ("0", "1")}
    assert {name: (room.workers, room.home) for name, room in rooms.items()} == {
        "0": (("id 1",), "id 1"),
        "1": (("id 0",), ""),
    }
    assert (rooms["0"].recording, rooms["1"].recording) == ("/a/1.mp4", None)
    for seat in ("1", "2"):
        await pool.workers.connect("a", seat, "offer")
        pool.engines["1"].emit(PeerUp("a", seat))
    await pool.events(2)
    pool.asked("0")
    await pool.workers.start_recording("a", "/a/2.mp4")
    assert (pool.asked("0"), rooms["1"].recording) == (["stop_recording"], "/a/2.mp4")
    await pool.workers.finish_to_leave("a", "0")
    assert pool.where() == {"1": {"1": "", "2": "", "3": ""}}
    assert (rooms["1"].workers, rooms["1"].home) == ((), "")
    await pool.workers.pause_recording("a", True)
    assert pool.asked("1")[-1] == "pause_recording"


async def test_a_part_of_a_room_that_nobody_can_take_stays(pool: SharingPool) -> None:
    await pool.seat("1", "2", "3")
    pool.workers.keep_drained("0")
    pool.workers.keep_drained("1")
    pool.workers.keep_drained("far")
    before = pool.where()
    with pytest.raises(EngineGone, match="no other media worker"):
        await pool.workers.begin_to_leave("a", "1")
    assert pool.where() == before


async def test_four_points_on_two_workers_see_and_hear_each_other() -> None:
    workers, serving = WorkerPool(), []
    workers.most_seats = 4
    engines = [LocalEngine(["127.0.0.1"], 0) for _ in range(2)]
    for number, engine in enumerate(engines):
        engine.start()
        await workers.take(str(number), engine)
        serving.append(asyncio.create_task(workers.serve(str(number))))
    meeting = Meeting(workers)
    await meeting.open()
    try:
        for seat, colour, hertz in (("1", "red", 440), ("2", "green", 660), ("3", "blue", 1000), ("4", "red", 1500)):
            await meeting.join(seat, colour, hertz)
        assert [len([s for s in engine._rooms[ROOM].seats.values() if s.peer]) for engine in engines] == [2, 2]
        await meeting.all_seen()
        await workers.set_floor(ROOM, "4", True)
        for seat in ("1", "3"):
            watch = meeting.guests[seat].watch
            await watch.until(lambda watch=watch: watch.tones() == {1500})  # type: ignore[misc]
    finally:
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await meeting.close()
        await asyncio.gather(*(engine.close() for engine in engines))
