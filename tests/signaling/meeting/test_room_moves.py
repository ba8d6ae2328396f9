"""Rooms of drained media workers move while their meetings go on."""

import asyncio
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mediaserver.api import EVERYTHING, Encryption, EngineLost, RecordingEnded, RecordingFailed, RoomOptions, SipLimits
from signaling.app import admin_cli
from signaling.app.settings import Settings
from signaling.core.errors import BadInput
from signaling.meeting import room_moves
from signaling.sip.protocol.errors import CallFailed
from signaling.workers.pool import WorkerPool
from tests.fakes import FakeEngine, FakeRoom
from tests.signaling.cameras.described import SDP, TOKEN, described
from tests.signaling.fake_room_systems import register, tick, use_fake_agent, wait_for_calls
from tests.signaling.world import NHA_TRANG, Socket, World, open_world, problem_of, wait_until

DRAIN, UNDRAIN = "/api/v1/capacity/workers/drain", "/api/v1/capacity/workers/undrain"
VCS = "10.79.6.20"


class HeldEngine(FakeEngine):
    """A media engine whose answers to some calls are on their way until the test lets them arrive."""

    def __init__(self) -> None:
        super().__init__()
        self.gates: dict[str, asyncio.Event] = {}

    def hold(self, call: str) -> None:
        """Hold the answers to a call from now on."""
        self.gates[call] = asyncio.Event()

    async def _arrive(self, call: str) -> None:
        if call in self.gates:
            await self.gates[call].wait()

    async def open_room(self, room: str, options: RoomOptions) -> None:
        await super().open_room(room, options)
        await self._arrive("open_room")

    async def connect(
        self,
        room: str,
        seat: str,
        offer: str,
        plain: bool = False,
        encryption: Encryption = "off",
        media_hosts: Sequence[str] = (),
        limits: SipLimits = EVERYTHING,
    ) -> str:
        answer = await super().connect(room, seat, offer, plain, encryption, media_hosts, limits)
        await self._arrive("connect")
        return answer


class TwoWorkers:
    """A served server over two media workers; the first has the room of a meeting that is recorded."""

    def __init__(self, world: World, workers: WorkerPool, engines: list[HeldEngine]) -> None:
        self.world = world
        self.workers = workers
        self.engines = engines

    async def begin(self) -> tuple[Socket, str]:
        """Begin the meeting; return the host's socket and the id of the session."""
        session = await self.world.session(NHA_TRANG)
        host, _ = await self.world.join("host", session)
        await host.ask(type="offer", sdp="offer")
        await host.ask(type="record", on=True)
        await wait_until(lambda: self.room(0, session.id).recording)
        return host, session.id

    async def share(self) -> None:
        """Let each worker carry one seat, so that the second one of a room goes to the other."""
        for number, engine in enumerate(self.engines):
            engine.id, engine.addresses = f"id-{number}", (("127.0.0.1", 40000 + number),)
            await self.workers._shared.arrived(str(number))
        self.workers.most_seats = 2

    def called(self, index: int, call: str) -> list[object]:
        """Return the seats for which a call came to a worker."""
        return [arguments[1] for name, *arguments in self.engines[index].calls if name == call]

    def room(self, index: int, session: str) -> FakeRoom:
        """Return the room of a session at a worker."""
        return self.engines[index].rooms[session]

    async def parts(self, session: str) -> list[tuple[int, str, str | None]]:
        """Return the parts of a recording, with their states and reasons."""
        parts = await self.world.recording_store.parts(session)
        return [(part.part, part.state, part.reason) for part in parts if part.part]

    async def drain(self, worker: str, url: str = DRAIN) -> dict[str, bool]:
        """Drain a worker; return which workers are drained."""
        client = await self.world.signed_in("central")
        async with client.post(url, json={"worker": worker}) as response:
            assert response.status == 200, await response.text()
            (machine,) = await response.json()
        return {each["name"]: each["drained"] for each in machine["workers"]}

    async def command(self, *words: str) -> None:
        """Run `diemcau admin drain` with some words."""
        parser = ArgumentParser()
        admin_cli.add_arguments(parser)
        await admin_cli.COMMANDS["drain"](self.world.services, parser.parse_args(["drain", *words]))


@asynccontextmanager
async def two_workers(settings: Settings, engines: list[HeldEngine]) -> AsyncIterator[TwoWorkers]:
    """Serve a server over two workers, which may hold rooms of an earlier one."""
    workers, serving = WorkerPool(), []
    for index, engine in enumerate(engines):
        await workers.take(str(index), engine)
        serving.append(asyncio.create_task(workers.serve(str(index))))
    async with open_world(settings, workers) as world:
        await world.server.remux_queue.stop()
        yield TwoWorkers(world, workers, engines)
    for task in serving:
        task.cancel()
    await asyncio.gather(*serving, return_exceptions=True)


@pytest.fixture(autouse=True)
def _rooms_move_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_SECONDS", "SETTLE_SECONDS", "LINGER_SECONDS"):
        monkeypatch.setattr(room_moves, name, 0.01)


@pytest.fixture
async def two(settings: Settings) -> AsyncIterator[TwoWorkers]:
    """Yield two workers, between which rooms move fast."""
    async with two_workers(settings, [HeldEngine(), HeldEngine()]) as made:
        yield made


async def test_a_drained_worker_hands_its_room_over_once_everybody_is_there(two: TwoWorkers) -> None:
    host, session = await two.begin()
    first = two.room(0, session).recording
    assert first is not None
    assert await two.drain("0") == {"0": True, "1": False}
    assert (await host.type("renew"))["keep"] is True
    assert two.workers.place(session) == "1"
    assert (two.room(0, session).recording, two.room(1, session).recording) == (first, None)
    assert (await host.ask(type="offer", sdp="second"))["sdp"] == "answer to second"
    await host.type("moved")
    await wait_until(lambda: session not in two.engines[0].rooms)
    assert two.room(1, session).recording is not None
    two.engines[0].emit(RecordingEnded(session, first, 60.0, None))
    await wait_until(lambda: two.world.server.recordings.running == 1)
    assert [part for part, _, _ in await two.parts(session)] == [1, 2]
    meeting = two.world.server.meetings.meetings[session]
    assert (meeting.attached, meeting.state.recording.state.on) == (True, True)
    assert await two.drain("0", UNDRAIN) == {"0": False, "1": False}
    noted = [entry.action for entry in await two.world.audited(4)]
    assert [action for action in noted if action != "login"] == ["undrain", "drain"]


async def test_a_recording_that_its_worker_cannot_write_any_more_goes_on_on_another_one(two: TwoWorkers) -> None:
    host, session = await two.begin()
    first = two.room(0, session).recording
    assert first is not None
    two.engines[0].emit(RecordingFailed(session, first, "disk-error"))
    two.engines[0].emit(RecordingEnded(session, first, 7.6, "disk-error"))
    await host.until(lambda message: message.get("error") == "media-restarting")
    await host.type("renew")
    await host.ask(type="offer", sdp="second")
    await host.type("moved")
    await host.until(lambda message: message["type"] == "recording" and message["on"])
    assert two.room(1, session).recording is not None
    assert await two.parts(session) == [(1, "broken", "disk-error"), (2, "recording", None)]
    told: dict[str, Any] = await two.workers.stats()
    assert {name: stats["records"] for name, stats in told.items()} == {"0": False, "1": True}


async def test_a_recording_that_no_other_worker_could_write_ends(two: TwoWorkers) -> None:
    host, session = await two.begin()
    first = two.room(0, session).recording
    assert first is not None
    await two.drain("1")
    two.engines[0].emit(RecordingFailed(session, first, "disk-error"))
    await host.until(lambda message: message.get("error") == "disk-error")
    assert (two.workers.place(session), two.workers.rooms_to_move()) == ("0", [])


async def test_who_does_not_come_over_is_waited_for_only_so_long(
    two: TwoWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_moves, "ARRIVE_SECONDS", 0.05)
    host, session = await two.begin()
    await two.drain("0")
    await host.type("moved")
    meeting = two.world.server.meetings.meetings[session]
    assert [seat.up for seat in meeting.state.roster.seats.values() if seat.here] == [False]
    await wait_until(lambda: session not in two.engines[0].rooms)


async def test_an_offer_that_the_worker_before_answers_while_the_room_goes_is_answered_by_the_next_one(
    two: TwoWorkers,
) -> None:
    host, session = await two.begin()
    guest, joined = await two.world.join("nhatrang", await two.world.services.scheduler.session(session))
    two.engines[0].hold("connect")
    await guest.send(type="offer", sdp="first", ref="1")
    await wait_until(lambda: joined["seat"] in two.called(0, "connect"))
    await two.drain("0")
    await host.type("renew")
    two.engines[0].gates["connect"].set()
    assert (await guest.type("answer"))["sdp"] == "answer to first"
    assert joined["seat"] in two.called(1, "connect")
    await host.ask(type="offer", sdp="second")
    await guest.type("moved")
    assert not [message for message in guest.seen if message["type"] in ("renew", "error")]
    meeting = two.world.server.meetings.meetings[session]
    assert [seat.up for seat in meeting.state.roster.seats.values()] == [True, True]


async def test_offers_that_come_while_a_room_is_opened_elsewhere_wait_for_their_seats(two: TwoWorkers) -> None:
    host, session = await two.begin()
    guest, joined = await two.world.join("nhatrang", await two.world.services.scheduler.session(session))
    two.engines[1].hold("open_room")
    await two.drain("0")
    await wait_until(lambda: session in two.engines[1].rooms)
    await guest.send(type="offer", sdp="first", ref="1")
    roster = two.world.server.meetings.meetings[session].state.roster
    await wait_until(lambda: roster.seats[joined["seat"]].offered)
    two.engines[1].gates["open_room"].set()
    answer = await guest.until(lambda message: message["type"] in ("answer", "error"))
    assert (answer["type"], answer.get("sdp")) == ("answer", "answer to first")
    assert joined["seat"] in two.called(1, "connect")
    await host.type("renew")
    await host.ask(type="offer", sdp="second")
    await guest.type("moved")
    assert not [message for message in guest.seen if message["type"] == "renew"]


async def test_who_comes_back_while_the_room_moves_is_asked_to_connect_there(two: TwoWorkers) -> None:
    host, session = await two.begin()
    booked = await two.world.services.scheduler.session(session)
    guest, joined = await two.world.join("nhatrang", booked)
    await guest.ask(type="offer", sdp="first")
    two.world.drop("nhatrang")
    await guest.closed()
    await two.drain("0")
    await host.type("renew")
    back, _ = await two.world.join("nhatrang", booked, resume=joined["resume"])
    assert (await back.type("renew"))["keep"] is True
    await back.ask(type="offer", sdp="second")
    assert two.called(1, "connect") == [joined["seat"]]


async def test_a_paused_recording_moves_paused_and_goes_on_in_its_next_part(two: TwoWorkers) -> None:
    host, session = await two.begin()
    await host.ask(type="record", on=True, pause=True)
    await two.drain("0")
    await host.type("renew")
    await host.ask(type="offer", sdp="second")
    await host.type("moved")
    assert two.room(1, session).recording is None
    await host.ask(type="record", on=True, pause=False)
    await wait_until(lambda: two.room(1, session).recording)


async def test_a_target_that_dies_meanwhile_ends_no_meeting(two: TwoWorkers) -> None:
    host, session = await two.begin()
    await two.drain("0")
    await host.type("renew")
    two.engines[1].emit(EngineLost())
    await wait_until(lambda: two.workers.place(session) is None)
    two.engines[1].lose_everything()
    await two.drain("0", UNDRAIN)
    await host.until(lambda message: message["type"] == "renew" and not message["keep"])
    assert two.workers.place(session) == "0"


async def test_a_worker_that_nothing_can_replace_keeps_its_rooms(two: TwoWorkers) -> None:
    await two.begin()
    await two.drain("1")
    client = await two.world.signed_in("central")
    for worker, refused in (("0", (409, "no-place-elsewhere")), ("nowhere", (404, "not-found"))):
        async with client.post(DRAIN, json={"worker": worker}) as response:
            assert await problem_of(response) == refused
    assert not two.workers.is_drained("0")


@pytest.mark.parametrize("refuses", [False, True])
async def test_a_room_system_is_offered_the_address_of_the_new_worker_within_its_call(
    two: TwoWorkers, refuses: bool
) -> None:
    agent = use_fake_agent(two.world)
    await register(two.world, NHA_TRANG, VCS)
    host, session = await two.begin()
    await tick(two.world, 0)
    await wait_for_calls(host, "connected")
    (call,) = agent.calls
    call.failing = CallFailed("busy") if refuses else None
    (seat,) = [name for name, options in two.room(0, session).seats.items() if "Nha Trang" in options.label]
    await two.drain("0")
    await host.type("renew")
    await host.ask(type="offer", sdp="second")
    await host.type("moved")
    offer = f"offer of {seat} that moves in"
    assert call.offers == [offer]
    accepted = ("accept", session, seat, f"answer to {offer}") in two.engines[1].calls
    assert (accepted, call.hung_up) == (not refuses, refuses)


@pytest.mark.parametrize("arrived", [False, True])
async def test_a_server_that_dies_while_a_room_moves_leaves_it_to_the_next_one_at_one_worker(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, arrived: bool
) -> None:
    """There everybody is asked to connect anew, and the drain and the recording go on."""
    monkeypatch.setattr(room_moves, "ARRIVE_SECONDS", 3600.0)  # the server dies before
    engines = [HeldEngine(), HeldEngine()]
    async with two_workers(settings, engines) as two:
        _, session = await two.begin()
        booked = await two.world.services.scheduler.session(session)
        guest, joined = await two.world.join("nhatrang", booked)
        await guest.ask(type="offer", sdp="first")
        await two.drain("0")
        await guest.type("renew")
        if arrived:
            await guest.ask(type="offer", sdp="second")
        await two.world.server.meetings.leave()
    if arrived:  # the host has lost the worker before, and waits for nothing
        engines[0].rooms[session].up.clear()
    for engine in engines:
        engine.calls.clear()
    monkeypatch.setattr(room_moves, "ARRIVE_SECONDS", 0.2)
    async with two_workers(settings, engines) as two:
        assert engines[0 if arrived else 1].calls[0] == ("close_room", session)
        back, again = await two.world.join("nhatrang", booked, resume=joined["resume"])
        assert again["seat"] == joined["seat"]
        assert (await back.type("renew"))["keep"] is False
        assert (await back.ask(type="offer", sdp="third"))["sdp"] == "answer to third"
        await wait_until(lambda: two.workers.place(session) == "1" and session not in engines[0].rooms)
        await wait_until(lambda: two.room(1, session).recording)
        meeting = two.world.server.meetings.meetings[session]
        assert (meeting.attached, meeting.state.recording.state.on) == (True, True)


@pytest.mark.parametrize("protocol", ["WHIP", "WHEP"])
async def test_the_session_of_an_encoder_or_a_viewer_over_http_ends_and_it_posts_anew_where_the_room_moved(
    two: TwoWorkers, protocol: str
) -> None:
    _, device = await described(two.world, NHA_TRANG, protocol=protocol)
    host, session = await two.begin()
    client, path = two.world.client(), f"/{protocol.lower()}/{device}"
    headers = {**SDP, "Authorization": f"Bearer {TOKEN}"}
    async with client.post(path, data=b"first", headers=headers) as response:
        assert response.status == 201
        resource = response.headers["Location"]
    (first,) = two.called(0, "connect")[1:]
    await two.drain("0")
    await host.type("renew")
    await two.world.server.whip.watch()
    assert [first in two.room(index, session).seats for index in (0, 1)] == [False, False]
    async with client.delete(resource, headers=headers) as response:
        assert response.status == 404
    async with client.post(path, data=b"second", headers=headers) as response:
        assert (response.status, await response.text()) == (201, "answer to second")
    await two.world.server.whip.watch()
    assert len(two.called(1, "connect")) == 1
    await host.ask(type="offer", sdp="second")
    await host.type("moved")
    assert len(two.room(1, session).seats) == 2


async def test_the_command_drains_and_prints_what_is_left_and_the_next_server_keeps_that(
    two: TwoWorkers, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_cli, "DRAIN_POLL_SECONDS", 0.01)
    monkeypatch.setattr(room_moves, "ARRIVE_SECONDS", 0.5)
    await two.begin()
    await two.command("0")
    assert capsys.readouterr().out.splitlines()[-1] == "0 rooms, 0 seats left"
    await two.workers.undrain("0")  # as under the next server, which finds it in the database
    await wait_until(lambda: two.workers.is_drained("0"))
    for worker, word in (("1", "No other media worker"), ("nowhere", "no such media worker")):
        with pytest.raises(BadInput, match=word):
            await two.command(worker)
    await two.command("0", "--undo")
    await wait_until(lambda: not two.workers.drained)
    with pytest.raises(BadInput, match="not drained"):
        await two.command("0", "--undo")


async def test_the_command_says_when_no_server_follows_it(two: TwoWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_cli, "DRAIN_POLL_SECONDS", 0.01)
    monkeypatch.setattr(admin_cli, "DRAIN_TAKEN_SECONDS", 0.02)
    assert two.world.server.room_moves is not None
    await two.world.server.room_moves.stop()
    with pytest.raises(BadInput, match="No server leads"):
        await two.command("0")
    assert await two.world.services.worker_drains.all() == {}


async def test_who_was_at_a_worker_that_died_beside_the_rooms_home_connects_elsewhere(two: TwoWorkers) -> None:
    await two.share()
    host, session = await two.begin()
    guest, joined = await two.world.join("nhatrang", await two.world.services.scheduler.session(session))
    await guest.ask(type="offer", sdp="first")
    assert joined["seat"] in two.called(1, "connect")
    roster = two.world.server.meetings.meetings[session].state.roster
    await wait_until(lambda: roster.seats[joined["seat"]].up)
    two.engines[1].emit(EngineLost())
    assert (await guest.type("renew"))["keep"] is False
    assert not roster.seats[joined["seat"]].up
    assert (await guest.ask(type="offer", sdp="second"))["sdp"] == "answer to second"
    assert joined["seat"] in two.called(0, "connect")
    await host.ask(type="ping")
    assert not [message for message in host.seen if message["type"] == "renew"]
    assert two.room(0, session).recording, "it goes on at home"


async def test_seats_leave_a_drained_worker_that_shares_a_room_with_another_and_the_recording_goes_on(
    two: TwoWorkers,
) -> None:
    await two.share()
    host, session = await two.begin()
    guest, joined = await two.world.join("nhatrang", await two.world.services.scheduler.session(session))
    await guest.ask(type="offer", sdp="first")
    await wait_until(lambda: two.room(1, session).up)
    assert await two.drain("0") == {"0": True, "1": False}
    assert (await host.type("renew"))["keep"] is True
    assert two.workers.place(session) == "1"
    assert (await host.ask(type="offer", sdp="second"))["sdp"] == "answer to second"
    await host.type("moved")
    await wait_until(lambda: session not in two.engines[0].rooms)
    assert two.room(1, session).recording is not None
    assert [(seat.worker, seat.seat in two.room(1, session).up) for seat in two.room(1, session).seats.values()] == [
        ("", True),
        ("", True),
    ]
    await guest.ask(type="ping")
    assert not [message for message in guest.seen if message["type"] in ("renew", "moved")]
    roster = two.world.server.meetings.meetings[session].state.roster
    assert [seat.up for seat in roster.seats.values()] == [True, True]
    assert joined["seat"] in roster.seats
