"""Fixtures: a server over a real SQLite file and a real Valkey, with a scripted clock and media engine."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from signaling.app.periodic_jobs import PeriodicJobs
from signaling.app.settings import Settings
from signaling.cascade.booking import CascadeBooking
from signaling.cascade.channel import CascadeChannel
from signaling.core.valkey_binary import server_program
from signaling.meeting import manager, websocket
from signaling.recording import composing_queue, remux_queue
from signaling.workers import supervisor
from signaling.workers.pool import WorkerPool
from tests.conftest import PostgresServer
from tests.signaling.supervised_workers import WORKER, StartWorkers, dial_worker
from tests.signaling.world import World, make_settings, open_world, prepare_record


@pytest.fixture(autouse=True)
def _own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes when a test says so (`World.tick`), not also by itself in between; a socket that a test does not read
    for long, on a busy machine, is not silent."""
    monkeypatch.setattr(manager, "TICK_SECONDS", 3600.0)
    monkeypatch.setattr(websocket, "PING_SECONDS", 3600.0)


@pytest.fixture(autouse=True)
def _no_first_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Periodic jobs run when a test says so: their first round would be half the cost of a server that starts."""
    monkeypatch.setattr(PeriodicJobs, "start", lambda _: None)
    monkeypatch.setattr(CascadeBooking, "start", lambda _: None)
    monkeypatch.setattr(CascadeChannel, "start", lambda _: None)


@pytest.fixture(autouse=True)
def _usual_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are made as fast as a busy machine can, not when it is idle."""
    for queue, module in ((remux_queue, "remuxer"), (composing_queue, "track_composer")):
        code = (
            f"import sys; from mediaserver.recording import priority, {module};"
            f"priority.lower = priority.lower_to_idle = lambda: None; sys.exit({module}.main())"
        )
        monkeypatch.setattr(queue, "COMMAND", (sys.executable, "-c", code))


@pytest.fixture(autouse=True)
def _no_faults(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test in which the meeting manager survived an exception of our own, unless it is marked `faults`."""
    yield
    logged = [
        each.exc_info[1] for each in caplog.get_records("call") if each.name == manager.__name__ and each.exc_info
    ]
    ours = [error for error in logged if not isinstance(error, SQLAlchemyError | RedisError | OSError)]
    assert ours == [] or request.node.get_closest_marker("faults")


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """URL of an embedded Valkey that all tests share, one after the other."""
    directory = tempfile.mkdtemp(prefix="diemcau-valkey-")
    path = f"{directory}/valkey.sock"
    process = subprocess.Popen(
        [
            server_program(),
            "--port",
            "0",
            "--unixsocket",
            path,
            "--save",
            "",
            "--dir",
            directory,
            "--loglevel",
            "nothing",
        ],
        stdout=subprocess.DEVNULL,
    )
    client = redis.Redis(unix_socket_path=path)
    while True:
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.02)
    client.close()
    yield f"unix://{path}"
    process.terminate()
    process.wait()
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with tables, the units of Khánh Hòa and the tests' accounts; tests open copies of it."""
    directory = tmp_path_factory.mktemp("prepared")
    prepare_record(make_settings(directory, None))
    return directory / "diemcau.sqlite3"


@pytest.fixture(scope="session")
def prepared_database(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[str]:
    """Name of a PostgreSQL database with the same content, to be copied."""
    settings = make_settings(tmp_path_factory.mktemp("prepared"), None)
    with postgres_server.database() as name:
        prepare_record(replace(settings, database_url=postgres_server.url(name)))
        yield name


@pytest.fixture
def linked_postgres_url(tmp_path: Path, postgres_server: PostgresServer, prepared_database: str) -> Iterator[str]:
    """URL of a prepared PostgreSQL database, which is found by the link `pg`."""
    (tmp_path / "pg").symlink_to(postgres_server.directory)
    with postgres_server.database(prepared_database) as name:
        yield f"postgresql://postgres@/{name}?host={tmp_path / 'pg'}"


@pytest.fixture
def settings(tmp_path: Path, prepared: Path, valkey_url: str) -> Settings:
    """Return the settings of a server of its own."""
    shutil.copy(prepared, tmp_path / "diemcau.sqlite3")
    client = redis.Redis.from_url(valkey_url)
    client.flushall()
    client.close()
    return make_settings(tmp_path, valkey_url)


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """Yield a served server."""
    async with open_world(settings) as opened:
        yield opened


@pytest.fixture
async def start_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StartWorkers]:
    """Return a function that starts so many supervised workers which behave in one way of `worker_process.py`."""
    monkeypatch.setattr(supervisor, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(supervisor, "SILENT_SECONDS", 1.0)
    monkeypatch.setattr(supervisor, "BACKOFF_SECONDS", (0.01,))
    started = []

    async def run(manner: str, count: int) -> tuple[supervisor.Supervisor, WorkerPool]:
        workers = WorkerPool()
        made = supervisor.Supervisor(
            workers, count, tmp_path / "run", lambda _, path: [sys.executable, WORKER, manner, str(path)], dial_worker
        )
        started.append(made)
        await made.start()
        return made, workers

    yield run
    for each in started:
        await each.stop()
