"""Runs `diemcau serve` as a child process, reads its URL from its output, and stops it at the end."""

import asyncio
import ctypes
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from loadtest.progress import PrintLine
from loadtest.server.ports import free_port, worker_ports
from loadtest.time_limit import within

START_S = 60.0
STOP_S = 20.0
_LIBC = ctypes.CDLL(None)
_URL = re.compile(r"http://\S+")


class ServerFailed(Exception):
    """The server ended before it listened."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its plain HTTP link on this machine, its process, and the environment it was started with.

    `ended` is done, with the exit code, when the process has ended.
    """

    url: str
    pid: int
    environ: Mapping[str, str]
    ended: "asyncio.Task[int]"


def end_with_parent() -> None:
    """Have the kernel ask a child process to end when this one is gone, however it ended.

    1 is PR_SET_PDEATHSIG, prctl(2).
    """
    _LIBC.prctl(1, signal.SIGTERM)


@asynccontextmanager
async def serve(environ: Mapping[str, str], print_line: PrintLine) -> AsyncIterator[Server]:
    """Run a server with these settings; `print_line` receives its output. Raises ServerFailed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "signaling", "serve"),
        env=dict(environ),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C reaches this process alone, so endpoints leave before the server ends
        preexec_fn=end_with_parent,
    )
    drain: asyncio.Task[None] | None = None
    try:
        async with within(START_S, "a server that listens"):
            url = await _read_url(process, print_line)
        assert process.stdout is not None
        drain = asyncio.ensure_future(_drain(process.stdout, print_line))
        yield Server(url, process.pid, environ, asyncio.ensure_future(process.wait()))
    finally:
        await _stop(process)
        if drain is not None:
            await drain


async def _read_url(process: asyncio.subprocess.Process, print_line: PrintLine) -> str:
    """Wait until the server listens; return the http URL that it printed. Raises ServerFailed."""
    assert process.stdout is not None
    url = ""
    async for line in process.stdout:
        text = line.decode("utf-8", "replace").rstrip()
        print_line(text)
        if (found := _URL.search(text)) is not None:
            url = found.group().rstrip("/")
        if url and text.startswith("Ctrl-C"):
            return url
    raise ServerFailed(f"the server ended with {await process.wait()}")


async def _drain(stdout: asyncio.StreamReader, print_line: PrintLine) -> None:
    async for line in stdout:
        print_line(line.decode("utf-8", "replace").rstrip())


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


@asynccontextmanager
async def temporary_server(points: int, print_line: PrintLine, **settings: str) -> AsyncIterator[Server]:
    """Run a server on loopback with an empty database in a temporary directory, rated for so many points.

    `settings` (``DIEMCAU_…``) override those that are chosen here and those of the environment.
    """
    with tempfile.TemporaryDirectory(prefix="diemcau-loadtest-") as directory:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("DIEMCAU_")}
        environ |= {
            "DIEMCAU_DATA": directory,
            "DIEMCAU_HOST": "127.0.0.1",
            "DIEMCAU_PORT": str(free_port()),
            "DIEMCAU_HTTP_PORT": str(free_port()),
            "DIEMCAU_MEDIA_PORT": str(worker_ports()),
            "DIEMCAU_MEDIA_ADDRESS": "127.0.0.1",
            "DIEMCAU_MAX_POINTS": str(max(250, 2 * points)),
        }
        environ |= {name: os.environ[name] for name in ("DIEMCAU_WORKERS", "DIEMCAU_LOG") if name in os.environ}
        environ |= settings
        async with serve(environ, print_line) as server:
            yield server
