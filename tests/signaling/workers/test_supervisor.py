"""Real child processes that die, hang, and never come up.

Also tests `detached_process.py` and `signaling/app/worker_command.py`.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mediaserver.__main__ import _parser
from mediaserver.api import Event, RoomOptions
from signaling.app.lifecycle import media
from signaling.app.worker_command import worker_command
from signaling.core.child_process import socket_path
from signaling.core.server_id import owner_of
from signaling.workers import supervisor as module
from signaling.workers.detached_process import Detached
from signaling.workers.pool import RoomBack, RoomLost, WorkerPool
from tests.another_user import DAEMON, NOBODY, others_may_run_us, shared_directory
from tests.fakes import FakeEngine
from tests.signaling.supervised_workers import WORKER, StartWorkers, worker_pids
from tests.signaling.world import make_settings


async def until_back(workers: WorkerPool, old: int) -> int:
    """Wait until a worker with another pid answers."""
    async with asyncio.timeout(20):
        while True:
            found = await worker_pids(workers)
            if found and found["0"] != old:
                return found["0"]
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
async def test_a_dead_or_hanging_worker_is_replaced(start_workers: StartWorkers, number: signal.Signals) -> None:
    supervisor, workers = await start_workers("live", 1)
    await workers.open_room("a", RoomOptions())
    pid = (await worker_pids(workers))["0"]
    os.kill(pid, number)
    events = workers.events()
    async with asyncio.timeout(20):
        seen: list[Event] = [await anext(events), await anext(events)]
    assert seen == [RoomLost("a"), RoomBack("a")]
    assert await until_back(workers, pid) != pid
    assert supervisor.restarts == 1
    assert not Path(f"/proc/{pid}").exists()


async def test_a_server_that_got_no_time_kills_no_worker(start_workers: StartWorkers) -> None:
    """The server and its worker are stopped for longer than a worker may be silent, as with their machine."""
    supervisor, workers = await start_workers("live", 1)
    before = await worker_pids(workers)
    for _ in range(3):
        os.kill(before["0"], signal.SIGSTOP)
        await asyncio.sleep(0.1)  # it is asked meanwhile
        wake = f"sleep {1.2 * module.SILENT_SECONDS}; kill -CONT {before['0']}"
        with subprocess.Popen(("sh", "-c", wake)):
            time.sleep(1.5 * module.SILENT_SECONDS)  # all that the server does meanwhile
        assert await worker_pids(workers) == before
    assert supervisor.restarts == 0


class AskedEngine(FakeEngine):
    """An engine that answers in a turn of the asking, or never."""

    def __init__(self, share: float, answers_in: int | None = None) -> None:
        super().__init__()
        self.turns = -1  # it is asked once before the first turn
        self._share = share
        self._answers_in = answers_in
        self._answered = asyncio.Event()

    async def stats(self) -> dict[str, object]:
        await self._answered.wait()
        return await super().stats()

    def waited_for_core_s(self) -> float:
        """Return what its process has waited: a share of each turn until now."""
        self.turns += 1
        if self.turns == self._answers_in:
            self._answered.set()
        return self.turns * self._share * module.SILENT_SECONDS / module.SILENT_TURNS


@pytest.mark.parametrize(("share", "turns"), [(0.0, 6), (0.49, 6), (0.51, 60)])
async def test_a_worker_that_no_core_is_left_for_may_be_silent_longer(
    share: float, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.06)
    engine = AskedEngine(share)
    with pytest.raises(TimeoutError):
        await module.ask(engine, engine.waited_for_core_s)
    assert engine.turns == turns
    late = AskedEngine(share, answers_in=turns - 1)
    await module.ask(late, late.waited_for_core_s)
    assert late.turns == turns - 1


class FastClock(FakeEngine):
    """An engine on a machine whose clock is five minutes fast."""

    async def stats(self) -> dict[str, object]:
        return {"time": time.time() + 300}


async def test_the_clock_of_a_worker_is_read_while_it_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WATCH_SECONDS", 0.01)
    workers, engine, ended = WorkerPool(), FastClock(), asyncio.Event()
    await workers.take("0", engine)
    await workers.open_room("a", RoomOptions())
    attending = asyncio.create_task(module.attend(workers, "0", engine, ended.wait()))
    async with asyncio.timeout(20):
        while workers.clock_ahead("a") < 290:
            await asyncio.sleep(0.01)
    ended.set()
    await attending


async def test_time_without_a_core_is_read_of_a_process() -> None:
    """Two processes that always compute share one core; a third one sleeps."""
    core = min(os.sched_getaffinity(0))
    computes = f"import os\nos.sched_setaffinity(0, {{{core}}})\nwhile True: pass"
    commands = (*[(sys.executable, "-c", computes)] * 2, ("sleep", "60"))
    started = [subprocess.Popen(command) for command in commands]
    first, _, sleeper = (Detached("some", each.pid, each) for each in started)
    async with asyncio.timeout(20):
        while first.waited_for_core_s < 0.3:
            await asyncio.sleep(0.02)
    assert sleeper.waited_for_core_s < first.waited_for_core_s
    for each in started:
        each.kill()
        each.wait()
    assert first.waited_for_core_s == 0


async def test_each_worker_has_its_own_process_and_all_stop(start_workers: StartWorkers) -> None:
    supervisor, workers = await start_workers("live", 3)
    found = await worker_pids(workers)
    assert (list(found), len(set(found.values()))) == (["0", "1", "2"], 3)
    await supervisor.stop()
    assert (workers.alive, [Path(f"/proc/{pid}").exists() for pid in found.values()]) == (0, [False] * 3)


async def test_the_next_server_takes_workers_in_that_were_left_and_ends_those_beyond_its_number(
    start_workers: StartWorkers,
) -> None:
    first, workers = await start_workers("live", 3)
    before = await worker_pids(workers)
    await first.leave()
    assert [Path(f"/proc/{pid}").exists() for pid in before.values()] == [True] * 3
    second, workers = await start_workers("live", 2)
    assert await worker_pids(workers) == {number: pid for number, pid in before.items() if number != "2"}
    assert not _runs(before["2"])
    assert (first.restarts, second.restarts) == (0, 0)
    await second.stop()
    assert [_runs(pid) for pid in before.values()] == [False] * 3


async def test_a_process_of_ours_that_was_found_by_its_id_leaves_no_zombie() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    found = Detached("found", child.pid)
    assert child.stdin is not None
    child.stdin.close()
    async with asyncio.timeout(20):
        await found.wait()
    assert not Path(f"/proc/{child.pid}").exists()
    child.returncode = 0  # its status was taken


async def test_a_worker_that_was_left_and_hangs_is_replaced(
    start_workers: StartWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HELD_SECONDS", 0.2)
    first, workers = await start_workers("live", 1)
    (left,) = (await worker_pids(workers)).values()
    await first.leave()
    os.kill(left, signal.SIGSTOP)
    _, workers = await start_workers("live", 1)
    assert await until_back(workers, left) != left


def _runs(pid: int) -> bool:
    """Return whether a process runs; a zombie, which only awaits its exit status being read, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_worker_that_never_comes_up_does_not_keep_the_server_from_starting(start_workers: StartWorkers) -> None:
    supervisor, workers = await start_workers("die", 1)
    assert workers.alive == 0
    async with asyncio.timeout(20):
        while supervisor.restarts < 3:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("failing", [1, 2])
async def test_a_worker_whose_process_cannot_be_made_is_started_later(
    start_workers: StartWorkers, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    make, starts = subprocess.Popen, count(1)

    def sometimes(argv: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":
        if next(starts) == failing:
            raise BlockingIOError("fork: no process left")
        return make(argv, **options)

    monkeypatch.setattr(subprocess, "Popen", sometimes)
    async with asyncio.timeout(20):
        supervisor, workers = await start_workers("live", 1)
        if failing == 2:
            os.kill((await worker_pids(workers))["0"], signal.SIGKILL)
        while supervisor.restarts < failing or not workers.alive:
            await asyncio.sleep(0.01)
    assert (supervisor.restarts, workers.alive) == (failing, 1)


async def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, WORKER, "parent", str(tmp_path / "x.sock")), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    async with asyncio.timeout(20):
        pid = int(await parent.stdout.readline())
        os.kill(pid, 0)
        parent.kill()
        await parent.wait()
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.01)


def test_a_path_too_long_for_a_socket_moves_to_the_temporary_directory(tmp_path: Path) -> None:
    assert socket_path(tmp_path, "a.sock") == tmp_path / "a.sock"
    long = socket_path(tmp_path / ("x" * 100), "a.sock")
    assert (long.name, len(str(long)) < 100) == ("a.sock", True)
    long.parent.rmdir()


def test_the_workers_command_names_socket_ports_and_addresses(tmp_path: Path) -> None:
    command = worker_command(make_settings(tmp_path, None))
    assert command(1, Path("/s"))[1:] == [
        "-m",
        "mediaserver",
        "--socket",
        "/s",
        "--owner",
        owner_of(tmp_path),
        "--port",
        "0",
        "--rtp-ports",
        "40100",
        "42099",
        "--dscp",
        "46",
        "34",
        "--signalling-dscp",
        "24",
        "--address",
        "127.0.0.1",
    ]


async def test_workers_that_something_else_starts_are_taken_in_and_never_started(tmp_path: Path) -> None:
    """As systemd does, which starts them again, too."""
    settings = replace(make_settings(tmp_path, None), start_workers=False)
    async with media(settings) as supervisor:
        await asyncio.sleep(0)
        assert (supervisor.workers.alive, supervisor.restarts, list(settings.run.iterdir())) == (0, 0, [])
    arguments = ("-m", "mediaserver", "--socket", str(settings.run / "media-0.sock"), "--port", "0")
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, "--address", "127.0.0.1")
    try:
        async with asyncio.timeout(20), media(settings) as supervisor:
            while not supervisor.workers.alive:
                await asyncio.sleep(0.01)
            assert supervisor.workers.alive == 1
        await process.wait()  # a server that ends for good ends them, too; its status may be taken by the supervisor
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


SERVE = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from mediaserver.api import RoomOptions
from signaling.app.lifecycle import media
from tests.signaling.world import make_settings

async def serve(data, sockets):
    settings = replace(make_settings(Path(data), None), start_workers=False, worker_sockets=Path(sockets))
    async with media(settings) as supervisor:
        while not supervisor.workers.alive:
            await asyncio.sleep(0.01)
        await supervisor.workers.open_room("r", RoomOptions())
        print(await supervisor.workers.held())

asyncio.run(serve(*sys.argv[1:]))
"""


@pytest.mark.skipif(not others_may_run_us(), reason="needs root, and a tree that others can read")
async def test_a_server_and_a_worker_of_two_users_find_each_other_and_end_together() -> None:
    """As in the units: the sockets are the worker's, and the server is in its group."""
    with shared_directory() as place:
        data, sockets = place / "data", place / "sockets"
        data.mkdir(mode=0o700)
        sockets.mkdir(mode=0o750)
        os.chown(data, NOBODY, NOBODY)
        os.chown(sockets, DAEMON, DAEMON)
        where = ("--socket", str(sockets / "media-0.sock"), "--port", "0", "--address", "127.0.0.1")
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "mediaserver", *where, "--server-user", "nobody"),
            user=DAEMON,
            group=DAEMON,
            extra_groups=[],
        )
        try:
            server = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", SERVE, str(data), str(sockets)),
                user=NOBODY,
                group=NOBODY,
                extra_groups=[DAEMON],
                stdout=subprocess.PIPE,
            )
            async with asyncio.timeout(60):
                output, _ = await server.communicate()
                assert (server.returncode, b"'r'" in output) == (0, True)
                assert await worker.wait() == 0  # asked to, since it cannot be told by a signal
        finally:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()


LET_GO = """
import asyncio, sys
from signaling.workers import detached_process

async def stop():
    detached_process.STOP_SECONDS = 0.1
    process = detached_process.Detached("theirs", int(sys.argv[1]))
    await process.stop()
    print(process.released)

asyncio.run(stop())
"""


@pytest.mark.skipif(not others_may_run_us(), reason="needs root, and a tree that others can read")
async def test_a_process_of_another_user_that_does_not_end_is_let_go() -> None:
    command = (sys.executable, "-c", LET_GO, str(os.getpid()))
    output = await asyncio.to_thread(
        subprocess.check_output, command, user=NOBODY, group=NOBODY, extra_groups=[], timeout=30
    )
    assert output == b"True\n"


def test_the_workers_command_says_whether_and_where_connections_come(tmp_path: Path) -> None:
    fronts = ("10.1.2.3", 443), ("2001:db8::1", 443)
    settings = replace(make_settings(tmp_path, None), media_tcp=False, media_tcp_fronts=fronts)
    arguments = list(worker_command(settings)(0, Path("/s")))
    at = arguments.index("--no-tcp")
    assert arguments[at : at + 4] == ["--no-tcp", "--tcp-front", "10.1.2.3:443", "[2001:db8::1]:443"]
    parsed = _parser().parse_args(arguments[3:])
    assert (parsed.no_tcp, tuple(parsed.tcp_front)) == (True, fronts)
