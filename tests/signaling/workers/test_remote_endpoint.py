"""Media workers of other machines: real processes that dial a real server over TLS (I-07).

Also tests `keys.py` and `rest.py`.
"""

import argparse
import asyncio
import json
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy.exc import OperationalError

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.server.ports import free_port
from mediaserver.rpc import version
from mediaserver.rpc.websocket import PATH, SUPERSEDED
from mediaserver.worker import remote_worker
from signaling.accounts import throttle
from signaling.app import admin_cli, lifecycle, tls
from signaling.app.application import application
from signaling.app.lease import Lease
from signaling.app.lifecycle import running
from signaling.app.services import open_services, utc_now
from signaling.app.settings import Settings
from signaling.audit.log import EntryFilter
from signaling.core.account import Source
from signaling.core.audit_entry import AuditEntry
from signaling.core.errors import BadInput
from signaling.workers import remote_endpoint
from signaling.workers.pool import WorkerPool
from tests.fakes import FakeClock, FakeDisk, FakeEngine
from tests.mediaserver.meeting import CERTIFICATE, WatchingDecoder, material
from tests.open_sockets import open_sockets
from tests.signaling.world import NHA_TRANG, NOW, Socket, World, problem_of

PATIENCE_S = 30.0
LOST_S = 10.0
"""I-07: within this the sessions of a lost worker are held by others."""


@dataclass
class RemoteWorkers:
    """A server without workers of its own, and the workers that dial it."""

    world: World
    workers: WorkerPool
    directory: Path
    link: str
    processes: list[Process] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def key(self, name: str) -> str:
        """Return a new key."""
        return await self.world.services.worker_keys.make(name, NOW)

    async def start(self, key: str, *more: str) -> Process:
        """Start a worker with a key."""
        path = self.directory / f"{len(self.processes)}.key"
        path.write_text(f"{key}\n")
        tls.context(self.directory / "other", (), utc_now())
        authority = str(self.directory / "tls" / "cert.pem")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "mediaserver", "--server", self.link, "--key-file", str(path)),
            *("--authority", authority, "--port", "0", "--address", "127.0.0.1", *more),
            stdout=PIPE,
            stderr=PIPE,
        )
        self.processes.append(process)
        return process

    async def until(self, *names: str) -> None:
        """Wait until exactly these workers are here."""
        async with asyncio.timeout(PATIENCE_S):
            while sorted(self.workers._engines) != sorted(names):
                await asyncio.sleep(0.02)

    async def local(self) -> FakeEngine:
        """Take in a worker of this machine."""
        await self.workers.take("0", self.world.engine)
        self.tasks.append(asyncio.create_task(self.workers.serve("0")))
        while "0" not in self.workers._engines:
            await asyncio.sleep(0)
        return self.world.engine

    async def dial(self, key: str) -> aiohttp.ClientWebSocketResponse:
        """Dial as a worker does, to say whatever a test wants."""
        headers = {"Authorization": f"Bearer {key}"}
        return await self.world.client().ws_connect(PATH, headers=headers)

    async def joined(self, key: str, records: bool = False) -> aiohttp.ClientWebSocketResponse:
        """Dial and be taken in."""
        dialled = await self.dial(key)
        await dialled.receive_json()
        await dialled.send_json({**version.greeting(), "records": records})
        name = (await dialled.receive_json())["welcome"]
        replies: tuple[tuple[str, dict[str, list[str]]], ...] = (("held", {"rooms": []}), ("pipes", {}))
        for call, result in replies:
            challenge = await dialled.receive_json()
            assert challenge["call"] == call
            await dialled.send_json({"id": challenge["id"], "result": result})
        async with asyncio.timeout(PATIENCE_S):
            while name not in self.workers._engines:
                await asyncio.sleep(0)
        return dialled

    async def audited(self, limit: int) -> list[tuple[str, str, str]]:
        """Return action, subject and detail of the newest entries about workers, oldest first."""
        found = [entry for entry in await self.world.audited(50) if entry.action.startswith("worker-")]
        return [(entry.action, entry.subject, entry.detail) for entry in found[:limit]][::-1]

    async def until_audited(self, action: str) -> None:
        """Wait until the newest entry about workers is of an action."""
        async with asyncio.timeout(PATIENCE_S):
            while [each[0] for each in await self.audited(1)] != [action]:
                await asyncio.sleep(0.02)


@pytest.fixture
async def remote(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RemoteWorkers]:
    """Yield a server that listens with and without TLS."""
    monkeypatch.setattr(remote_endpoint, "KEY_SECONDS", 0.05)
    async with _open_remote(settings, tmp_path) as made:
        yield made


@asynccontextmanager
async def _open_remote(
    settings: Settings, directory: Path, port: int = 0, outlived: bool = False, lease: Lease | None = None
) -> AsyncIterator[RemoteWorkers]:
    """Yield a server, on any free port for 0; if `outlived`, it leaves its meetings and processes to another one."""
    workers, clock, disk = WorkerPool(), FakeClock(NOW), FakeDisk()
    async with open_services(settings) as services, running(settings, services, workers, clock, disk) as built:
        server = TestServer(application(built, workers, lease))
        await server.start_server()
        assert server.runner is not None
        listening = socket.create_server(("127.0.0.1", port))
        context = tls.context(directory / "tls", ("127.0.0.1",), utc_now())
        await web.SockSite(server.runner, listening, ssl_context=context).start()
        link = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        async with World(services, built, FakeEngine(), clock, disk, server) as world:
            made = RemoteWorkers(world, workers, directory, link)
            yield made
            await (built.meetings.leave() if outlived else built.meetings.stop())
        await server.close()
        assert workers.alive == len(made.tasks)
        if not outlived:
            await _stopped(made)


async def _stopped(made: RemoteWorkers) -> None:
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)
    for process in made.processes:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _answer(dialled: aiohttp.ClientWebSocketResponse, stats: dict[str, Any]) -> None:
    """Be a worker that tells its counters when asked, as the supervisor does of itself, and says yes to all else."""
    async for message in dialled:
        call = json.loads(message.data)
        result = {"stats": stats, "held": {"rooms": [], "writing": {}, "ended": []}}.get(call["call"])
        await dialled.send_json({"id": call["id"], "result": result})


async def seen(guest: Socket, colour: str) -> tuple[Endpoint, WatchingDecoder]:
    """Connect a seat as its page does, with a camera of one colour, and wait for the picture composed of it."""
    watch = WatchingDecoder()
    endpoint = Endpoint(CERTIFICATE, material(colour, 440), OfferOptions(layers=1), watch)
    guest.patience = PATIENCE_S
    answer = await guest.ask(type="offer", sdp=endpoint.offer())
    await endpoint.connect(answer["sdp"])
    await watch.until(lambda: watch.colour() == colour)
    return endpoint, watch


async def test_i07_a_worker_of_another_machine_holds_a_meeting_with_sound_and_picture(remote: RemoteWorkers) -> None:
    process = await remote.start(await remote.key("media-2"))
    await remote.until("media-2/1")
    host, _ = await remote.world.join("host", await remote.world.session(NHA_TRANG))
    endpoint, _ = await seen(host, "green")
    stats: Any = (await remote.workers.stats())["media-2/1"]
    assert (stats["rooms"], stats["peers"]) == (1, 1)
    ports = {(kind, address) for kind, address, _ in open_sockets(process.pid)}
    assert ports == {("udp", "127.0.0.1"), ("tcp", "127.0.0.1")}  # the port matrix
    await endpoint.close()
    process.terminate()
    async with asyncio.timeout(PATIENCE_S):
        assert await process.communicate() == (b"", b"")
    assert process.returncode == 0
    await remote.until_audited("worker-gone")
    assert await remote.audited(9) == [("worker-came", "media-2/1", ""), ("worker-gone", "media-2/1", "")]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_i07_the_meeting_of_a_killed_or_frozen_worker_is_held_by_another(
    remote: RemoteWorkers, number: int
) -> None:
    process = await remote.start(await remote.key("media-2"))
    await remote.until("media-2/1")
    session = await remote.world.session(NHA_TRANG)
    host, joined = await remote.world.join("host", session)
    local = await remote.local()
    assert remote.workers.place(session.id) == "media-2/1"
    host.patience = LOST_S
    process.send_signal(number)
    await host.type("renew")
    assert list(local.rooms[session.id].seats) == [joined["seat"]]
    assert remote.workers.place(session.id) == "0"


async def test_i07_sound_and_picture_are_back_from_another_machine_within_ten_seconds(remote: RemoteWorkers) -> None:
    killed, _ = await remote.start(await remote.key("a")), await remote.start(await remote.key("b"))
    await remote.until("a/1", "b/1")
    session = await remote.world.session(NHA_TRANG)
    host, _ = await remote.world.join("host", session)
    lost, _ = await seen(host, "green")
    assert remote.workers.place(session.id) == "a/1"
    killed.kill()
    async with asyncio.timeout(LOST_S):
        await host.type("renew")
        found, _ = await seen(host, "green")
    assert remote.workers.place(session.id) == "b/1"
    await asyncio.gather(lost.close(), found.close())


async def test_i07_a_worker_that_lost_the_server_dials_again_and_its_meetings_go_on(remote: RemoteWorkers) -> None:
    process = await remote.start(await remote.key("media-2"), "--log-level", "INFO")
    await remote.until("media-2/1")
    host, joined = await remote.world.join("host", await remote.world.session(NHA_TRANG))
    endpoint, watch = await seen(host, "green")
    engine = remote.workers._engines["media-2/1"]
    await engine.close()
    await remote.until()
    await remote.until("media-2/1")
    await host.seat(joined["seat"], media="connected")
    await watch.more(5)
    stats: Any = (await remote.workers.stats())["media-2/1"]
    assert (stats["rooms"], stats["peers"], process.returncode) == (1, 1, None)
    assert endpoint.connected
    await endpoint.close()


async def test_i07_a_meeting_on_another_machine_outlives_the_server(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_worker, "BACKOFF_S", (0.2,))
    port = free_port()
    async with _open_remote(settings, tmp_path, port, outlived=True) as first:
        process = await first.start(await first.key("media-2"))
        await first.until("media-2/1")
        session = await first.world.session(NHA_TRANG)
        host, chair = await first.world.join("host", session)
        endpoint, watch = await seen(host, "green")
    await watch.more(5)
    async with _open_remote(settings, tmp_path, port) as second:
        second.processes.append(process)
        await second.until("media-2/1")
        again, joined = await second.world.join("host", session, resume=chair["resume"])
        assert joined["seat"] == chair["seat"]
        await again.seat(chair["seat"], media="connected")
        await watch.more(5)
        stats: Any = (await second.workers.stats())["media-2/1"]
        assert (stats["rooms"], stats["peers"]) == (1, 1)
        await endpoint.close()


async def test_i07_a_worker_is_refused_when_the_server_itself_does_not_see_the_folder(remote: RemoteWorkers) -> None:
    remote.world.server.recordings.directory.write_bytes(b"")
    dialled = await remote.dial(await remote.key("media-2"))
    fault = f"[Errno 17] File exists: '{remote.world.server.recordings.directory}'"
    assert await dialled.receive_json() == {"refused": fault}
    assert await remote.audited(9) == [("worker-refused", "media-2", fault)]


async def test_i07_several_workers_of_a_machine_have_one_key(remote: RemoteWorkers) -> None:
    key = await remote.key("media-2")
    for _ in range(throttle.WORKER.limit):  # coming often is no guessing
        await (await remote.joined(key)).close()
    await remote.until()
    await asyncio.gather(remote.start(key), remote.start(key))
    await remote.until("media-2/1", "media-2/2")


async def test_i07_a_key_is_sent_to_no_server_whose_certificate_is_unknown(remote: RemoteWorkers) -> None:
    process = await remote.start(
        await remote.key("media-2"), "--authority", str(remote.directory / "other" / "cert.pem")
    )
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE_S):
        assert b"certificate verify failed" in await process.stderr.readline()
    assert (remote.workers.alive, await remote.audited(9)) == (0, [])


async def test_i07_a_wrong_key_is_refused_and_guessing_is_stopped(remote: RemoteWorkers) -> None:
    key = await remote.key("media-2")
    process = await remote.start(f"{key[:-1]}{'A' if key[-1] != 'A' else 'B'}")
    async with asyncio.timeout(PATIENCE_S):
        assert await process.communicate() == (b"", b"diemcau media: the server does not know this key\n")
    assert (process.returncode, remote.workers.alive) == (1, 0)
    client = remote.world.client()
    outcomes = []
    for guess in (
        "",
        "media-2",
        "media-2.",
        "nobody.x",
        "a.b.c",
        "\xe9.\xe9",
        f"media-2.{'0' * 64}",
        "x.x",
        "x.x",
        key,
    ):
        async with client.get(PATH, headers={"Authorization": f"Bearer {guess}"}) as response:
            outcomes.append(await problem_of(response))
    assert outcomes == [(401, "bad-key")] * 9 + [(429, "locked")]
    assert await remote.audited(99) == [("worker-refused", "?", "key")] * 10


async def test_i07_no_key_counts_as_wrong_for_want_of_a_database(
    remote: RemoteWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await remote.key("media-2")

    async def owner(_: str) -> str:
        raise OperationalError("SELECT", {}, ConnectionRefusedError())

    with monkeypatch.context() as away:
        away.setattr(remote.world.services.worker_keys, "owner", owner)
        client = remote.world.client()
        for _ in range(15):
            async with client.get(PATH, headers={"Authorization": f"Bearer {key}"}) as response:
                assert await problem_of(response) == (503, "unavailable")
    await remote.joined(key)


async def test_i07_a_withdrawn_key_cuts_its_workers_off(remote: RemoteWorkers) -> None:
    process = await remote.start(await remote.key("media-2"))
    await remote.until("media-2/1")
    staying = await remote.joined(await remote.key("media-3"))
    serving = asyncio.create_task(_answer(staying, {}))
    await remote.until("media-2/1", "media-3/1")
    await remote.world.services.worker_keys.withdraw("media-2")
    await remote.until("media-3/1")
    async with asyncio.timeout(PATIENCE_S):
        _, err = await process.communicate()
    assert (process.returncode, err.splitlines()[-1]) == (1, b"diemcau media: the server does not know this key")
    assert list(remote.workers._engines) == ["media-3/1"]
    await staying.close()
    await serving


async def test_i07_a_new_key_for_the_same_name_is_not_the_old_one(remote: RemoteWorkers) -> None:
    keys = remote.world.services.worker_keys
    old = await remote.key("media-2")
    with pytest.raises(BadInput, match="withdraw it first"):
        await remote.key("media-2")
    await keys.withdraw("media-2")
    with pytest.raises(BadInput, match="has no key"):
        await keys.withdraw("media-2")
    new = await remote.key("media-2")
    assert (await keys.owner(old), await keys.owner(new), await keys.names()) == (None, "media-2", ["media-2"])
    for name in ("", "Media", "a b", "x" * 33, ".a", "a\n"):
        with pytest.raises(BadInput, match="Small letters"):
            await remote.key(name)


def test_a_server_that_begins_to_lead_waits_for_a_worker_that_pauses() -> None:
    assert max(remote_worker.BACKOFF_S) * 1.5 < lifecycle.REMOTE_WORKER_SECONDS


async def test_a_server_ends_when_a_worker_left_it_for_a_later_one(settings: Settings, tmp_path: Path) -> None:
    lost = asyncio.Event()
    lease = Lease(settings, lost.set)
    async with _open_remote(settings, tmp_path, lease=lease) as remote:
        lease._engine = remote.world.server.database  # as one that could not be renewed for too long
        key = await remote.key("media-2")
        for code in (aiohttp.WSCloseCode.OK, SUPERSEDED):
            assert not lost.is_set()
            dialled = await remote.joined(key)
            await dialled.close(code=code)
            await remote.until_audited("worker-gone")
        async with asyncio.timeout(PATIENCE_S):
            await lost.wait()


async def test_i07_a_worker_of_a_release_too_early_is_told_so(remote: RemoteWorkers) -> None:
    dialled = await remote.dial(await remote.key("media-2"))
    greeting = await dialled.receive_json()
    assert (greeting["version"], greeting["oldest"]) == (version.VERSION, version.OLDEST)
    await dialled.send_json({"version": version.OLDEST - 1, "records": True})
    text = (
        f"the other end speaks version {version.OLDEST - 1} of the protocol, and the oldest that is understood is "
        f"{version.OLDEST}: install a later release on the one that is behind"
    )
    assert await dialled.receive_json() == {"refused": text}
    await remote.until_audited("worker-refused")
    assert (remote.workers.alive, await remote.audited(9)) == (0, [("worker-refused", "media-2", text)])


async def test_i07_a_refused_worker_says_why_and_ends(remote: RemoteWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_endpoint, "MOST", 0)
    process = await remote.start(await remote.key("media-2"))
    async with asyncio.timeout(PATIENCE_S):
        out = await process.communicate()
    assert out == (b"", b"diemcau media: 0 workers of other machines are here already\n")
    assert (process.returncode, remote.workers.alive) == (1, 0)


def _words(**fields: object) -> str:
    return json.dumps(fields)


@pytest.mark.parametrize(
    "words",
    [
        "junk",
        "[]",
        _words(event=[], fields={}),
        _words(event="PeerUp", fields={"room": 1, "seat": {}}),
        _words(event="PeerUp", fields={"room": "r"}),
        _words(event="RecordingEnded", fields={"room": "r", "path": "/x", "seconds": 1e300, "error": None}),
        '{"event": "RecordingEnded", "fields": {"room": "r", "path": "/x", "seconds": NaN, "error": null}}',
        '{"event": "Speaking", "fields": {"room": "r", "seat": "\\ud800"}}',
        _words(event="Levels", fields={"room": "r", "levels": {"a": "loud"}}),
        _words(id=[], result=None),
        _words(no=1),
        "[" * 100_000,
        b"{}",
        _words(event="Speaking", fields={"room": "r", "seat": "x" * (1 << 20)}),
    ],
)
async def test_i07_a_peer_that_sends_what_no_worker_sends_is_cut_off(
    remote: RemoteWorkers, words: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    dialled = await remote.joined(await remote.key("media-2"))
    await (dialled.send_bytes(words) if isinstance(words, bytes) else dialled.send_str(words))
    await remote.until()
    async with asyncio.timeout(PATIENCE_S):
        while (await dialled.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
    log_lines = [each.getMessage() for each in caplog.records if each.name == "mediaserver.rpc.client"]
    assert [text.split(":")[0] for text in log_lines] == ["x a media worker says what none can say"]


async def test_i07_an_answer_of_another_kind_is_taken_for_none(remote: RemoteWorkers) -> None:
    dialled = await remote.joined(await remote.key("media-2"))

    async def respond(to: str, result: object) -> None:
        while (call := await dialled.receive_json())["call"] != to:  # it is asked for its counters meanwhile
            await dialled.send_json({"id": call["id"], "result": {}})
        await dialled.send_json({"id": call["id"], "result": result})

    asking: Coroutine[Any, Any, None] = remote.workers.open_room(
        "r", remote.world.server.meetings.dependencies.room_options
    )
    await asyncio.gather(asking, respond("open_room", None))
    with pytest.raises(Exception, match="gone"):
        await asyncio.gather(remote.workers.connect("r", "a", "v=0"), respond("connect", {"sdp": 1}))
    await remote.until()


async def test_i07_a_worker_that_sees_the_folder_records_into_it(remote: RemoteWorkers) -> None:
    await remote.start(await remote.key("media-2"))
    await remote.until("media-2/1")
    host, _ = await remote.world.join("host", await remote.world.session(NHA_TRANG, recording=True))
    endpoint, watch = await seen(host, "green")
    assert (await host.ask(type="record", on=True))["on"] is True
    await watch.more(40)  # a key frame comes at most twice a second, and the recording begins with one
    assert (await host.ask(type="record", on=False))["on"] is False
    await endpoint.close()
    async with asyncio.timeout(PATIENCE_S):
        while [(part.state, part.reason) for part in await remote.world.recording_store.recordings()] != [
            ("ready", None)
        ]:
            await asyncio.sleep(0.05)
    assert [path.suffix for path in remote.world.server.recordings.directory.iterdir()] == [""]  # no marker is left


async def test_i07_without_the_folder_a_recording_is_refused_and_says_so(remote: RemoteWorkers) -> None:
    dialled = await remote.joined(await remote.key("media-2"), records=False)
    serving = asyncio.create_task(_answer(dialled, {}))
    host, _ = await remote.world.join("host", await remote.world.session(NHA_TRANG))
    assert (await host.ask(type="record", on=True))["error"] == "no-folder"
    assert [(part.state, part.reason) for part in await remote.world.recording_store.recordings()] == [
        ("broken", "no-folder")
    ]
    assert await remote.audited(1) == [("worker-came", "media-2/1", "no-folder")]
    await dialled.close()
    await serving


def test_i07_the_folder_is_seen_by_a_file_in_it(tmp_path: Path) -> None:
    (tmp_path / "marker").touch()
    names = (str(tmp_path / "marker"), str(tmp_path), str(tmp_path / "x"), "", ".")
    assert [remote_worker._sees_recordings(name) for name in names] == [True, False, False, False, False]


async def test_i07_keys_are_made_listed_and_withdrawn_at_the_command_line(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(*words: str) -> str:
        parser = argparse.ArgumentParser()
        admin_cli.add_arguments(parser)
        await admin_cli.run(settings, parser.parse_args(["worker-key", *words]))
        return capsys.readouterr().out

    key = (await run("media-2")).strip()
    assert await run() == "media-2\n"
    async with open_services(settings) as services:
        assert await services.worker_keys.owner(key) == "media-2"
        assert key.removeprefix("media-2.") not in (settings.data / "diemcau.sqlite3").read_bytes().decode("latin-1")
    assert (await run("media-2", "--withdraw"), (await run()).strip()) == ("", "")
    async with open_services(settings) as services:
        entries = await services.audit.newest(EntryFilter(action="admin"), 9)
        assert [each.entry.detail for each in entries] == ["", "name=media-2 withdraw=True", "", "name=media-2"]


async def test_i07_the_centre_sees_each_machine_with_its_workers_or_without(remote: RemoteWorkers) -> None:
    first = await remote.joined(await remote.key("media-2"))
    serving = asyncio.create_task(_answer(first, {"rooms": 3, "seats": 20}))
    await remote.local()
    await remote.key("media-3")
    client = await remote.world.signed_in("central")
    async with client.get("/api/v1/capacity/workers") as response:
        seen = await response.json()
    worker = {"name": "media-2/1", "rooms": 3, "seats": 20, "records": False, "drained": False, "caption_pct": None}
    own = {"name": "0", "rooms": 0, "seats": 0, "records": True, "drained": False, "caption_pct": None}
    assert seen == [
        {"name": None, "workers": [own], "without_place": 0},
        {"name": "media-2", "workers": [worker], "without_place": 0},
        {"name": "media-3", "workers": [], "without_place": 0},
    ]
    await first.close()
    await serving


async def test_i07_a_peer_that_takes_too_long_to_greet_is_cut_off(
    remote: RemoteWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_endpoint, "GREETING_SECONDS", 0.05)
    dialled = await remote.dial(await remote.key("media-2"))
    await dialled.receive_json()
    assert await dialled.receive_json() == {"refused": "greeting too slow"}
    assert (await dialled.receive()).type is aiohttp.WSMsgType.CLOSE
    assert await remote.audited(9) == [("worker-refused", "media-2", "greeting too slow")]


async def test_i07_a_server_that_stops_lets_its_workers_go(settings: Settings, tmp_path: Path) -> None:
    async with _open_remote(settings, tmp_path) as remote:
        process = await remote.start(await remote.key("media-2"))
        await remote.until("media-2/1")
    assert process.returncode == -signal.SIGKILL  # it was dialling still when the test ended it


async def test_a_worker_that_dials_without_tls_or_without_a_key_does_not_start(tmp_path: Path) -> None:
    for arguments, fault in (
        (["--server", "http://10.0.0.1/", "--key-file", "k"], b"must look like https://"),
        (["--server", "https://10.0.0.1/"], b"--server needs --key-file"),
        (["--server", "https://10.0.0.1/", "--key-file", str(tmp_path / "none")], b"No such file"),
        (["--server", "https://10.0.0.1/", "--socket", "s"], b"not allowed with"),
    ):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "mediaserver", "--address", "127.0.0.1", *arguments), stderr=PIPE
        )
        _, err = await process.communicate()
        assert fault in err and process.returncode


class SlowAudit:
    """An audit log that writes what it is given once it may."""

    def __init__(self) -> None:
        self.may_write, self.entries = asyncio.Event(), list[AuditEntry]()

    async def append(self, entry: AuditEntry) -> None:
        await self.may_write.wait()
        self.entries.append(entry)


async def test_a_worker_that_is_gone_is_noted_though_its_request_is_cancelled(remote: RemoteWorkers) -> None:
    audit, server = SlowAudit(), remote.world.server
    endpoint = remote_endpoint.RemoteWorkerEndpoint(
        *(remote.workers, server.worker_keys, throttle.Throttle(server.redis), server.recordings),
        *(audit, server.owner, server.clock),  # type: ignore[arg-type]
    )
    end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    endpoint._ends.add(end)
    noting = asyncio.create_task(endpoint._note_gone("media-2/1", Source("10.0.0.9", 50_000), end))
    await asyncio.sleep(0)
    noting.cancel()
    await asyncio.gather(noting, return_exceptions=True)
    audit.may_write.set()
    await endpoint.stop(web.Application())
    assert [(entry.action, entry.subject) for entry in audit.entries] == [("worker-gone", "media-2/1")]


async def test_a_server_ends_once_it_has_noted_that_its_workers_are_gone(remote: RemoteWorkers) -> None:
    await remote.joined(await remote.key("media-2"))
    await remote.world.http.close()
    assert [action for action, *_ in await remote.audited(9)] == ["worker-came", "worker-gone"]
