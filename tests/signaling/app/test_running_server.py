"""A whole server in a process of its own, as an operator runs it.

Also tests `serve.py` and `server.py`.
"""

import asyncio
import json
import os
import resource
import shutil
import signal
import sqlite3
import ssl
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from loadtest.server.booking import book
from loadtest.server.rest_client import Client
from mediaserver.rpc import version
from mediaserver.rpc.websocket import PATH
from signaling.app import tls
from tests.conftest import PostgresServer
from tests.signaling.world import HOST, NHA_TRANG, PASSWORD, Socket, problem_of

PATIENCE_S = 30.0
IDLE = 1100
"""So many connections that say nothing shut everybody out once."""


@dataclass
class ResponsiveSocket(Socket):
    """A WebSocket that is read all the time, as by a page, so that pings of the server are answered."""

    def __post_init__(self) -> None:
        self._frames: asyncio.Queue[aiohttp.WSMessage] = asyncio.Queue()
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        more = True
        while more:
            frame = await self.socket.receive()
            self._frames.put_nowait(frame)
            more = frame.type is aiohttp.WSMsgType.TEXT

    async def _receive(self) -> aiohttp.WSMessage:
        return await self._frames.get()


@dataclass
class RunningServer:
    """A server that has greeted."""

    process: Process
    environ: Mapping[str, str]
    data: Path
    https: URL
    http: URL
    stack: AsyncExitStack
    errors: Path
    start: Callable[[], Awaitable[tuple[Process, list[URL]]]]

    async def restart(self, meanwhile: Callable[[], None]) -> None:
        """Kill it without a word, and start another one after something was done."""
        self.process.kill()
        await self.process.communicate()
        meanwhile()
        self.process, (self.https, self.http) = await self.start()

    async def signed_in(self, account: str, url: URL | None = None) -> Client:
        """Sign in."""
        client = await self.stack.enter_async_context(Client(str(url or self.http)))
        await client.login(account, PASSWORD)
        return client

    async def socket(self, client: Client) -> Socket:
        """Open a WebSocket."""
        socket = await client.http.ws_connect("/ws", max_msg_size=0)
        self.stack.push_async_callback(socket.close)
        made = ResponsiveSocket(socket, patience=PATIENCE_S)
        self.stack.callback(made.reading.cancel)
        return made

    async def meeting(self, **booked: Any) -> tuple[dict[str, Any], Socket]:
        """Return a session that has begun, with its host in it."""
        client = await self.signed_in("host")
        session = await book(client, HOST, [NHA_TRANG], "Họp giao ban", **booked)
        socket = await self.socket(client)
        assert (await socket.ask(type="join", code=session["code"], accepted=True))["type"] == "joined"
        return session, socket

    async def admin(self, *words: str) -> str:
        """Run a command of an administrator; return what it prints."""
        command = (sys.executable, "-m", "signaling", "admin", *words)
        ran = await asyncio.create_subprocess_exec(*command, env=self.environ, stdout=PIPE)
        out, _ = await ran.communicate()
        assert ran.returncode == 0
        return out.decode()

    async def get(self, path: str) -> tuple[int, Mapping[str, str], Any]:
        """Ask without an account; status, headers and JSON."""
        async with aiohttp.ClientSession() as client, client.get(self.http.with_path(path)) as response:
            return response.status, response.headers, await response.json()

    async def login(self) -> tuple[int, str | None, str]:
        """Try to sign in; status, `Retry-After`, word of the problem."""
        body = {"account": "central", "password": PASSWORD}
        async with (
            aiohttp.ClientSession() as client,
            client.post(self.http.with_path("/api/v1/login"), json=body) as response,
        ):
            word = "" if response.ok else (await problem_of(response))[1]
            return response.status, response.headers.get("Retry-After"), word

    def worker(self) -> int:
        """Return the process of its media worker."""
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                command = (entry / "cmdline").read_bytes() if entry.name.isdecimal() else b""
                if b"mediaserver\0--socket" in command and f"{self.data}/".encode() in command:
                    return int(entry.name)
        raise AssertionError("there is no media worker")


@asynccontextmanager
async def running(data: Path, *before: str, **more: str) -> AsyncIterator[RunningServer]:
    """Run a server on a prepared record, by a command that begins with `before`; it must end well by SIGTERM."""
    environ = {
        "PATH": os.environ["PATH"],
        "DIEMCAU_DATA": str(data),
        "DIEMCAU_HOST": "127.0.0.1",
        "DIEMCAU_PORT": "0",
        "DIEMCAU_HTTP_PORT": "0",
        "DIEMCAU_MEDIA_PORT": "0",
        "DIEMCAU_MEDIA_ADDRESS": "127.0.0.1",
        "DIEMCAU_WORKERS": "1",
        **more,
    }
    errors = data / "stderr"
    command = (*before, sys.executable, "-m", "signaling", "serve")

    async def start() -> tuple[Process, list[URL]]:
        with errors.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, env=environ, stdin=DEVNULL, stdout=PIPE, stderr=log
            )
        return process, await _printed_urls(process)

    process, (https, http) = await start()
    server = RunningServer(process, environ, data, https, http, AsyncExitStack(), errors, start)
    try:
        async with server.stack:
            yield server
    finally:
        await _end(server.process)
    assert server.process.returncode == 0, errors.read_text()


async def _printed_urls(process: Process) -> list[URL]:
    """Return the URLs of a process with and without TLS, once it has printed them."""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            output = await process.stdout.readuntil(b"Ctrl-C")
    except BaseException:
        await _end(process)
        raise
    return [URL(word) for word in output.decode().split() if "://" in word]


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(PATIENCE_S):
        await process.communicate()


@pytest.fixture
def data(tmp_path: Path, prepared: Path) -> Path:
    """Return a data directory with a record that has units, points and accounts."""
    shutil.copy(prepared, tmp_path / "diemcau.sqlite3")
    return tmp_path


@pytest.fixture
def _many_descriptors() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], min(4 * IDLE, before[1])), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("_many_descriptors")
async def test_connections_that_say_nothing_shut_nobody_out(data: Path) -> None:
    async with running(data, "prlimit", "--nofile=1024") as server:
        idle = [(await asyncio.open_connection("127.0.0.1", server.https.port))[1] for _ in range(IDLE)]
        async with asyncio.timeout(PATIENCE_S):
            assert (await server.login())[0] == 200
            async with aiohttp.ClientSession() as client, client.get(server.https / "healthz", ssl=False) as response:
                assert response.status == 200
        for writer in idle:
            writer.close()


async def test_sighup_renews_the_certificate_and_cuts_no_connection(data: Path) -> None:
    async with running(data) as server:
        socket = await server.socket(await server.signed_in("host", server.https))
        where = "127.0.0.1", server.https.port or 0
        first = await asyncio.to_thread(ssl.get_server_certificate, where)
        tls.context(data / "renewed", ("127.0.0.1",), datetime.now(UTC))
        for name in ("cert.pem", "key.pem"):
            shutil.copy(data / "renewed" / name, data / "tls" / name)
        server.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(PATIENCE_S):
            while (renewed := await asyncio.to_thread(ssl.get_server_certificate, where)) == first:
                await asyncio.sleep(0.02)
        assert renewed == (data / "renewed" / "cert.pem").read_text()
        assert (await socket.ask(type="ping"))["type"] == "pong"


async def test_a_password_that_the_command_line_sets_hangs_up_the_sockets_of_before(data: Path) -> None:
    async with running(data) as server:
        _, socket = await server.meeting()
        other = await server.socket(await server.signed_in("nhatrang"))
        await server.admin("set-password", "host")
        assert (await socket.type("bye"))["reason"] == "signed-out"
        assert await socket.closed() == 1000
        assert (await other.ask(type="ping"))["type"] == "pong"


async def test_sign_ins_are_refused_while_sqlite_is_locked_and_accepted_afterwards(data: Path) -> None:
    async with running(data) as server:
        _, socket = await server.meeting()
        other = sqlite3.connect(data / "diemcau.sqlite3", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert await server.login() == (503, "2", "unavailable")
        status, headers, parts = await server.get("/readyz")
        assert (status, headers["Retry-After"], parts["database"]) == (503, "2", False)
        assert (await socket.ask(type="layout", kind="2x2"))["type"] == "layout"
        other.execute("ROLLBACK")
        other.close()
        assert (await server.login())[0] == 200
        assert (await server.get("/readyz"))[0] == 200
        assert "Traceback" not in server.errors.read_text()


async def test_between_sigterm_and_its_end_nobody_is_let_in(data: Path) -> None:
    """Somebody else who writes keeps the server from its end meanwhile."""
    async with running(data) as server:
        session, host = await server.meeting()
        guest = await server.signed_in("nhatrang")
        idle = await server.socket(guest)
        other = sqlite3.connect(data / "diemcau.sqlite3", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        server.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            while (await server.get("/readyz"))[2]["status"] != "stopping":
                await asyncio.sleep(0.02)
        assert await server.login() == (503, "2", "shutting-down")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await guest.http.ws_connect("/ws")
        assert refused.value.status == 503
        assert (await idle.ask(type="join", code=session["code"], accepted=True))["error"] == "shutting-down"
        other.execute("ROLLBACK")
        other.close()
        assert (await host.type("bye"))["reason"] == "shutdown"


async def test_a_recorded_meeting_goes_to_a_worker_that_can_record_and_shows_it_once_it_does(data: Path) -> None:
    """Beside the server's own worker, which has more to do, there is one that does not see the folder."""
    async with running(data) as server:
        await server.meeting()
        key = (await server.admin("worker-key", "media-2")).split()[-1]
        stranger = await server.stack.enter_async_context(aiohttp.ClientSession(server.http))
        blind = await stranger.ws_connect(PATH, headers={"Authorization": f"Bearer {key}"})
        await blind.receive_json()
        await blind.send_json({**version.greeting(), "records": False})
        await blind.receive_json()
        await blind.send_json({"id": (await blind.receive_json())["id"], "result": {}})
        answering = asyncio.create_task(_answer_everything(blind))
        session, host = await server.meeting(recording=True)
        central, worker = await server.socket(await server.signed_in("central")), server.worker()
        os.kill(worker, signal.SIGSTOP)
        try:
            asking = asyncio.create_task(host.ask(type="record", on=True))
            joined = await central.ask(type="join", code=session["code"], accepted=True)
            assert (joined["type"], joined["recording"]["on"], asking.done()) == ("joined", False, False)
        finally:
            os.kill(worker, signal.SIGCONT)
        recording = await asking
        assert recording["on"] is True, recording
        (part,) = await (await server.signed_in("central")).get("/api/v1/recordings")
        assert (part["session"], part["state"]) == (session["id"], "recording")
        await blind.close()
        assert (await answering).count(session["id"]) == 0


async def test_a_meeting_stored_by_a_release_before_the_oldest_begins_anew_under_the_same_code(data: Path) -> None:
    """Whoever comes back by a resume token sits as at the beginning; the room of before is closed."""

    def kept_by_another_release() -> None:
        with closing(sqlite3.connect(data / "diemcau.sqlite3")) as record, record:
            record.execute("UPDATE conferences SET record = json_set(record, '$.version', -1)")

    async with running(data) as server:
        session, host = await server.meeting()
        guest = await server.socket(await server.signed_in("nhatrang"))
        before = await guest.ask(type="join", code=session["code"], accepted=True)
        await host.send(type="floor", seat=before["seat"], open=True)
        await guest.seat(before["seat"], floor=True)
        await server.restart(kept_by_another_release)
        log_text = server.errors.read_text()
        assert log_text.count(f"the meeting of session {session['id']} begins anew: version -1 was stored") == 1
        again = await server.socket(await server.signed_in("nhatrang"))
        joined = await again.ask(type="join", code=session["code"], resume=before["resume"], accepted=True)
        assert (joined["type"], joined["seat"] == before["seat"]) == ("joined", False)
        mine = next(row for row in joined["seats"] if row["seat"] == joined["seat"])
        assert (mine["floor"], mine["media"], len(joined["seats"])) == (False, "none", 2)
        (machine,) = await (await server.signed_in("central")).get("/api/v1/capacity/workers")
        assert [each["rooms"] for each in machine["workers"]] == [1]


async def _answer_everything(link: aiohttp.ClientWebSocketResponse) -> list[str]:
    """Be a media worker that says yes to everything; return which rooms it was asked to open."""
    rooms = []
    async for message in link:
        call = json.loads(message.data)
        if call["call"] == "open_room":
            rooms.append(call["arguments"]["room"])
        await link.send_json({"id": call["id"], "result": {}})
    return rooms


@pytest.mark.postgres
async def test_a_lost_postgresql_is_one_line_of_log_for_all_who_miss_it(
    tmp_path: Path, linked_postgres_url: str, postgres_server: PostgresServer
) -> None:
    link, name = tmp_path / "pg", linked_postgres_url.partition("@/")[2].partition("?")[0]
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    async with running(tmp_path, DIEMCAU_DATABASE_URL=linked_postgres_url) as server:
        await server.meeting()
        link.unlink()
        postgres_server.run("psql", "-h", str(postgres_server.directory), "-U", "postgres", "-c", end)
        for _ in range(20):
            assert await server.login() == (503, "2", "unavailable")
        async with asyncio.timeout(PATIENCE_S):
            while "x the lease" not in server.errors.read_text():
                await asyncio.sleep(0.1)
        link.symlink_to(postgres_server.directory)
        async with asyncio.timeout(PATIENCE_S):
            while (await server.login())[0] != 200:
                await asyncio.sleep(0.1)
        log_text = server.errors.read_text()
        counted = [log_text.count(each) for each in ("Traceback", "the database does not answer", "x the lease")]
        assert counted == [0, 1, 1], log_text
