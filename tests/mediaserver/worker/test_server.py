"""Tests of the worker process: it begins, serves, ends.

Also tests `remote_worker.py`.
"""

import asyncio
import json
import logging
import signal
import ssl
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from mediaserver import logs
from mediaserver.api import (
    ENDS,
    EngineLost,
    Held,
    Layout,
    PeerUp,
    RecordingEnded,
    RoomOptions,
    RoomState,
    SeatOptions,
    SeatState,
)
from mediaserver.errors import Refused
from mediaserver.recording.recorder import Recorder
from mediaserver.rpc import protocol, reply_check, version
from mediaserver.rpc.client import RemoteEngine, ask_to_end
from mediaserver.worker import remote_worker
from mediaserver.worker import server as module
from mediaserver.worker.engine import LocalEngine
from mediaserver.worker.server import EngineServer, Worker
from tests.mediaserver.worker_process import ended, start, worker

STOP_S = 30.0
"""Shorter than a worker holds its rooms for the next server."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_worker_that_is_signalled_to_stop_ends_at_once_and_well(tmp_path: Path, number: signal.Signals) -> None:
    async with worker(tmp_path) as (process, engine):
        await engine.open_room("r", RoomOptions())
        process.send_signal(number)
        async with asyncio.timeout(STOP_S):
            assert await ended(process) == (0, b"")


async def test_without_a_server_it_holds_its_rooms_for_the_next_one_of_its_data_directory(tmp_path: Path) -> None:
    layout = Layout("1+5", focus="s", page=1)
    async with worker(tmp_path, owner="ours") as (process, first):
        await first.open_room("r", RoomOptions(title="Họp", names={"p": "Phường"}))
        await first.add_seat("r", SeatOptions("s", "Điểm"))
        await first.set_floor("r", "s", True)
        await first.set_gain("r", "s", 3.0)
        await first.set_view("r", "s", "composed", 1080)
        await first.set_layout("r", layout)
        await first.start_recording("r", str(tmp_path / "1.mp4"))
        await first.keep("vote 1", "key")
        await first.close()
        with pytest.raises(Refused, match="another data directory"):
            await RemoteEngine.dial(str(tmp_path / "media.sock"), "theirs")
        second = await RemoteEngine.dial(str(tmp_path / "media.sock"), "ours")
        options = SeatOptions("s", "Điểm", floor=True, gain=3.0, view="composed", lines=1080)
        assert await second.held() == Held(("r",), {str(tmp_path / "1.mp4"): "r"}, kept={"vote 1": "key"})
        assert await second.room_state("r") == RoomState(
            options=RoomOptions(title="Họp", names={"p": "Phường"}),
            seats=(SeatState(options, offered=False, up=False, wanted=720),),
            layouts={"everyone": layout},
            recording=str(tmp_path / "1.mp4"),
        )
        await second.close()
        assert process.returncode is None


async def test_a_worker_ends_when_its_own_server_asks_and_no_other(tmp_path: Path) -> None:
    async with worker(tmp_path, owner="ours") as (process, engine):
        await engine.open_room("r", RoomOptions())
        await ask_to_end(str(tmp_path / "media.sock"), "theirs")
        assert (await engine.stats())["rooms"] == 1
        await ask_to_end(str(tmp_path / "media.sock"), "ours")
        assert await ended(process) == (0, b"")


class ScriptedLink:
    """A link to a server that says what a test has it say, also after it was closed."""

    def __init__(self) -> None:
        self.says: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def read(self) -> dict[str, Any] | None:
        return await self.says.get()

    def write(self, message: dict[str, Any]) -> None:
        self.answers.put_nowait(message)

    def close(self) -> None:
        """Stay open: what was received before can still be read."""


async def test_what_a_server_still_says_once_a_later_one_is_served_is_not_done() -> None:
    serving = EngineServer(LocalEngine(["127.0.0.1"], 0))
    serving.start()
    first, second = ScriptedLink(), ScriptedLink()
    held = {"call": "held", "arguments": {}}
    open_room = {"call": "open_room", "arguments": {"room": "r", "options": protocol.plain(RoomOptions())}}
    earlier = asyncio.create_task(serving.serve(first))
    first.says.put_nowait({"id": 1, **held})
    assert (await first.answers.get())["id"] == 1
    later = asyncio.create_task(serving.serve(second))
    second.says.put_nowait({"id": 2, **held})
    await second.answers.get()
    first.says.put_nowait({"id": 3, **open_room})
    async with asyncio.timeout(STOP_S):
        await earlier
    second.says.put_nowait({"id": 4, **held})
    assert not (await second.answers.get())["result"]["rooms"]
    second.says.put_nowait(None)
    await later
    await serving.close()


async def test_a_later_server_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    async with worker(tmp_path) as (_, first):
        second = await RemoteEngine.dial(str(tmp_path / "media.sock"))
        assert [event async for event in first.events()] == [EngineLost()]
        assert (await second.stats())["rooms"] == 0
        await second.close()


async def test_a_server_of_a_release_too_late_is_refused_and_the_worker_makes_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, first = await start(tmp_path / "media.sock")
    await first.open_room("r", RoomOptions())
    await first.close()
    later = version.VERSION + 1
    monkeypatch.setattr(version, "VERSION", later)
    monkeypatch.setattr(version, "OLDEST", later)
    with pytest.raises(Refused, match=f"no version of the protocol before {later}"):
        await RemoteEngine.dial(str(tmp_path / "media.sock"))
    assert await ended(process) == (0, b"")


async def test_without_a_server_for_too_long_it_closes_recordings_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = Worker(LocalEngine(["127.0.0.1"], 0), str(tmp_path / "s"))
    running = asyncio.ensure_future(serving.run())
    while not (tmp_path / "s").exists():
        await asyncio.sleep(0)
    engine = await RemoteEngine.dial(str(tmp_path / "s"))
    await engine.open_room("r", RoomOptions())
    monkeypatch.setattr(module, "HOLD_ROOMS_S", 0.05)
    await engine.close()
    async with asyncio.timeout(STOP_S):
        await running


async def _socket_of(serving: Worker, path: Path) -> tuple[asyncio.Task[None], RemoteEngine]:
    running = asyncio.create_task(serving.run())
    while not path.exists():
        await asyncio.sleep(0)
    return running, await RemoteEngine.dial(str(path), "ours")


async def test_ends_of_recordings_wait_for_the_next_server_also_when_the_rooms_are_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local, path = LocalEngine(["127.0.0.1"], 0), str(tmp_path / "1.mp4")
    running, first = await _socket_of(Worker(local, str(tmp_path / "s"), "ours"), tmp_path / "s")
    await first.open_room("r", RoomOptions())
    await first.start_recording("r", path)
    monkeypatch.setattr(module, "HOLD_ROOMS_S", 0.05)
    monkeypatch.setattr(module, "IDLE_S", 0.04)
    await first.close()
    async with asyncio.timeout(STOP_S):
        while not (ended := (await local.held()).ended):
            await asyncio.sleep(0)
        assert [replace(end, seconds=0.0) for end in ended] == [RecordingEnded("r", path, 0.0, "interrupted")]
        for noting in (False, True):  # one that was killed before it had noted anything, and one that was not
            server = await RemoteEngine.dial(str(tmp_path / "s"), "ours")
            assert await server.held() == Held(ended=ended)
            if noting:
                await server.noted(path)
                assert await server.held() == Held()
            await server.close()
        await running


NOBODY = "https://127.0.0.1:1/"


@pytest.mark.parametrize(("owner", "ends_expected"), [("ours", 1), ("theirs", 0)])
async def test_on_a_machine_of_its_own_it_tells_ends_to_servers_of_their_data_directory_alone(
    monkeypatch: pytest.MonkeyPatch, owner: str, ends_expected: int
) -> None:
    monkeypatch.setattr(remote_worker, "HOLD_ROOMS_S", -1.0)
    engines: list[LocalEngine] = []

    def engine() -> LocalEngine:
        engines.append(LocalEngine(["127.0.0.1"], 0))
        return engines[-1]

    serving = remote_worker.RemoteWorker([NOBODY], "key", ssl.create_default_context(), engine)
    serving._start_engine()
    await serving._dial_once(NOBODY)
    await serving._prepare_for("ours")
    await engines[0].open_room("r", RoomOptions())
    await engines[0].start_recording("r", "/r/1.mp4")
    await serving._dial_once(NOBODY)  # for too long
    assert await engines[0].held() == Held(ended=(RecordingEnded("r", "/r/1.mp4", 0.0, "interrupted"),))
    await serving._prepare_for(owner)
    assert len((await engines[-1].held()).ended) == ends_expected
    await serving._close()


async def test_a_file_that_is_being_closed_is_held_until_it_is_also_without_its_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, close = threading.Event(), Recorder.close

    def closing(recorder: Recorder) -> None:
        slow.wait(STOP_S)
        close(recorder)

    monkeypatch.setattr(Recorder, "close", closing)
    engine = LocalEngine(["127.0.0.1"], 0)
    paths = [str(tmp_path / "1.mp4"), str(tmp_path / "2.mp4")]
    await engine.open_room("r", RoomOptions())
    await engine.start_recording("r", paths[0])
    await engine.stop_recording("r")
    await engine.start_recording("r", paths[1])
    assert await engine.held() == Held(("r",), dict.fromkeys(paths, "r"))
    closed = asyncio.ensure_future(engine.close_room("r"))
    await asyncio.sleep(0)
    assert await engine.held() == Held((), dict.fromkeys(paths, "r"))
    slow.set()
    await closed
    held = await engine.held()
    assert (held.writing, {end.path for end in held.ended}) == ({}, set(paths))
    await engine.close()


async def test_of_ends_that_nobody_notes_the_latest_are_kept() -> None:
    engine = LocalEngine(["127.0.0.1"], 0)
    ends = [RecordingEnded("r", f"/r/{part}.mp4", 1.0, None) for part in range(ENDS + 1)]
    for end in ends:
        engine._events.add(end)
    assert (await engine.held()).ended == tuple(ends[1:])
    await engine.close()


async def test_the_state_of_a_thousand_rooms_is_one_message() -> None:
    recordings = "/var/lib/diemcau/recordings"
    rooms = [uuid4().hex for _ in range(1000)]
    ended = tuple(RecordingEnded(room, f"{recordings}/{room}/1000.mp4", 9999.999, "disk-full") for room in rooms[:ENDS])
    held = Held(tuple(rooms), {f"{recordings}/{room}/1000.mp4": room for room in rooms}, ended)
    message = json.loads(protocol.encode({"id": 1, "result": protocol.plain(held)}))
    assert reply_check.result("held", message) == held


async def test_a_worker_without_rooms_ends_soon_after_the_server_that_started_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asyncio.timeout(STOP_S):
        serving = Worker(LocalEngine(["127.0.0.1"], 0), str(tmp_path / "s"), "ours")
        running = asyncio.ensure_future(serving.run())
        while not (tmp_path / "s").exists():
            await asyncio.sleep(0)
        engine = await RemoteEngine.dial(str(tmp_path / "s"), "ours")
        monkeypatch.setattr(module, "IDLE_S", 0.05)
        await engine.close()
        await running


async def test_the_socket_of_a_worker_appears_when_it_listens_and_can_be_taken_over(tmp_path: Path) -> None:
    process, first = await start(tmp_path / "media.sock")
    assert [path.name for path in tmp_path.iterdir()] == ["media.sock"]
    process.kill()
    await ended(process)
    await first.close()
    async with worker(tmp_path) as (_, engine):  # the socket of the killed one is in the way of nobody
        assert (await engine.stats())["rooms"] == 0


async def test_a_port_in_use_ends_it_with_an_error(tmp_path: Path) -> None:
    engine = LocalEngine(["127.0.0.1"], 0)
    engine.start()
    ((_, port),) = engine._mux.addresses
    arguments = ["--socket", str(tmp_path / "s"), "--port", str(port), "--address", "127.0.0.1"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mediaserver", *arguments, stderr=asyncio.subprocess.PIPE
    )
    _, err = await process.communicate()
    await engine.close()
    assert process.returncode != 0
    assert b"Address already in use" in err


async def test_an_event_that_cannot_be_sent_keeps_no_other_back(caplog: pytest.LogCaptureFixture) -> None:
    class Picky:
        """A link that cannot write every message."""

        def __init__(self) -> None:
            self.seats: list[str] = []

        def write(self, message: dict[str, Any]) -> None:
            if message["fields"]["seat"] == "bad":
                raise ZeroDivisionError
            self.seats.append(message["fields"]["seat"])

        async def read(self) -> dict[str, Any] | None:
            await asyncio.sleep(3600)
            return None

        def close(self) -> None:
            """Do nothing."""

    engine, link = LocalEngine(["127.0.0.1"], 0), Picky()
    server = EngineServer(engine)
    server.start()
    serving = asyncio.ensure_future(server.serve(link))
    await asyncio.sleep(0)
    for seat in ("a", "bad", "b"):
        engine._events.add(PeerUp("r", seat))
    await server.close()
    serving.cancel()
    assert link.seats == ["a", "b"]
    assert [record.getMessage() for record in caplog.records] == ["x telling PeerUp"]


async def test_an_unforeseen_error_is_logged_and_answered(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(LocalEngine):
        async def stats(self) -> dict[str, object]:
            raise ZeroDivisionError("secret")

    serving = Worker(Broken(["127.0.0.1"], 0), str(tmp_path / "s"))
    running = asyncio.ensure_future(serving.run())
    while not (tmp_path / "s").exists():
        await asyncio.sleep(0)
    engine = await RemoteEngine.dial(str(tmp_path / "s"))
    with pytest.raises(Exception, match=r"^ZeroDivisionError in the media worker$"):
        await engine.stats()
    await engine.open_room("r", RoomOptions())
    await engine.close()
    serving.stop()
    await running
    assert [record.getMessage() for record in caplog.records] == ["x stats"]


async def test_lines_about_a_call_name_its_session_seat_and_trace_and_those_of_all_rooms_none(tmp_path: Path) -> None:
    lines: list[dict[str, str]] = []

    def log(message: str) -> None:
        record = logging.LogRecord("x", logging.INFO, "", 0, message, (), None)
        fields = json.loads(logs.JsonFormatter().format(record))
        lines.append({name: fields[name] for name in ("message", "session", "seat", "trace") if name in fields})

    class Talkative(LocalEngine):
        async def remove_seat(self, room: str, seat: str) -> None:
            log("call")
            await super().remove_seat(room, seat)

    local = Talkative(["127.0.0.1"], 0)
    serving = Worker(local, str(tmp_path / "s"))
    running = asyncio.ensure_future(serving.run())
    while not (tmp_path / "s").exists():
        await asyncio.sleep(0)
    engine = await RemoteEngine.dial(str(tmp_path / "s"))
    await engine.open_room("r", RoomOptions())
    await engine.add_seat("r", SeatOptions("a", "Điểm"))
    with logs.about(trace="0af7651916cd43dd8448eb211c80319c"):
        await engine.remove_seat("r", "a")
    local._rooms["r"].sound = lambda now: log("tick")  # type: ignore[method-assign]
    async with asyncio.timeout(STOP_S):
        while lines[-1]["message"] != "tick":
            await asyncio.sleep(0.01)
    await engine.close()
    serving.stop()
    await running
    assert lines[:2] == [
        {"message": "call", "session": "r", "seat": "a", "trace": "0af7651916cd43dd8448eb211c80319c"},
        {"message": "tick"},
    ]
