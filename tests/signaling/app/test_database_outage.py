"""A database refuses writes, or is gone: requests are answered in time, and everything goes on afterwards.

Also tests `health.py`, `signaling/core/outage_log.py` and `scheduler/core/lock_timeout.py`.
"""

import asyncio
import logging
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from scheduler.core import database
from scheduler.core.lock_timeout import lock_timeout
from signaling.app import readings
from signaling.app.settings import Settings
from signaling.core.outage_log import Outages, lost_part
from signaling.http import middleware
from tests.conftest import PostgresServer
from tests.signaling.request_bodies import registration
from tests.signaling.sqlite_lock import sqlite_locked
from tests.signaling.world import (
    ACCOUNTS,
    NHA_TRANG,
    PASSWORD,
    World,
    make_settings,
    open_world,
    problem_of,
    wait_for_reconnects,
)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "LOCK_SECONDS", 0.2)
    monkeypatch.setattr("signaling.meeting.websocket.LOCK_SECONDS", 0.2)
    monkeypatch.setattr(readings, "LOCK_SECONDS", 0.2)


async def signed_in(world: World, account: str = "host") -> tuple[int, str | None, str]:
    """Try to sign in; return status, `Retry-After` and the word of the problem."""
    async with world.client().post("/api/v1/login", json={"account": account, "password": PASSWORD}) as response:
        body = await response.json(content_type=None)
        return response.status, response.headers.get("Retry-After"), body.get("type", "")


def test_a_request_gets_a_response_within_five_seconds() -> None:
    assert (middleware.LOCK_SECONDS, readings.LOCK_SECONDS) == (4.0, 2.0)


@pytest.mark.usefixtures("_impatient")
async def test_writing_requests_get_503_while_another_writer_holds_the_turn_and_succeed_afterwards(
    world: World, settings: Settings
) -> None:
    session = await world.session(NHA_TRANG)
    host, socket = await world.signed_in("host"), await world.socket("nhatrang")
    async with sqlite_locked(settings.data / "diemcau.sqlite3"):
        async with asyncio.timeout(20):  # it was 30 s for each of those who wait for a connection, too
            logins = await asyncio.gather(*(signed_in(world, account) for account in [*ACCOUNTS] * 3))
        assert set(logins) == {(503, "2", "urn:diemcau:unavailable")}
        async with host.post("/api/v1/registrations", json=registration()) as response:
            assert (response.headers["Retry-After"], await problem_of(response)) == ("2", (503, "unavailable"))
        assert (await socket.ask(type="join", code=session.code, accepted=True))["error"] == "unavailable"
        async with host.get("/readyz") as response:
            assert (response.status, (await response.json())["database"]) == (503, False)
            assert response.headers["Retry-After"] == "2"
        async with host.get("/api/v1/me") as response:
            assert response.status == 200
    async with host.get("/readyz") as response:
        assert (response.status, (await response.json())["database"]) == (200, True)
    assert (await signed_in(world))[0] == 200
    async with host.post("/api/v1/registrations", json=registration()) as response:
        assert response.status == 201
    assert (await socket.ask(type="join", code=session.code, accepted=True))["type"] == "joined"


@pytest.mark.usefixtures("_impatient")
async def test_sessions_are_shown_without_codes_and_telephone_numbers_while_the_audit_log_cannot_be_written(
    world: World, settings: Settings
) -> None:
    session = await world.session(NHA_TRANG)
    client = await world.signed_in("nhatrang")
    shown = ("code", "contact_phone", "second_phone", "withheld")

    async def seen() -> list[list[object]]:
        async with client.get(f"/api/v1/sessions/{session.id}") as one, client.get("/api/v1/sessions") as listed:
            assert (one.status, listed.status) == (200, 200)
            found = [await one.json(), *await listed.json()]
        async with client.get("/api/v1/today") as response:
            assert response.status == 200
            slots = (await response.json())["slots"]
        return [
            *([each[name] for name in shown] for each in found),
            [[each["code"], each["withheld"]] for each in slots],
        ]

    async with sqlite_locked(settings.data / "diemcau.sqlite3"):
        assert await seen() == [[None, None, None, True]] * 2 + [[[None, True]]]
    whole = [session.code, session.contact_phone, session.second_phone, False]
    assert await seen() == [whole, whole, [[session.code, False]]]


@pytest.mark.usefixtures("_impatient")
async def test_a_request_that_finds_all_connections_taken_is_refused_in_time(world: World) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(15):  # five that stay and ten for a while are SQLAlchemy's own number
            await stack.enter_async_context(world.services.database.connect())
        async with asyncio.timeout(20):  # it was 30 s
            assert await signed_in(world) == (503, "2", "urn:diemcau:unavailable")
    assert (await signed_in(world))[0] == 200


@pytest.mark.usefixtures("_impatient")
async def test_a_socket_may_write_however_long_it_has_been_open(world: World, settings: Settings) -> None:
    """The patience of a request, or of a message, is none of what it began."""
    session = await world.session(NHA_TRANG)
    socket, _ = await world.join("host", session)
    async with sqlite_locked(settings.data / "diemcau.sqlite3"):
        assert (await socket.ask(type="report", kind="no-sound", text=""))["error"] == "unavailable"
    assert (await socket.ask(type="report", kind="no-sound", text=""))["type"] == "incident"
    await socket.send(type="leave")
    assert await socket.closed() is not None


@pytest.mark.usefixtures("_impatient")
async def test_that_a_socket_was_lost_is_noted_however_long_somebody_else_writes(
    world: World, settings: Settings
) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    guest, _ = await world.join("nhatrang", session)
    browser = await world.signed_in("host")
    async with sqlite_locked(settings.data / "diemcau.sqlite3"):
        await guest.socket.close()
        for _ in range(3):  # each waits as long as a request may
            async with browser.post("/api/v1/registrations", json=registration()) as response:
                assert await problem_of(response) == (503, "unavailable")
    await wait_for_reconnects(world, session.id, ["lost"])
    assert (await host.ask(type="ping"))["type"] == "pong"


@pytest.fixture
def postgres(tmp_path: Path, valkey_url: str, linked_postgres_url: str) -> Settings:
    """Return the settings of a server over PostgreSQL, which is found by the link `pg`."""
    return replace(make_settings(tmp_path, valkey_url), database_url=linked_postgres_url)


@pytest.mark.postgres
async def test_a_lost_database_is_503_and_comes_back(postgres: Settings, postgres_server: PostgresServer) -> None:
    name = postgres.database_url.partition("@/")[2].partition("?")[0]
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    link = postgres.data / "pg"
    async with open_world(postgres) as world:
        host = await world.signed_in("host")
        link.unlink()
        postgres_server.run("psql", "-h", str(postgres_server.directory), "-U", "postgres", "-c", end)
        assert [await signed_in(world) for _ in range(6)] == [(503, "2", "urn:diemcau:unavailable")] * 6
        async with host.get("/api/v1/me") as response:
            assert await problem_of(response) == (503, "unavailable")
        async with host.get("/readyz") as response:
            assert (response.status, (await response.json())["database"]) == (503, False)
        link.symlink_to(postgres_server.directory)
        assert (await signed_in(world))[0] == 200  # what failed for want of a database counts as no wrong password
        async with host.get("/readyz") as response:
            assert response.status == 200


@pytest.mark.postgres
@pytest.mark.usefixtures("_impatient")
async def test_a_writer_that_waits_for_its_turn_on_postgresql_gives_up_in_time(postgres: Settings) -> None:
    async with open_world(postgres) as world:
        host = await world.signed_in("host")
        async with database.writing(world.services.database), asyncio.timeout(20):
            async with host.post("/api/v1/registrations", json=registration()) as response:
                assert await problem_of(response) == (503, "unavailable")
            async with host.get("/readyz") as response:
                assert (response.status, (await response.json())["database"]) == (503, False)
        async with host.post("/api/v1/registrations", json=registration()) as response:
            assert response.status == 201


@asynccontextmanager
async def table_locked(settings: Settings, tables: str) -> AsyncIterator[None]:
    """Somebody else has tables for itself, as one has who changes their columns."""
    other = database.connect(settings.database_url)
    async with other.begin() as connection:
        await connection.execute(text(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))
        yield
    await other.dispose()


@pytest.mark.postgres
@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("tables", ["accounts", "logins", "sessions, slots", "audit"])
async def test_requests_are_refused_in_time_while_a_table_of_postgresql_is_locked(
    postgres: Settings, tables: str
) -> None:
    async with open_world(postgres) as world:
        session = await world.session(NHA_TRANG)
        host, socket = await world.signed_in("host"), await world.socket("nhatrang")
        async with table_locked(postgres, tables), asyncio.timeout(20):  # it was for ever
            if tables != "sessions, slots":
                logins = await asyncio.gather(*(signed_in(world, account) for account in [*ACCOUNTS] * 3))
                assert set(logins) == {(503, "2", "urn:diemcau:unavailable")}
            async with host.post("/api/v1/registrations", json=registration()) as response:
                assert await problem_of(response) == (503, "unavailable")
            if tables in {"sessions, slots", "audit"}:
                assert (await socket.ask(type="join", code=session.code, accepted=True))["error"] == "unavailable"
        assert (await signed_in(world))[0] == 200
        async with host.post("/api/v1/registrations", json=registration()) as response:
            assert response.status == 201
        socket = await world.socket("nhatrang")  # the first one was not read meanwhile, and may have missed a ping
        assert (await socket.ask(type="join", code=session.code, accepted=True))["type"] == "joined"


@pytest.mark.postgres
async def test_a_writer_out_of_time_waits_for_no_lock_of_postgresql(postgres: Settings) -> None:
    """No time at all would be for ever to PostgreSQL."""
    engine = database.connect(postgres.database_url)
    async with table_locked(postgres, "accounts"), asyncio.timeout(20):
        with lock_timeout(0.0), pytest.raises(DBAPIError, match="lock timeout"):
            async with engine.connect() as connection:
                await connection.execute(text("SELECT 1 FROM accounts"))
    await engine.dispose()


@pytest.mark.postgres
async def test_time_spent_waiting_for_the_turn_is_taken_off_the_time_for_a_lock(postgres: Settings) -> None:
    engine, began, waits = database.connect(postgres.database_url), asyncio.Event(), "SELECT 1 FROM pg_locks"
    shown: list[str] = []

    async def write() -> None:
        with lock_timeout(10.0):
            began.set()
            async with database.writing(engine) as connection:
                shown.append(str(await connection.scalar(text("SHOW lock_timeout"))))

    async with database.writing(engine) as connection:
        writing = asyncio.create_task(write())
        await began.wait()
        while await connection.scalar(text(f"{waits} WHERE NOT granted AND locktype = 'advisory'")) is None:
            await asyncio.sleep(0.01)
        since = time.monotonic()
        while time.monotonic() - since < 0.3:
            await asyncio.sleep(0.05)
    await writing
    async with engine.connect() as connection:
        shown.append(str(await connection.scalar(text("SHOW lock_timeout"))))
    assert (shown[0].removesuffix("ms").isdecimal(), shown[0] != "10s", shown[1]) == (True, True, "30s")
    await engine.dispose()


@pytest.mark.postgres
async def test_recordings_are_listed_a_page_at_a_time_from_postgresql(postgres: Settings) -> None:
    async with open_world(postgres) as world:
        made: list[str] = []
        for hours in range(3):
            session = await world.session(NHA_TRANG, start=timedelta(hours=3 * hours))
            made.insert(0, session.id)
            await world.server.recordings.begin(session.id, "Họp", ("UBND.Khanh Hoa", "56"), world.clock())
            world.clock.advance(60)
        for account in ("host", "central", "nhatrang"):
            client = await world.signed_in(account)
            world.clock.advance(4 * 3600)
            async with client.get(f"/api/v1/recordings?limit=2&after={made[0]}") as response:
                assert [each["session"] for each in await response.json()] == made[1:]


class LogLines(logging.Handler):
    """Keeps log records as text that pass the product's filter of outages."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self.addFilter(Outages(clock))
        self.text: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.text.append(self.format(record))


def test_a_lost_database_is_told_in_one_line_a_minute() -> None:
    now = [0.0]
    handler, log = LogLines(lambda: now[0]), logging.Logger("loop")
    log.addHandler(handler)
    gone, bug = OperationalError("SELECT 1", {}, ConnectionRefusedError(111, "refused")), ValueError("ours")

    def fails(error: Exception, text: str) -> None:
        try:
            raise error
        except Exception:
            log.exception(text)

    for _ in range(500):
        fails(gone, "x duty uptime")
        fails(RedisConnectionError("no"), "x message")
    now[0] = 59.9
    fails(gone, "x duty uptime")
    now[0] = 60.0
    fails(gone, "x duty calls")
    assert handler.text == [
        "x the database does not answer: [Errno 111] refused; x duty uptime",
        "x the Valkey does not answer: no; x message",
        "x the database does not answer: [Errno 111] refused; x duty calls (and 500 not told)",
    ]
    fails(bug, "x duty calls")
    assert handler.text[3].startswith("x duty calls\nTraceback")


def sqlite_error(code: int) -> OperationalError:
    """Return an error of SQLite with a code."""
    error = sqlite3.OperationalError("said so")
    error.sqlite_errorcode = code
    return OperationalError("UPDATE", {}, error)


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (PoolTimeoutError("no connection was free"), "database"),
        (InterfaceError("SELECT", {}, Exception("connection is closed")), "database"),
        (DBAPIError("SELECT", {}, Exception("terminating connection due to administrator command")), "database"),
        (sqlite_error(sqlite3.SQLITE_BUSY), "database"),
        (sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT), "database"),
        (sqlite_error(sqlite3.SQLITE_IOERR_WRITE), "database"),
        (sqlite_error(sqlite3.SQLITE_FULL), "database"),
        (sqlite_error(sqlite3.SQLITE_ERROR), None),  # as for a table that there is not
        (IntegrityError("INSERT", {}, Exception("UNIQUE")), None),
        (ProgrammingError("SELECT", {}, Exception("syntax")), None),
        (RedisConnectionError("no"), "Valkey"),
        (RedisTimeoutError("late"), "Valkey"),
        (ValueError("ours"), None),
    ],
)
def test_a_lost_database_is_recognised_by_its_error(error: Exception, part: str | None) -> None:
    assert lost_part(error) == part


def test_a_database_that_is_not_there_is_one_line_at_the_start(tmp_path: Path) -> None:
    variables = {"DIEMCAU_DATA": str(tmp_path), "DIEMCAU_DATABASE_URL": f"postgresql://x@/x?host={tmp_path}/nowhere"}
    command = [sys.executable, "-m", "signaling", "admin", "list-accounts"]
    ended = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    message = "diemcau: the database does not answer: [Errno 2] No such file or directory\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", message)
