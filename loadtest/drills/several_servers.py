"""Servers of a system behind HAProxy, with media workers that dial all of them.

Servers, workers, HAProxy and PostgreSQL are on machines of their own; the endpoints are on that of this process.
"""

import asyncio
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from loadtest.server import accounts, machines
from loadtest.server.machines import LOOPBACK, Machine
from loadtest.server.postgresql import PostgreSql, postgresql
from loadtest.server.process import ServerFailed, end_with_parent
from loadtest.time_limit import within
from signaling.app import secrets_file
from signaling.app.services import open_services, utc_now
from signaling.app.settings import read

HAPROXY = "/usr/sbin/haproxy"
SERVERS = ("one", "two")
MEDIA = "media-"
"""Beginning of the names of the machines of media workers."""
PORT, RELAY_PORT, HTTP_PORT = 8443, 8444, 8080
START_S, STOP_S = 120.0, 20.0
LOG_END = 2000
"""Characters of the end of a log in an error."""
CHECKOUT = Path(__file__).parents[2]
HAPROXY_CONFIG = CHECKOUT / "deploy" / "haproxy.cfg"


class Database(Protocol):
    """PostgreSQL on one machine or several."""

    @property
    def url(self) -> str:
        """The URL of an empty database."""
        ...


D = TypeVar("D", bound=Database)
Prepare = Callable[[Path], Mapping[str, str]]
"""Prepares a machine by its folder; returns the environment of its programs."""
READ_METRICS = (
    f"from urllib.request import urlopen; print(urlopen('http://{LOOPBACK}:{HTTP_PORT}/metrics').read().decode())"
)
"""They are told on the server's own machine alone."""


def unprepared(_: Path) -> Mapping[str, str]:
    """Leave a machine as it is."""
    return {}


class OneOfSeveral:
    """`diemcau serve` of a `checkout` as one of the servers of a system, started again after each end."""

    def __init__(self, machine: Machine, environ: Mapping[str, str], log: Path, checkout: Path = CHECKOUT) -> None:
        self.machine = machine
        self.environ = environ
        self._log = log
        self.checkout = checkout
        self._process: Process | None = None

    async def start(self) -> None:
        """Start it. Raises OSError."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.machine.command(sys.executable, "-m", "signaling", "serve"),
                cwd=self.checkout,
                env={**self.environ, "PYTHONPATH": str(self.checkout)},
                stdout=PIPE,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )

    async def until(self, text: bytes) -> float:
        """Wait until it has printed a text: `Ctrl-C` when it leads; return the monotonic time. Raises ServerFailed,
        TimeoutError."""
        assert self._process is not None
        assert self._process.stdout is not None
        async with within(START_S, lambda: f"{text.decode()!r} of the server {self.machine.name}; {self._said}"):
            async for line in self._process.stdout:
                if text in line:
                    return time.monotonic()
        raise ServerFailed(f"a server ended with {await self._process.wait()}; {self._said}")

    @property
    def _said(self) -> str:
        """The end of its log."""
        return f"its log ends with: {self._log.read_text()[-LOG_END:]}"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    async def ended(self) -> int:
        """Wait for its end; return the exit status. Raises TimeoutError."""
        assert self._process is not None
        async with within(START_S, lambda: f"the end of the server {self.machine.name}; {self._said}"):
            return await self._process.wait()

    async def stop(self) -> None:
        """Stop it as its operator does; kill it where it does not end."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


class SeveralServers(Generic[D]):
    """The servers of a system, the media workers that dial them, and the address at which people reach them."""

    def __init__(
        self,
        front: Machine,
        database: D,
        servers: Sequence[OneOfSeveral],
        folder: Path,
        prepare: Prepare = unprepared,
    ) -> None:
        self.front = front
        self.url = f"https://{front.address}"
        self.database = database
        self.servers = list(servers)
        self.folder = folder
        self._prepare = prepare
        self.media: dict[Machine, Process] = {}
        """The media worker of each machine that has one."""
        self.environ = servers[0].environ

    async def point_accounts(self, count: int) -> list[accounts.Login]:
        """Create the accounts of so many points."""
        return await accounts.create_point_accounts(self.environ, count)

    @property
    def leading(self) -> OneOfSeveral:
        """The server that leads: the first of the list."""
        return self.servers[0]

    async def succeed(self) -> float:
        """Wait until another server leads; return the monotonic time. Raises ServerFailed."""
        waiting = {asyncio.create_task(each.until(b"Ctrl-C")): each for each in self.servers[1:]}
        (first, *_), rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        self.servers.sort(key=lambda each: each is not waiting[first])
        return first.result()

    def workers(self) -> list[int]:
        """Return the process ids of the media workers that run."""
        return sorted(each.pid for each in self.media.values() if each.returncode is None)

    async def start_worker(self, machine: Machine, checkout: Path = CHECKOUT) -> None:
        """Start the media worker of a machine, which dials the servers with its key. Raises OSError."""
        urls = [f"https://{each.machine.address}:{PORT}/" for each in self.servers]
        key, authority = self.folder / f"{machine.name}.key", self.folder / SERVERS[0] / "tls" / "cert.pem"
        own = self._prepare(self.folder / machine.name)
        words = (sys.executable, "-m", "mediaserver", "--server", *urls, "--key-file", str(key))
        options = ("--authority", str(authority), "--address", machine.address, "--log-level", "INFO")
        with (self.folder / f"{machine.name}.log").open("wb") as log:
            self.media[machine] = await asyncio.create_subprocess_exec(
                *machine.command(*words, *options),
                cwd=checkout,
                env={**os.environ, **own, "PYTHONPATH": str(checkout)},
                stdout=DEVNULL,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )

    async def served(self, machine: Machine) -> None:
        """Wait until the media worker of a machine is served: its log says so. Raises TimeoutError."""
        log = self.folder / f"{machine.name}.log"
        async with within(
            START_S, lambda: f"a served media worker of {machine.name}; its log: {log.read_text()[-LOG_END:]}"
        ):
            while "= serving " not in log.read_text():  # noqa: ASYNC110 - its process sets no event
                await asyncio.sleep(0.1)

    async def metrics(self) -> dict[str, float]:
        """Return the metrics of the server that leads, by name and labels."""
        words = self.leading.machine.command(sys.executable, "-c", READ_METRICS)
        process = await asyncio.create_subprocess_exec(*words, stdout=PIPE)
        text, _ = await process.communicate()
        lines = [line.rpartition(" ") for line in text.decode().splitlines() if line and line[0] != "#"]
        return {name: float(value) for name, _, value in lines}

    async def end_workers(self) -> None:
        """Kill the media workers that still run."""
        for process in self.media.values():
            if process.returncode is None:
                process.kill()
            await process.wait()


def several_servers(
    workers: int, points: int, **settings: str
) -> AbstractAsyncContextManager[SeveralServers[PostgreSql]]:
    """Return two servers over a PostgreSQL on one machine, see :func:`over`."""
    return prepared(workers, points, settings, unprepared)


def prepared(
    workers: int, points: int, settings: Mapping[str, str], prepare: Prepare
) -> AbstractAsyncContextManager[SeveralServers[PostgreSql]]:
    """Return the same, with their folder prepared first."""
    return over(postgresql(machines.make("engine")), workers, points, settings, prepare)


@asynccontextmanager
async def over(
    engine: AbstractAsyncContextManager[D],
    workers: int,
    points: int,
    settings: Mapping[str, str],
    prepare: Prepare = unprepared,
) -> AsyncIterator[SeveralServers[D]]:
    """Yield two servers over one PostgreSQL database, of which the first leads; end all at the end."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="diemcau-drill-")))
        stack.callback(machines.unmount_below, folder)
        database = await stack.enter_async_context(engine)
        made = several(folder, SERVERS, database, points, settings, prepare)
        await start_servers(made, stack)
        media = [machines.make(f"{MEDIA}{number + 1}") for number in range(workers)]
        async with open_services(read(made.environ), migrating=False) as services:
            for machine in media:
                (folder / f"{machine.name}.key").write_text(await services.worker_keys.make(machine.name, utc_now()))
        stack.push_async_callback(made.end_workers)
        for machine in media:
            await made.start_worker(machine)
        for machine in media:
            await made.served(machine)
        yield made


def several(
    folder: Path,
    names: Sequence[str],
    database: D,
    points: int,
    settings: Mapping[str, str],
    prepare: Prepare = unprepared,
) -> SeveralServers[D]:
    """Make the machines of servers and of HAProxy; each server has a data directory in a folder, which holds the
    folder of all servers' files, too."""
    (folder / "files").mkdir()
    front, hosts = machines.make("front"), [machines.make(name) for name in names]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DIEMCAU_")}
    environ |= {
        "DIEMCAU_FILES": f"{folder}/files",
        "DIEMCAU_DATABASE_URL": database.url,
        "DIEMCAU_PORT": str(PORT),
        "DIEMCAU_HTTP_PORT": str(HTTP_PORT),
        "DIEMCAU_RELAY_FROM": ",".join(each.address for each in (front, *hosts)),
        "DIEMCAU_MAX_POINTS": str(max(250, 2 * points)),
        "DIEMCAU_WORKERS": "0",
        **settings,
    }
    servers = []
    for host in hosts:
        own = {
            **prepare(folder / host.name),
            "DIEMCAU_DATA": f"{folder}/{host.name}",
            "DIEMCAU_HOST": host.address,
            "DIEMCAU_RELAY": f"{host.address}:{RELAY_PORT}",
            "DIEMCAU_MEDIA_ADDRESS": host.address,
        }
        servers.append(OneOfSeveral(host, {**environ, **own}, folder / f"{host.name}.log"))
    return SeveralServers(front, database, servers, folder, prepare)


async def start_servers(made: SeveralServers[D], stack: AsyncExitStack) -> None:
    """Start the servers, of which the first leads, and HAProxy; the stack ends them. Raises ServerFailed."""
    first, *others = made.servers
    stack.push_async_callback(first.stop)
    await first.start()
    await first.until(b"Ctrl-C")
    secrets_file.save(read(first.environ), made.folder / "secrets")
    for each in others:
        secrets_file.load(read(each.environ), made.folder / "secrets")
        stack.push_async_callback(each.stop)
        await each.start()
        await each.until(b"Standing by")
    await stack.enter_async_context(_haproxy(made))


@asynccontextmanager
async def _haproxy(made: SeveralServers[D]) -> AsyncIterator[None]:
    """Run HAProxy before servers, with the example of `deploy` and their addresses."""
    config = made.folder / "haproxy.cfg"
    text, line, examples = HAPROXY_CONFIG.read_text().partition("    server one ")
    assert line and examples.count("\n    server ") == 1
    lines = [f"    server {each.machine.name} {each.environ['DIEMCAU_RELAY']}\n" for each in made.servers]
    config.write_text(f"{text}{''.join(lines)}")
    words = made.front.command(HAPROXY, "-db", "-f", str(config))
    process = await asyncio.create_subprocess_exec(*words, stdout=DEVNULL, stderr=DEVNULL, preexec_fn=end_with_parent)
    try:
        yield
    finally:
        process.kill()
        await process.wait()
