"""Runs a child process: in its own session, so that a terminal's Ctrl-C reaches only the server; never orphaned.

The kernel ends a child when the server is gone, however it ended (PR_SET_PDEATHSIG, prctl(2)). The child asks for that
itself before it becomes its program: code between fork and exec in our own process would be unsafe beside threads.
A child has none of our secrets in its environment, and no program it executes gets more rights than it has.
"""

import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from signaling.core.environment import environment

log = logging.getLogger(__name__)

STOP_SECONDS = 2.0
"""Time between SIGTERM and SIGKILL: the server ends within 10 s with all its children."""
MAX_LINE_BYTES = 1 << 22
"""Longest line of a program that is read line by line: the facts of a recording with all its chapters."""
LONGEST_SOCKET_PATH = 100
"""Longest path of a unix socket in bytes; the kernel takes 107 (unix(7))."""

_BECOME = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""
"""1 is PR_SET_PDEATHSIG; a server that died before that is no longer our parent. 38 is PR_SET_NO_NEW_PRIVS."""


def socket_path(directory: Path, name: str) -> Path:
    """Return the path of a unix socket in `directory`, or under the temporary directory when that path is too long.

    The result is always the same for the same directory. Raises PermissionError when another user owns that path.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = directory / name
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    short = Path(tempfile.gettempdir()) / f"diemcau-{sha256(os.fsencode(directory.absolute())).hexdigest()[:16]}"
    short.mkdir(exist_ok=True, mode=0o700)
    if short.is_symlink() or short.stat().st_uid != os.getuid():
        raise PermissionError(f"{short} belongs to somebody else")
    return short / name


async def output(argv: Sequence[str], stdin: bytes = b"") -> tuple[int, bytes]:
    """Run a program with `stdin` as its stdin; return its exit status and its stdout.

    The program is killed when the caller is cancelled.
    """
    process = await asyncio.create_subprocess_exec(
        *_become(argv),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        env=environment(os.environ),
    )
    try:
        printed, _ = await process.communicate(stdin)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, printed


async def lines(argv: Sequence[str], stdin: bytes = b"") -> AsyncGenerator[bytes]:
    """Run a program with `stdin` as its stdin; yield each line of its stdout as it comes.

    The program is killed when the caller stops reading.
    """
    process = await asyncio.create_subprocess_exec(
        *_become(argv),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        env=environment(os.environ),
        limit=MAX_LINE_BYTES,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        with suppress(ConnectionError):  # it ended before it had read everything
            process.stdin.write(stdin)
            await process.stdin.drain()
        process.stdin.close()
        async for line in process.stdout:
            yield line
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _become(argv: Sequence[str]) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", _BECOME, str(os.getpid()), *argv)


class ChildProcess:
    """A running child process."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.process = process

    @classmethod
    async def start(cls, name: str, argv: Sequence[str]) -> "ChildProcess":
        """Start a program (an absolute path and its arguments); its stdout goes to our stderr."""
        process = await asyncio.create_subprocess_exec(
            *_become(argv),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            start_new_session=True,
            env=environment(os.environ),
        )
        log.info("= %s started, pid %d", name, process.pid)
        return cls(name, process)

    @property
    def alive(self) -> bool:
        """Return whether the process has not ended yet."""
        return self.process.returncode is None

    async def wait(self) -> int:
        """Wait until it ends; return its exit status."""
        return await self.process.wait()

    async def stop(self) -> None:
        """End the process by SIGTERM, then by SIGKILL."""
        if self.alive:
            self.process.terminate()
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        log.info("= %s stopped, status %s", self.name, self.process.returncode)
