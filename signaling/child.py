"""One child process: started in its own session so that a terminal's Ctrl-C reaches only the roof, and never orphaned.

A pid file tells the next start about a child that outlived a killed roof; it is stopped first, since it still holds the
socket and the port.
"""

import asyncio
import contextlib
import logging
import os
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

log = logging.getLogger(__name__)

STOP_SECONDS = 3.0
"""After SIGTERM a child has this long before SIGKILL; two in a row still end within the 5 s we promise."""
LONGEST_SOCKET_PATH = 100
"""The kernel takes 107 bytes (unix(7))."""


def socket_path(directory: Path, name: str) -> Path:
    """Return where a unix socket goes: in `directory`, or under the temporary directory when that path is too long."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = directory / name
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    return Path(tempfile.mkdtemp(prefix="diemcau-")) / name


class Child:
    """A running child process."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, pid_file: Path) -> None:
        self.name = name
        self.process = process
        self._pid_file = pid_file

    @classmethod
    async def start(cls, name: str, argv: Sequence[str], run: Path) -> "Child":
        """Start a child whose output goes to ours; `run` keeps its pid file."""
        pid_file = _pid_file(run, name)
        orphan = _orphan(pid_file)
        if orphan is not None:
            await _end(orphan)
        process = await asyncio.create_subprocess_exec(*argv, stdin=asyncio.subprocess.DEVNULL, start_new_session=True)
        pid_file.write_text(f"{process.pid}\n{argv[0]}\n{' '.join(argv[1:])}")
        log.info("= %s started, pid %d", name, process.pid)
        return cls(name, process, pid_file)

    @property
    def alive(self) -> bool:
        """Whether the process has not ended yet."""
        return self.process.returncode is None

    async def wait(self) -> int:
        """Wait until it ends; return its exit status."""
        return await self.process.wait()

    async def stop(self) -> None:
        """Ask it to end, then make it."""
        if self.alive:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        self._pid_file.unlink(missing_ok=True)
        log.info("= %s stopped, status %s", self.name, self.process.returncode)


def _pid_file(run: Path, name: str) -> Path:
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    return run / f"{name}.pid"


def _orphan(pid_file: Path) -> int | None:
    """Return the pid of an earlier roof's child, if it still runs the very same command."""
    try:
        pid_text, program, arguments = pid_file.read_text().split("\n", 2)
        command = Path(f"/proc/{int(pid_text)}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
    except (OSError, ValueError):
        return None
    same = Path(program).name in command and arguments in command
    return int(pid_text) if same else None


async def _end(pid: int) -> None:
    log.warning("= stopping the orphan of an earlier run, pid %d", pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        for _ in range(int(STOP_SECONDS / 0.1)):
            await asyncio.sleep(0.1)
            os.kill(pid, 0)  # raises once it is gone
        os.kill(pid, signal.SIGKILL)
