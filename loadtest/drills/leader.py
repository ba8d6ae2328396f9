"""Two servers of a system behind HAProxy, with media workers that dial both; the one that leads is killed, or hangs."""

import asyncio
import os
import signal
import socket
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from loadtest.drills.drill import Drill
from loadtest.server import accounts
from loadtest.server.postgresql import postgresql
from loadtest.server.process import ServerFailed, free_port
from signaling.app import secrets_file
from signaling.app.services import open_services, utc_now
from signaling.app.settings import read

LOOPBACK = "127.0.0.1"
HAPROXY = "/usr/sbin/haproxy"
START_S = 120.0
SUCCEEDED_STATUS = 1
"""Exit status of a server that another one has succeeded."""
CHECKOUT = Path(__file__).parents[2]
HAPROXY_CONFIG = CHECKOUT / "deploy" / "haproxy.cfg"

Reach = Callable[[str], AbstractAsyncContextManager[str]]
"""Makes a server's way to the database with this URL, and yields the URL that leads there by it."""


class OneOfSeveral:
    """`diemcau serve` of a `checkout` as one of the servers of a system, started again after each end."""

    def __init__(self, environ: Mapping[str, str], log: Path, checkout: Path = CHECKOUT) -> None:
        self.environ = environ
        self._log = log
        self.checkout = checkout
        self._process: Process | None = None

    async def start(self) -> None:
        """Start it. Raises OSError."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "signaling", "serve"),
                cwd=self.checkout,
                env={**self.environ, "PYTHONPATH": str(self.checkout)},
                stdout=PIPE,
                stderr=log,
                start_new_session=True,
            )

    async def until(self, text: bytes) -> float:
        """Wait until it has printed a text: `Ctrl-C` when it leads; return the monotonic time. Raises ServerFailed."""
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(START_S):
            async for line in self._process.stdout:
                if text in line:
                    return time.monotonic()
        raise ServerFailed(f"a server ended with {await self._process.wait()}: {self._log.read_text()[-2000:]}")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    async def ended(self) -> int:
        """Wait for its end; return the exit status."""
        assert self._process is not None
        async with asyncio.timeout(START_S):
            return await self._process.wait()

    async def stop(self) -> None:
        """Stop it as its operator does."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            await self._process.wait()


class SeveralServers:
    """The servers of a system, the media workers that dial them, and the address at which people reach them."""

    def __init__(self, url: str, servers: list[OneOfSeveral]) -> None:
        self.url = url
        self.servers = servers
        self.media: list[Process] = []
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
        return sorted(each.pid for each in self.media if each.returncode is None)


@asynccontextmanager
async def several_servers(
    workers: int,
    points: int,
    reach: Reach = nullcontext,
    engine: Callable[[], AbstractAsyncContextManager[str]] = postgresql,
    **settings: str,
) -> AsyncIterator[SeveralServers]:
    """Yield two servers on loopback over one PostgreSQL database, of which the first leads; end all at the end.

    `engine` starts PostgreSQL and yields the URL of an empty database.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="diemcau-drill-")))
        database = await stack.enter_async_context(engine())
        (folder / "files").mkdir()
        urls = {name: await stack.enter_async_context(reach(database)) for name in ("one", "two")}
        servers = [one_server(folder, name, url, points, settings) for name, url in urls.items()]
        first, second = servers
        stack.push_async_callback(second.stop)
        stack.push_async_callback(first.stop)
        await first.start()
        await first.until(b"Ctrl-C")
        secrets_file.save(read(first.environ), folder / "secrets")
        secrets_file.load(read(second.environ), folder / "secrets")
        await second.start()
        await second.until(b"Standing by")
        front = f"{LOOPBACK}:{free_port(socket.SOCK_STREAM)}"
        await stack.enter_async_context(haproxy(folder, front, servers))
        made = SeveralServers(f"https://{front}", servers)
        key = folder / "worker.key"
        async with open_services(read(first.environ), migrating=False) as services:
            key.write_text(await services.worker_keys.make("media", utc_now()))
        for _ in range(workers):
            made.media.append(await start_worker(folder, servers, key))
        stack.push_async_callback(end, made.media)
        await _until_dialled(made, workers)
        yield made


def one_server(folder: Path, name: str, database: str, points: int, settings: Mapping[str, str]) -> OneOfSeveral:
    """Return a server with a data directory in a folder, which holds the folder of all servers' files, too."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DIEMCAU_")}
    environ |= {
        "DIEMCAU_DATA": f"{folder}/{name}",
        "DIEMCAU_FILES": f"{folder}/files",
        "DIEMCAU_DATABASE_URL": database,
        "DIEMCAU_HOST": LOOPBACK,
        "DIEMCAU_PORT": str(free_port(socket.SOCK_STREAM)),
        "DIEMCAU_HTTP_PORT": "0",
        "DIEMCAU_RELAY": f"{LOOPBACK}:{free_port(socket.SOCK_STREAM)}",
        "DIEMCAU_RELAY_FROM": LOOPBACK,
        "DIEMCAU_MEDIA_ADDRESS": LOOPBACK,
        "DIEMCAU_MAX_POINTS": str(max(250, 2 * points)),
        "DIEMCAU_WORKERS": "0",
    }
    return OneOfSeveral({**environ, **settings}, folder / f"{name}.log")


@asynccontextmanager
async def haproxy(folder: Path, front: str, servers: list[OneOfSeveral]) -> AsyncIterator[None]:
    """Run HAProxy before servers, with the example of `deploy` and their addresses."""
    config = folder / "haproxy.cfg"
    begin, bind, rest = HAPROXY_CONFIG.read_text().partition("bind :443")
    rest, line, examples = rest.partition("    server one ")
    assert bind and line and examples.count("\n    server ") == 1
    lines = [f"    server {number} {each.environ['DIEMCAU_RELAY']}\n" for number, each in enumerate(servers)]
    config.write_text(f"{begin}bind {front}{rest}{''.join(lines)}")
    process = await asyncio.create_subprocess_exec(HAPROXY, "-db", "-f", str(config), stdout=DEVNULL, stderr=DEVNULL)
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def start_worker(folder: Path, servers: list[OneOfSeveral], key: Path, checkout: Path = CHECKOUT) -> Process:
    """Start a media worker that dials servers with a key. Raises OSError."""
    urls = [f"https://{LOOPBACK}:{each.environ['DIEMCAU_PORT']}/" for each in servers]
    authority = f"{folder}/one/tls/cert.pem"
    with (folder / "media.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "mediaserver", "--server", *urls, "--key-file", str(key)),
            *("--authority", authority, "--port", "0", "--address", LOOPBACK, "--log-level", "INFO"),
            cwd=checkout,
            env={**os.environ, "PYTHONPATH": str(checkout)},
            stdout=DEVNULL,
            stderr=log,
            start_new_session=True,
        )


async def end(processes: list[Process]) -> None:
    """Kill processes that still run."""
    for process in processes:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _until_dialled(made: SeveralServers, workers: int) -> None:
    """Wait until all workers are served: each is told of in the log of workers."""
    log = Path(made.environ["DIEMCAU_DATA"]).parent / "media.log"
    async with asyncio.timeout(START_S):
        while log.read_text().count("= serving ") < workers:  # noqa: ASYNC110 - their processes set no event
            await asyncio.sleep(0.1)


async def kill(drill: Drill[SeveralServers]) -> dict[str, Any]:
    """Kill the server that leads (kill -9); the other one succeeds it. The dead one is started, and stands by."""
    servers = drill.server
    dead, began = servers.leading, time.monotonic()
    dead.signal(signal.SIGKILL)
    await dead.ended()
    leads = await servers.succeed()
    obeys = await drill.obeyed(began)
    await dead.start()
    await dead.until(b"Standing by")
    return {"leads_s": [leads - began], "obeys_s": obeys}


async def hang(drill: Drill[SeveralServers]) -> dict[str, Any]:
    """Stop the server that leads (SIGSTOP) until another one does; then let it go on: it ends, and is started again.

    Each host takes a floor meanwhile, which the server that hangs would still do. Raises ServerFailed.
    """
    servers = drill.server
    hung, began = servers.leading, time.monotonic()
    hung.signal(signal.SIGSTOP)
    asked = [(meeting, meeting.participants[1].seat) for meeting in drill.meetings]  # of whom nothing else is asked
    before = [meeting.host.seats[seat]["floor"] for meeting, seat in asked]
    for (meeting, seat), is_open in zip(asked, before, strict=True):
        await meeting.host.send("floor", seat=seat, open=not is_open)
    leads = await servers.succeed()
    obeys = await drill.obeyed(began)
    hung.signal(signal.SIGCONT)
    goes_on = time.monotonic()
    if (status := await hung.ended()) != SUCCEEDED_STATUS:
        raise ServerFailed(f"a server that was succeeded ended with {status}")
    ended = time.monotonic() - goes_on
    await hung.start()
    await hung.until(b"Standing by")
    await drill.obeyed(time.monotonic())
    after = [meeting.host.seats[seat]["floor"] for meeting, seat in asked]
    return {
        "leads_s": [leads - began],
        "obeys_s": obeys,
        "ended_s": [ended],
        "stale_commands": sum(now != then for now, then in zip(after, before, strict=True)),
    }
