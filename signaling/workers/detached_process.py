"""Starts or finds a process that outlives the server, and follows it by its pidfd.

A pidfd (pidfd_open(2), Linux 5.3) names one process for ever, while its number may be given to another one later.
"""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

from signaling.core.environment import environment

log = logging.getLogger(__name__)

STOP_SECONDS = 4.0
"""Time between SIGTERM and SIGKILL, in which a process closes its files."""


_BECOME = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""38 is PR_SET_NO_NEW_PRIVS (prctl(2)): no program it executes gets more rights than it has."""


class Detached:
    """A process, whether or not it is a child of ours."""

    def __init__(self, name: str, pid: int, child: "subprocess.Popen[bytes] | None" = None) -> None:
        self.name = name
        self.pid = pid
        self._child = child
        self._fd = os.pidfd_open(pid)
        self._ended = asyncio.Event()
        self.released = False
        """Whether the process goes on without us."""
        asyncio.get_running_loop().add_reader(self._fd, self._end)

    @classmethod
    def start(cls, name: str, argv: Sequence[str]) -> "Detached":
        """Start a program (an absolute path and its arguments); its stdout goes to our stderr. Raises OSError.

        Its environment has none of our secrets.
        """
        child = subprocess.Popen(  # noqa: S603 - a program of ours
            (sys.executable, "-I", "-S", "-c", _BECOME, *argv),
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            start_new_session=True,
            env=environment(os.environ),
        )
        log.info("= %s started, pid %d", name, child.pid)
        return cls(name, child.pid, child)

    @property
    def alive(self) -> bool:
        """Return whether the process has not ended yet."""
        return not self._ended.is_set()

    @property
    def waited_for_core_s(self) -> float:
        """Return the seconds in which its first thread could run and had no core (proc(5), schedstat); 0 if unknown."""
        try:
            with open(f"/proc/{self.pid}/schedstat", encoding="ascii") as file:
                _, waited_ns, _ = file.read().split()
            return int(waited_ns) / 1e9
        except (OSError, ValueError):
            return 0.0

    async def wait(self) -> None:
        """Wait until the process ends."""
        await self._ended.wait()

    async def stop(self) -> None:
        """End the process by SIGTERM, then by SIGKILL; let it go if it belongs to another user and does not end."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._ended.wait()
        except TimeoutError:
            if not self._signal(signal.SIGKILL):
                log.error("x %s does not end and belongs to another user, so it cannot be killed", self.name)
                self.release()
                return
            await self._ended.wait()
        log.info("= %s stopped", self.name)

    def release(self) -> None:
        """Stop following the process, which goes on."""
        if self.alive:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self.released = True
            self._ended.set()
            if self._child is not None:
                self._child.returncode = 0  # nobody waits for it any more, and nobody is to be warned of that

    def _signal(self, number: signal.Signals) -> bool:
        """Send a signal; return False when we may not."""
        if self.alive:
            with suppress(ProcessLookupError):
                try:
                    signal.pidfd_send_signal(self._fd, number)
                except PermissionError:
                    return False
        return True

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)
        if self._child is not None:
            self._child.wait()  # it has ended: this only takes its status
        else:
            with suppress(ChildProcessError):  # exec keeps children: it may be ours
                os.waitpid(self.pid, os.WNOHANG)
        self._ended.set()
