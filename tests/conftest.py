"""Real parts for every test: a fresh SQLite file, a fresh database in a throw-away PostgreSQL server."""

import gc
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

MEMORY_BYTES = 1 << 30
"""Room in memory that is enough for a PostgreSQL server of each worker: a server takes 65 MB."""
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no fault of the code: neither an example nor making them has a time limit."""
settings.register_profile("untimed", UNTIMED)
# Any failure will do, and the search ends at the first: a fault that hides is given twenty times the usual histories.
settings.register_profile("mutants", UNTIMED, phases=[Phase.generate], derandomize=True, max_examples=2000)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--plain`, which runs the tests as where nothing could be compiled."""
    parser.addoption("--plain", action="store_true")


def pytest_configure(config: pytest.Config) -> None:
    """Let importing the compiled modules fail."""
    if config.getoption("--plain"):
        for module in ("mediaserver._packet_io", "mediaserver._mix"):
            sys.modules[module] = None  # type: ignore[assignment]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while modules are imported and tests collected: nearly all of that stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Leave modules and tests, which live as long as the process, out of garbage collection: it took a fifth of all."""
    gc.collect()
    gc.freeze()
    if (database := sys.modules.get("scheduler.core.database")) is not None:
        _hurry(database)


def _hurry(database: Any) -> None:
    """Let the engines of all tests share compiled statements, and SQLite wait for no disk: no test stops its machine.

    A server of a test compiles some fifty statements, and commits dozens of times, each of which took 20 ms.
    """
    create, statements = database.create_async_engine, Statements()

    def create_engine(url: str, *, execution_options: dict[str, object], **options: object) -> object:
        return create(url, execution_options={**execution_options, "compiled_cache": statements}, **options)

    database.create_async_engine = create_engine
    database.SYNCHRONOUS = "OFF"


class Statements(dict[tuple[Any, ...], object]):
    """Compiled statements by all that SQLAlchemy looks them up by, and by the name of the dialect for its object."""

    def get(self, key: tuple[Any, ...], default: object = None) -> Any:
        """Return a compiled statement."""
        dialect, *rest = key
        return super().get((dialect.name, *rest), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: object) -> None:
        dialect, *rest = key
        super().__setitem__((dialect.name, *rest), compiled)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'diemcau.db'}"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A PostgreSQL server of our own, reachable only through a socket in `directory`."""

    binaries: Path
    directory: Path

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """Create a database, as a copy of `template`; yield its name, and drop it."""
        name = f"t{uuid.uuid4().hex}"
        self.run("createdb", "-h", str(self.directory), "-T", template, name)
        yield name
        self.run("dropdb", "-h", str(self.directory), "--force", name)

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://postgres@/{database}?host={self.directory}"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the user that owns the server: it refuses to run as root."""
        user = "postgres" if os.getuid() == 0 else None
        groups: list[int] | None = [] if user else None
        subprocess.run(
            [self.binaries / program, *arguments],
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=groups,
            cwd=self.directory,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        pytest.fail("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


def _memory() -> Path | None:
    """Return a directory in memory, where a database is copied in a third of the time; None if it has no room."""
    memory = Path("/dev/shm")
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > MEMORY_BYTES
    return memory if roomy else None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start a PostgreSQL server on a socket of its own; it ends with the tests."""
    directory = Path(tempfile.mkdtemp(prefix="diemcau-pg-", dir=_memory()))  # not below pytest's: only root may enter
    server = PostgresServer(_binaries(), directory)
    try:
        if os.getuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        data, log = str(directory / "data"), str(directory / "log")
        server.run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        options = f"-k {directory} -c listen_addresses='' -c fsync=off -c max_connections=100"
        server.run("pg_ctl", "start", "-D", data, "-l", log, "-w", "-o", options)
        try:
            yield server
        finally:
            server.run("pg_ctl", "stop", "-D", data, "-m", "immediate", "-w")
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """URL of an empty PostgreSQL database."""
    with postgres_server.database() as name:
        yield postgres_server.url(name)
