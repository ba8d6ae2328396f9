"""A real server of one's own: started as a newcomer would, stopped by Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

LAN = "10.99.0.1"
"""The fake LAN card of `netns.sh`."""
MEDIA_PORT = 40000 + 1000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""Where a server's media goes unless told otherwise; two servers need two, and two tests at a time."""


@dataclass
class Server:
    """A running server. `http` is its loopback link, `accounts` are the passwords of those made so far."""

    data: Path
    process: subprocess.Popen[str]
    http: str
    admin_password: str
    accounts: dict[str, str] = field(default_factory=dict)

    def create(self, account: str, *arguments: str) -> str:
        """Create an account by the command line; returns its name."""
        out = admin(self.data, "create-account", account, *arguments)
        name, password = out.strip().split("\t")
        self.accounts[name] = password
        return name

    def media_workers(self) -> list[int]:
        """The process ids of its media workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children if b"mediaserver" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _environment(data: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DIEMCAU_MAX_SESSIONS": "100",  # every test holds one for an hour
        "DIEMCAU_DATA": str(data),
        "DIEMCAU_PORT": "0",
        "DIEMCAU_HTTP_PORT": "0",
        "DIEMCAU_MEDIA_ADDRESS": LAN,
        "DIEMCAU_LOG": "INFO",
    }


def admin(data: Path, *arguments: str) -> str:
    """Run an administrator's command; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "signaling", "admin", *arguments],
        env=_environment(data),
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@contextmanager
def running(data: Path, media_port: int = MEDIA_PORT) -> Iterator[Server]:
    """Start a server on `data`; Ctrl-C it afterwards and see that it ends well."""
    log = (data.parent / f"{data.name}.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "signaling", "serve"],
        env={**_environment(data), "DIEMCAU_MEDIA_PORT": str(media_port)},
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    try:
        yield _greeted(data, process)
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(10)
        log.close()
        assert process.stdout is not None
        process.stdout.close()
        print(Path(log.name).read_text()[-20_000:])
    assert code == 0


def _greeted(data: Path, process: subprocess.Popen[str]) -> Server:
    assert process.stdout is not None
    http = password = ""
    for line in process.stdout:
        http = _found(r"(http://localhost:\d+/)", line) or http
        password = _found(r"one-time password (\S+)", line) or password
        if "Ctrl-C" in line:
            return Server(data, process, http, password)
    raise AssertionError(f"the server ended with {process.wait()}")


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match.group(1) if match else ""
