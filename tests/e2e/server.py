"""Runs a real server, started from the command line and stopped by Ctrl-C."""

import asyncio
import gc
import json
import os
import re
import signal
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from mediaserver.captions import scripted
from signaling.app import admin_cli
from signaling.app.settings import read

IPV6 = bool(os.environ.get("DIEMCAU_TEST_IPV6"))
"""Whether there is no IPv4 (`netns.sh --ipv6`)."""
LAN = "fd00:99::1" if IPV6 else "10.99.0.1"
"""The fake LAN card of `netns.sh`."""
MEDIA_PORT = 40000 + 1000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""The default media port; each server needs its own, and so does each worker of pytest-xdist."""
PAGES = r"(https://localhost:\d+/)" if IPV6 else r"(http://localhost:\d+/)"
"""The address of the pages as the server prints it. By IPv6 alone they are fetched by TLS from the LAN card: Firefox
gathers no candidates for a page of `::1`."""
END_S = 60.0
"""Bounds the end of a server, which takes a second or two at rest."""
SIP = "::1" if IPV6 else "127.0.0.1", MEDIA_PORT + 500
"""Address of the SIP gateway."""

T = TypeVar("T")


@dataclass
class Server:
    """A running server. `http` is the address of its pages, `accounts` are passwords by account."""

    data: Path
    process: subprocess.Popen[str]
    http: str
    admin_password: str
    start: Callable[[], subprocess.Popen[str]]
    accounts: dict[str, str] = field(default_factory=dict)

    def create(self, account: str, *arguments: str) -> str:
        """Create an account by the command line and return its name."""
        out = admin(self.data, "create-account", account, *arguments)
        name, password = out.strip().split("\t")
        self.accounts[name] = password
        return name

    def media_workers(self) -> list[int]:
        """Return the process ids of its media workers."""
        return media_workers(self.data)

    def restart(self) -> None:
        """Kill the server and start another one on the same data."""
        self.kill()
        self.start_again()

    def kill(self) -> None:
        """Kill the server; its media workers go on for a while."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def start_again(self) -> None:
        """Start another server on the same data."""
        self.process = self.start()
        _wait_until_started(self.data, self.process)


def environment(data: Path) -> dict[str, str]:
    """Return the settings of a server on `data`."""
    return {
        **os.environ,
        "DIEMCAU_MAX_SESSIONS": "100",  # each test books a session for an hour
        "DIEMCAU_DATA": str(data),
        "DIEMCAU_PORT": "0",
        "DIEMCAU_HTTP_PORT": "0",
        "DIEMCAU_MEDIA_ADDRESS": LAN,
        "DIEMCAU_RTP_PORTS": f"{MEDIA_PORT + 800}-{MEDIA_PORT + 999}",  # none that another server has yet to bind
        "DIEMCAU_LOG": "INFO",
    }


def admin(data: Path, *arguments: str) -> str:
    """Run an administrator's command; return what it prints.

    It runs in a thread of this process, since each process of its own spends three seconds of CPU on its imports.
    """
    parser = ArgumentParser()
    admin_cli.add_arguments(parser)
    command = admin_cli.run(read(environment(data)), parser.parse_args(arguments))
    printed = StringIO()
    with redirect_stdout(printed):
        run_beside(command)
    return printed.getvalue()


def run_beside(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread, since Playwright's loop runs in this one; return its result.

    Garbage is collected before: of a page that was closed with a route under way, the collector ends the coroutine of
    Playwright, which then makes a task in the loop of whichever thread it is in, and that task never ends.
    """
    gc.collect()
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@contextmanager
def running(
    data: Path, media_port: int = MEDIA_PORT, http_port: int = 0, *, sip: bool = False, said: object = None
) -> Iterator[Server]:
    """Start a server on `data`, with a SIP gateway at :data:`SIP` if wanted; end it by Ctrl-C afterwards and check its
    exit code.

    Captions say what is `said`, a script as of :mod:`mediaserver.captions.scripted`; without one there are none.
    """
    log = (data.parent / f"{data.name}.log").open("w")
    ports = {"DIEMCAU_MEDIA_PORT": str(media_port), "DIEMCAU_HTTP_PORT": str(http_port)}
    if sip:
        ports |= {"DIEMCAU_SIP_HOST": SIP[0], "DIEMCAU_SIP_PORT": str(SIP[1])}
    if said is not None:
        script = data.parent / f"{data.name}-asr" / scripted.FILE
        script.parent.mkdir()
        script.write_text(json.dumps(said), encoding="utf-8")
        ports |= {"DIEMCAU_ASR_MODEL": str(script.parent)}

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "signaling", "serve"],
            env={**environment(data), **ports},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )

    process = start()
    server = Server(data, process, *_wait_until_started(data, process), start)
    try:
        yield server
    finally:
        process = server.process
        process.send_signal(signal.SIGINT)
        code = process.wait(END_S)
        log.close()
        assert process.stdout is not None
        process.stdout.close()
        print(Path(log.name).read_text()[-20_000:])
    assert code == 0


def media_workers(data: Path) -> list[int]:
    """Return the process ids of the media workers of a data directory, whichever server started them."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            command = (entry / "cmdline").read_bytes() if entry.name.isdecimal() else b""
            if b"mediaserver\0--socket" in command and f"{data}/".encode() in command:
                found.append(int(entry.name))
    return sorted(found)


def _wait_until_started(data: Path, process: subprocess.Popen[str]) -> tuple[str, str]:
    assert process.stdout is not None
    http = password = ""
    for line in process.stdout:
        http = _first_group(PAGES, line).replace("https://localhost", f"https://[{LAN}]") or http
        password = _first_group(r"one-time password (\S+)", line) or password
        if "Ctrl-C" in line:
            return http, password
    raise AssertionError(f"the server ended with {process.wait()}")


def _first_group(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match.group(1) if match else ""
